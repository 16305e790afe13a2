// Who may log in, as what. A new person gets a link that works once and sets the password with it.
import { useEffect, useState } from 'preact/hooks';
import { Refused } from '../shell/http';
import { Plus } from '../shell/icons';
import { Sheet, Sure } from '../shell/Sheet';
import { useWords } from '../words';
import { type Account, accounts, changeAccount, createAccount } from './http';

const roles = ['agent', 'qa', 'supervisor', 'admin'];

interface Props {
  agents: { id: string; name: string }[];
}

export function Accounts({ agents }: Props) {
  const say = useWords();
  const [list, setList] = useState<Account[] | null>(null);
  const [failed, setFailed] = useState('');
  const [adding, setAdding] = useState(false);
  const [asking, setAsking] = useState<Account | null>(null);
  const load = () =>
    accounts()
      .then((found) => {
        setList(found);
        setFailed('');
      })
      .catch((error) => setFailed(error instanceof Refused ? error.message || error.code : 'page'));
  useEffect(() => void load(), []);
  const change = (account: Account, to: { roles?: string[]; disabled?: boolean }) =>
    changeAccount(account.login, to)
      .catch((error) => setFailed(error instanceof Refused ? error.message || error.code : 'page'))
      .then(load);
  return (
    <>
      <header class="set-head">
        <h1>
          {say('set.people')} <span class="count">{list?.length}</span>
        </h1>
        <span class="grow" />
        <button type="button" class="button" onClick={() => setAdding(true)} data-testid="account-add">
          <Plus /> {say('add')}
        </button>
      </header>
      {failed && (
        <p class="fault" role="alert">
          {say('set.account.failed', { text: failed })}
        </p>
      )}
      <div class="card table-frame">
        <table>
          <thead>
            <tr>
              <th scope="col">{say('login.name')}</th>
              <th scope="col">{say('author.agent')}</th>
              {roles.map((role) => (
                <th key={role} scope="col">
                  {say.code('role', role)}
                </th>
              ))}
              <th scope="col">{say('set.account.state')}</th>
            </tr>
          </thead>
          <tbody>
            {list?.map((account) => (
              <tr key={account.login} data-testid="account" data-login={account.login}>
                <th scope="row">{account.login}</th>
                <td>{agents.find((a) => a.id === account.agent)?.name ?? account.agent}</td>
                {roles.map((role) => (
                  <td key={role}>
                    <input
                      type="checkbox"
                      checked={account.roles.includes(role)}
                      aria-label={`${account.login}: ${say.code('role', role)}`}
                      onChange={(e) =>
                        change(account, {
                          roles: e.currentTarget.checked ? [...account.roles, role] : account.roles.filter((r) => r !== role),
                        })
                      }
                    />
                  </td>
                ))}
                <td>
                  <button type="button" class="button small" onClick={() => setAsking(account)}>
                    {say(account.disabled ? 'set.account.enable' : 'set.account.disable')}
                  </button>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {adding && <NewAccount agents={agents} close={() => setAdding(false)} made={load} />}
      {asking && (
        <Sure
          title={asking.login}
          lead={say(asking.disabled ? 'set.account.enable.sure' : 'set.account.disable.sure', { name: asking.login })}
          go={say(asking.disabled ? 'set.account.enable' : 'set.account.disable')}
          act={() => change(asking, { disabled: !asking.disabled })}
          close={() => setAsking(null)}
        />
      )}
    </>
  );
}

function NewAccount({ agents, close, made }: Props & { close: () => void; made: () => void }) {
  const say = useWords();
  const [login, setLogin] = useState('');
  const [agent, setAgent] = useState('');
  const [chosen, setChosen] = useState<string[]>(['agent']);
  const [link, setLink] = useState('');
  const [failed, setFailed] = useState('');
  const go = async (event: Event) => {
    event.preventDefault();
    try {
      setLink(await createAccount(login.trim(), agent, chosen));
      made();
    } catch (error) {
      setFailed(error instanceof Refused ? error.message || error.code : 'page');
    }
  };
  return (
    <Sheet title={say('set.account.new')} close={close} testid="account-sheet">
      {link ? (
        <>
          <p>{say('set.account.link')}</p>
          <p class="field">
            <input
              class="mono"
              readOnly
              value={link}
              aria-label={say('set.account.link')}
              onFocus={(e) => e.currentTarget.select()}
              data-testid="account-link"
            />
          </p>
        </>
      ) : (
        <form class="set-form" onSubmit={go}>
          <label class="field">
            <span>{say('login.name')}</span>
            <input
              name="login"
              value={login}
              required
              maxLength={200}
              autocomplete="off"
              autocapitalize="none"
              onInput={(e) => setLogin(e.currentTarget.value)}
            />
          </label>
          <label class="field">
            <span>{say('author.agent')}</span>
            <select value={agent} required={chosen.includes('agent')} onChange={(e) => setAgent(e.currentTarget.value)}>
              <option value="">–</option>
              {agents.map((one) => (
                <option key={one.id} value={one.id}>
                  {one.name}
                </option>
              ))}
            </select>
          </label>
          <fieldset class="many">
            <legend>{say('set.roles')}</legend>
            {roles.map((role) => (
              <label class="check" key={role}>
                <input
                  type="checkbox"
                  checked={chosen.includes(role)}
                  onChange={(e) => setChosen(e.currentTarget.checked ? [...chosen, role] : chosen.filter((r) => r !== role))}
                />
                {say.code('role', role)}
              </label>
            ))}
          </fieldset>
          <p class="fault" role="alert" hidden={!failed}>
            {say('set.account.failed', { text: failed })}
          </p>
          <div class="sheet-foot">
            <button type="button" class="button" onClick={close}>
              {say('cancel')}
            </button>
            <button type="submit" class="button primary" disabled={!login.trim() || chosen.length === 0}>
              {say('save')}
            </button>
          </div>
        </form>
      )}
    </Sheet>
  );
}
