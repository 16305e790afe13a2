// One conversation to be read: what was said, by whom, and why it went the way it went. Boards link here; nothing can be changed.
import { useEffect, useMemo, useState } from 'preact/hooks';
import { customerName, Face } from '../desk/Face';
import { createShelves, type Fetched, Shelf } from '../shell/history';
import { logout, type Me, profileOf } from '../shell/http';
import { Leave, Mark } from '../shell/icons';
import { pagesOf } from '../shell/routes';
import { LanguageSwitch, ThemeSwitch } from '../shell/switches';
import type { Profile } from '../wire/frames';
import { createStore, useStore } from '../wire/store';
import { type Say, useWords } from '../words';
import { Contacts } from './Contacts';
import { spanOf } from './head';
import { Log } from './Log';
import { type Found, useConversation, type Why } from './useConversation';
import { Who } from './Who';

interface Props {
  me: Me;
  id: string;
  /** The login has ended: log in, and land here again. */
  out: () => void;
}

export function ConversationPage({ me, id, out }: Props) {
  const say = useWords();
  const { found, again, older } = useConversation(id, out);
  useEffect(() => {
    document.title = `${say('told.title')} · ${say('brand')}`;
  }, [say]);
  const leave = () =>
    logout()
      .catch(() => undefined)
      .then(out);
  return (
    <div class="reader" data-testid="told" data-state={found.state}>
      <button type="button" class="skip" onClick={() => document.querySelector<HTMLElement>('main .log')?.focus()}>
        {say('top.skip')}
      </button>
      <Top me={me} leave={leave} />
      {found.state === 'there' ? (
        <There me={me} id={id} found={found} again={again} older={older} />
      ) : (
        <NotThere me={me} id={id} why={found.state} code={found.code} again={again} leave={leave} />
      )}
    </div>
  );
}

function Top({ me, leave }: { me: Me; leave: () => void }) {
  const say = useWords();
  const pages = pagesOf(me);
  return (
    <header class="top">
      <a class="brand" href="/" aria-label={say('brand')}>
        <Mark />
        <span>{say('brand')}</span>
      </a>
      {pages.length > 0 && (
        <nav class="pages" aria-label={say('page.nav')}>
          {pages.map((one) => (
            <a key={one.id} href={`/${one.at}`}>
              {say(one.word)}
            </a>
          ))}
        </nav>
      )}
      <span class="grow" />
      <LanguageSwitch />
      <ThemeSwitch />
      <span class="who" title={me.tenant}>
        {me.name}
      </span>
      <button
        type="button"
        class="button ghost icon-only"
        onClick={leave}
        title={say('top.logout')}
        aria-label={say('top.logout')}
        data-testid="logout"
      >
        <Leave />
      </button>
    </header>
  );
}

function NotThere({
  me,
  id,
  why,
  code,
  again,
  leave,
}: {
  me: Me;
  id: string;
  why: Why;
  code: string;
  again: () => void;
  leave: () => void;
}) {
  const say = useWords();
  if (why === 'loading')
    return (
      <main class="splash">
        <p role="status">{say('loading')}</p>
      </main>
    );
  const fill = { id, tenant: me.tenant, name: me.name, code };
  return (
    <main class="reader-not" data-testid="told-not">
      <div role="alert">
        <h1>{say(`told.${why}`)}</h1>
        <p class="quiet">{say(`told.lead.${why}`, fill)}</p>
      </div>
      <p class="reader-acts">
        {why !== 'denied' && (
          <button type="button" class="button primary" onClick={again} data-testid="told-again">
            {say('told.again')}
          </button>
        )}
        {(why === 'denied' || why === 'none') && (
          <button type="button" class="button" onClick={leave} data-testid="told-other">
            {say('told.other')}
          </button>
        )}
      </p>
    </main>
  );
}

interface ThereProps {
  me: Me;
  id: string;
  found: Extract<Found, { state: 'there' }>;
  again: () => void;
  older: () => void;
}

type Side = 'log' | 'info';
const sides: Side[] = ['log', 'info'];

function There({ me, id, found, again, older }: ThereProps) {
  const say = useWords();
  const [side, setSide] = useState<Side>('log');
  const { decisions, conversations, profiles } = useMemo(shelves, [id]);
  const contacts = found.head?.contacts ?? [];
  const customer = found.head?.customer ?? '';
  const profile = useMemo(
    () => (customer ? profiles.get(customer) : createStore<Fetched<Profile>>({ state: 'failed' })),
    [customer],
  );
  const held = contacts.find(
    (c) => me.agent !== '' && c.agent === me.agent && (c.state === 'assigned' || c.state === 'wrapping'),
  );
  const turn = (event: KeyboardEvent) => {
    if (event.key !== 'ArrowLeft' && event.key !== 'ArrowRight') return;
    const next: Side = side === 'log' ? 'info' : 'log';
    setSide(next);
    document.getElementById(`tab-${next}`)?.focus();
  };
  return (
    <main class="reader-main" data-side={side}>
      <Title id={id} found={found} profile={profile} again={again} />
      <div class="reader-tabs" role="tablist" aria-label={say('told.title')} onKeyDown={turn}>
        {sides.map((one) => (
          <button
            key={one}
            id={`tab-${one}`}
            type="button"
            role="tab"
            aria-selected={side === one}
            aria-controls={`panel-${one}`}
            tabIndex={side === one ? 0 : -1}
            onClick={() => setSide(one)}
            data-testid={`told-tab-${one}`}
          >
            {say(`told.tab.${one}`)}
          </button>
        ))}
      </div>
      <div class="reader-log" id="panel-log">
        <Log found={found} held={held?.id ?? ''} conversation={id} older={older} />
      </div>
      <aside class="reader-info" id="panel-info" aria-label={say('told.tab.info')} tabIndex={0} data-testid="told-info">
        {customer && <Who customer={customer} conversation={id} profile={profile} conversations={conversations} />}
        {contacts.length > 0 && <Contacts contacts={contacts} decisions={decisions} />}
        {found.head?.partial && <p class="quiet small-print">{say('told.partial')}</p>}
        {contacts.length === 0 && <p class="quiet pad">{say('told.nohead')}</p>}
      </aside>
    </main>
  );
}

const shelves = () => ({ ...createShelves(), profiles: new Shelf(profileOf) });

/** An end on the same day is told by the clock alone. */
function untilOf(say: Say, from: number, to: number): string {
  return new Date(from).toDateString() === new Date(to).toDateString() ? say.clock(to) : say.day(to);
}

interface TitleProps extends Pick<ThereProps, 'id' | 'found' | 'again'> {
  profile: ReturnType<Shelf<Profile>['get']>;
}

function Title({ id, found, profile, again }: TitleProps) {
  const say = useWords();
  const who = useStore(profile);
  const contacts = found.head?.contacts ?? [];
  const { from_ms, to_ms } = spanOf(contacts);
  const channels = [...new Set(contacts.map((c) => c.channel))].map((c) => say.code('channel', c));
  const agents = [...new Set(contacts.map((c) => c.agent_name).filter(Boolean))];
  const customer = found.head?.customer ?? '';
  return (
    <header class="reader-head">
      {customer && <Face customer={customer} />}
      <div class="reader-title">
        <h1>{customer ? customerName(say, customer, who.state === 'there' ? who.value.name : '') : say('told.title')}</h1>
        <p class="quiet">
          {[
            ...channels,
            from_ms > 0 && `${say.day(from_ms)} – ${to_ms > 0 ? untilOf(say, from_ms, to_ms) : say('told.open')}`,
            ...agents,
          ]
            .filter(Boolean)
            .join(' · ')}
        </p>
        <p class="quiet small-print reader-id">{id}</p>
      </div>
      <p class="reader-acts">
        <span class="quiet small-print">{say('told.asof', { time: say.clock(found.as_of_ms) })}</span>
        <button type="button" class="button small" onClick={again} data-testid="told-again">
          {say('told.again')}
        </button>
      </p>
    </header>
  );
}
