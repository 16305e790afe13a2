// Which page to show: the one-time page, the login, or the desk. Later pages (review, administration) get a line in `pages`.
import type { ComponentType } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { Desk } from '../desk/Desk';
import { useWords } from '../words';
import { First } from './First';
import { Gate } from './Gate';
import { logout, type Me, whoAmI } from './http';
import { Login } from './Login';

type Session = { state: 'asking' } | { state: 'down' } | { state: 'out' } | { state: 'in'; me: Me };

/** A page for people who are logged in, by the beginning of its address; the last one takes all. */
export interface Page {
  at: string;
  page: ComponentType<PageProps>;
}

export interface PageProps {
  me: Me;
  loggedOut: () => void;
}

const pages: Page[] = [{ at: '/', page: Desk }];

export function App() {
  const [session, setSession] = useState<Session>({ state: 'asking' });
  const [path, setPath] = useState(location.pathname);
  const say = useWords();

  useEffect(() => {
    const moved = () => setPath(location.pathname);
    addEventListener('popstate', moved);
    return () => removeEventListener('popstate', moved);
  }, []);

  useEffect(() => {
    let timer = 0;
    let wait = 500;
    const ask = async () => {
      try {
        const me = await whoAmI();
        setSession(me ? { state: 'in', me } : { state: 'out' });
      } catch {
        setSession({ state: 'down' });
        wait = Math.min(wait * 2, 10_000);
        timer = window.setTimeout(ask, wait);
      }
    };
    if (!path.startsWith('/first')) void ask();
    return () => clearTimeout(timer);
  }, [path]);

  const enter = (me: Me) => {
    history.replaceState(null, '', '/');
    setPath('/');
    setSession({ state: 'in', me });
  };
  const leave = () => {
    history.replaceState(null, '', '/');
    setPath('/');
    setSession({ state: 'out' });
  };

  if (path.startsWith('/first')) return <First entered={enter} toLogin={leave} />;
  if (session.state === 'in') {
    if (!session.me.agent) return <NoDesk leave={leave} />;
    const Shown = pages.find((p) => path.startsWith(p.at))?.page ?? Desk;
    return <Shown me={session.me} loggedOut={leave} />;
  }
  if (session.state === 'out') return <Login entered={enter} />;
  return (
    <p class="splash" role="status">
      {say(session.state === 'down' ? 'down' : 'loading')}
    </p>
  );
}

/** For accounts that are no agents, such as an administrator's. */
function NoDesk({ leave }: { leave: () => void }) {
  const say = useWords();
  const out = () =>
    logout()
      .catch(() => undefined)
      .then(leave);
  return (
    <Gate title={say('brand')} lead={say('noagent')}>
      <button type="button" class="button wide" onClick={out} data-testid="logout">
        {say('top.logout')}
      </button>
    </Gate>
  );
}
