// Which page to show: the one-time page, the login, one conversation, or the workspace.
import { useEffect, useState } from 'preact/hooks';
import { ConversationPage } from '../conversation/ConversationPage';
import { conversationIn, idIn } from '../conversation/head';
import { Workspace } from '../desk/Workspace';
import { useWords } from '../words';
import { First } from './First';
import { Field, Gate } from './Gate';
import { logout, type Me, whoAmI } from './http';
import { Login } from './Login';
import { pagesOf } from './routes';

type Session = { state: 'asking' } | { state: 'down' } | { state: 'out'; by: string } | { state: 'in'; me: Me };

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
        setSession(me ? { state: 'in', me } : { state: 'out', by: '' });
      } catch {
        setSession({ state: 'down' });
        wait = Math.min(wait * 2, 10_000);
        timer = window.setTimeout(ask, wait);
      }
    };
    if (!path.startsWith('/first')) void ask();
    return () => clearTimeout(timer);
  }, [path]);

  // Who was led to a conversation lands there after the login.
  const conversation = conversationIn(path);
  const enter = (me: Me) => {
    if (!conversation) {
      history.replaceState(null, '', `/${location.hash}`);
      setPath('/');
    }
    setSession({ state: 'in', me });
  };
  const leave = (by = '') => {
    history.replaceState(null, '', '/');
    setPath('/');
    setSession({ state: 'out', by });
  };

  if (path.startsWith('/first')) return <First entered={enter} toLogin={() => leave()} />;
  if (session.state === 'in') {
    if (conversation)
      return (
        <ConversationPage key={conversation} me={session.me} id={conversation} out={() => setSession({ state: 'out', by: '' })} />
      );
    if (pagesOf(session.me).length === 0) return <NoDesk me={session.me} leave={() => leave()} />;
    return <Workspace me={session.me} loggedOut={leave} />;
  }
  if (session.state === 'out') return <Login entered={enter} by={session.by} lead={conversation ? say('told.login') : ''} />;
  return (
    <p class="splash" role="status">
      {say(session.state === 'down' ? 'down' : 'loading')}
    </p>
  );
}

/** For accounts that have no page of their own here: who may read conversations opens one by its id. */
function NoDesk({ me, leave }: { me: Me; leave: () => void }) {
  const say = useWords();
  const [id, setId] = useState('');
  const reads = me.roles.includes('qa');
  const open = (event: Event) => {
    event.preventDefault();
    const wanted = idIn(id);
    if (wanted) location.assign(`/conversations/${encodeURIComponent(wanted)}`);
  };
  const out = () =>
    logout()
      .catch(() => undefined)
      .then(leave);
  return (
    <Gate title={say('brand')} lead={say(reads ? 'noagent.reads' : 'noagent')}>
      {reads && (
        <form onSubmit={open} data-testid="open-conversation">
          <Field label={say('noagent.id')} name="conversation" value={id} change={setId} first />
          <button type="submit" class="button primary wide" disabled={!idIn(id)}>
            {say('noagent.open')}
          </button>
        </form>
      )}
      <button type="button" class="button wide" onClick={out} data-testid="logout">
        {say('top.logout')}
      </button>
    </Gate>
  );
}
