// Who may log in, as what. A new person gets a link that works once and sets the password with it.
import { useEffect, useState } from 'preact/hooks';
import { Plus } from '../shell/icons';
import { whyFailed } from '../shell/refusal';
import { Sheet, Sure } from '../shell/Sheet';
import { useWords } from '../words';
import { type Account, accounts, changeAccount, createAccount } from './http';

/** What a person may be; a program's account is made by hand, and only shown here. */
const roles = ['agent', 'qa', 'supervisor', 'admin'];

/** What is asked about before it is done. */
interface Plan {
  account: Account;
  lead: string;
  go: string;
  to: { roles?: string[]; disabled?: boolean };
}

type Named = readonly { id: string; name: string }[];

interface Props {
  agents: Named;
  teams: Named;
}

const nameOf = (all: Named, id: string): string => all.find((one) => one.id === id)?.name ?? id;

export function Accounts({ agents, teams }: Props) {
  const say = useWords();
  const [list, setList] = useState<Account[] | null>(null);
  const [failed, setFailed] = useState('');
  const [adding, setAdding] = useState(false);
  const [plan, setPlan] = useState<Plan | null>(null);
  const load = () =>
    accounts()
      .then(setList)
      .catch((error) => setFailed(whyFailed(say, error)));
  useEffect(() => void load(), []);
  const change = async ({ account, to }: Plan) => {
    setFailed('');
    try {
      await changeAccount(account.login, to);
    } catch (error) {
      setFailed(whyFailed(say, error)); // stands until something else is tried
    }
    await load();
  };
  const planRole = (account: Account, role: string) => {
    const had = account.roles.includes(role);
    const named = { name: account.login, role: say.code('role', role) };
    setPlan({
      account,
      lead: say(had ? 'set.account.take.sure' : 'set.account.give.sure', named),
      go: say(had ? 'set.account.take' : 'set.account.give'),
      to: { roles: had ? account.roles.filter((r) => r !== role) : [...account.roles, role] },
    });
  };
  const planAccess = (account: Account) =>
    setPlan({
      account,
      lead: say(account.disabled ? 'set.account.enable.sure' : 'set.account.disable.sure', { name: account.login }),
      go: say(account.disabled ? 'set.account.enable' : 'set.account.disable'),
      to: { disabled: !account.disabled },
    });
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
        <p class="fault" role="alert" data-testid="account-failed">
          {say('set.account.failed', { text: failed })}
        </p>
      )}
      <div class="card table-frame">
        <table>
          <thead>
            <tr>
              <th scope="col">{say('login.name')}</th>
              <th scope="col">{say('author.agent')}</th>
              <th scope="col" title={say('set.account.teams.hint')}>
                {say('set.account.teams')}
              </th>
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
                <th scope="row">
                  {account.login} {isProgram(account) && <span class="tag off">{say('role.dashboards')}</span>}
                </th>
                <td>{nameOf(agents, account.agent)}</td>
                <td>{account.teams.map((team) => nameOf(teams, team)).join(', ')}</td>
                {roles.map((role) => (
                  <td key={role}>
                    <input
                      type="checkbox"
                      checked={account.roles.includes(role)}
                      aria-label={`${account.login}: ${say.code('role', role)}`}
                      disabled={isProgram(account)}
                      onClick={(e) => {
                        e.preventDefault(); // it changes once it was asked about and done
                        planRole(account, role);
                      }}
                    />
                  </td>
                ))}
                <td>
                  <button type="button" class="button small" onClick={() => planAccess(account)}>
                    {say(account.disabled ? 'set.account.enable' : 'set.account.disable')}
                  </button>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {adding && <NewAccount agents={agents} close={() => setAdding(false)} made={load} />}
      {plan && (
        <Sure
          title={plan.account.login}
          lead={plan.lead}
          go={plan.go}
          act={() => void change(plan)}
          close={() => setPlan(null)}
        />
      )}
    </>
  );
}

const isProgram = (account: Account): boolean => account.roles.includes('dashboards');

function NewAccount({ agents, close, made }: Pick<Props, 'agents'> & { close: () => void; made: () => void }) {
  const say = useWords();
  const [login, setLogin] = useState('');
  const [agent, setAgent] = useState('');
  const [chosen, setChosen] = useState<string[]>(['agent']);
  const [link, setLink] = useState('');
  const [failed, setFailed] = useState('');
  const go = async (event: Event) => {
    event.preventDefault();
    setFailed('');
    try {
      setLink(await createAccount(login.trim(), agent, chosen));
      made();
    } catch (error) {
      setFailed(whyFailed(say, error));
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
