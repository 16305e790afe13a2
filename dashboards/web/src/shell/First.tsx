// The one-time page of a new installation: whoever holds the link sets login and password of the first account.
import { useState } from 'preact/hooks';
import { useWords, type Word } from '../words';
import { Field, Gate } from './Gate';
import { first, type Me, Refused } from './http';

const shortest = 10;

/** The secret stands behind the #, so that it reaches no log; links of before had it in the query. */
export function linkIn(at: { hash: string; search: string }): string {
  return new URLSearchParams(at.hash.slice(1)).get('link') || new URLSearchParams(at.search).get('link') || '';
}

export function First({ entered, toLogin }: { entered: (me: Me) => void; toLogin: () => void }) {
  const say = useWords();
  // The link is read once and taken out of the address, so that it stays in no history and no screenshot.
  const [link] = useState(() => {
    const found = linkIn(location);
    if (found) history.replaceState(null, '', '/first');
    return found;
  });
  const [name, setName] = useState('');
  const [password, setPassword] = useState('');
  const [again, setAgain] = useState('');
  const [busy, setBusy] = useState(false);
  const [done, setDone] = useState(false);
  const [fault, setFault] = useState<{ word: Word; code: string } | null>(link ? null : { word: 'first.nolink', code: '' });

  const go = async (event: Event) => {
    event.preventDefault();
    if (password.length < shortest) return setFault({ word: 'first.short', code: '' });
    if (password !== again) return setFault({ word: 'first.differ', code: '' });
    setBusy(true);
    setFault(null);
    try {
      const me = await first(link, name.trim(), password);
      if (me) entered(me);
      else setDone(true);
    } catch (error) {
      const status = error instanceof Refused ? error.status : 0;
      const code = error instanceof Refused ? error.code || String(status) : '';
      const used = [401, 403, 404, 409, 410].includes(status);
      setFault({ word: used ? 'first.used' : status === 0 ? 'login.network' : 'login.other', code });
    }
    setBusy(false);
  };

  if (done) {
    return (
      <Gate title={say('first.title')} lead={say('first.done')}>
        <button type="button" class="button primary wide" onClick={toLogin} data-testid="first-login">
          {say('login.go')}
        </button>
      </Gate>
    );
  }
  return (
    <Gate title={say('first.title')} lead={say('first.lead')}>
      <form data-testid="first-form" onSubmit={go}>
        <Field label={say('login.name')} name="login" value={name} change={setName} autocomplete="username" first />
        <Field
          label={say('login.password')}
          name="password"
          type="password"
          value={password}
          change={setPassword}
          autocomplete="new-password"
        />
        <Field
          label={say('first.again')}
          name="again"
          type="password"
          value={again}
          change={setAgain}
          autocomplete="new-password"
        />
        <p class="fault" role="alert">
          {fault && say(fault.word, { code: fault.code })}
        </p>
        <button type="submit" class="button primary wide" disabled={busy || !link} data-testid="first-go">
          {say('first.go')}
        </button>
      </form>
    </Gate>
  );
}
