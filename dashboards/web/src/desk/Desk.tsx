// The desk of an agent: chats, conversations beside each other and details on a wide screen; three pages on a phone.
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { createShelves } from '../shell/history';
import type { Me } from '../shell/http';
import { Bubbles, Info, People } from '../shell/icons';
import { useStore } from '../wire/store';
import { useWords } from '../words';
import type { DeskClient } from './client';
import { Details } from './Details';
import { type DeskKeys, handleKey } from './keys';
import { Left } from './Left';
import type { ProfileHandle } from './Profile';
import type { Pane } from './places';
import { type ContactFacts, myContacts, unread } from './state';
import { Talk, type TalkHandle } from './Talk';
import { useSound } from './useBell';
import { usePlaces } from './usePlaces';

interface Props {
  me: Me;
  client: DeskClient;
  /** The keys that hold on every page. */
  common: Pick<DeskKeys, 'accept' | 'decline' | 'help' | 'page'>;
  menu: () => void;
}

export function Desk({ me, client, common, menu }: Props) {
  const say = useWords();
  const shelves = useMemo(createShelves, [me]);
  const desk = useStore(client.desk);
  const box = useStore(client.box);
  const link = useStore(client.link);
  const reads = useStore(client.reads);
  const [pane, setPane] = useState<Pane>('list');
  const talk = useRef<TalkHandle>(null);
  const profile = useRef<ProfileHandle>(null);
  const statusBox = useRef<HTMLSelectElement>(null);

  const contacts = myContacts(desk);
  const unreads = Object.fromEntries(contacts.map((c) => [c.id, unread(desk, c, reads[c.id] ?? 0)]));
  const chosen = usePlaces(desk, contacts, unreads, setPane);
  const { places } = chosen;
  const here = places.open[places.at] ?? '';
  const selected = contacts.find((c) => c.id === here);
  const count = contacts.reduce((sum, c) => sum + (unreads[c.id] ?? 0), 0);
  useSound(
    count,
    contacts.some((c) => !places.open.includes(c.id) && (unreads[c.id] ?? 0) > 0),
  );

  const pick = (contact: ContactFacts | undefined) => {
    if (!contact) return;
    chosen.choose(contact.id);
    setPane('talk');
  };
  const keys: DeskKeys = {
    ...common,
    step: (by) => {
      const at = contacts.findIndex((c) => c.id === here);
      pick(contacts[(at + by + contacts.length) % Math.max(1, contacts.length)]);
    },
    nth: (n) => pick(contacts[n - 1]),
    end: () => talk.current?.end(),
    write: () => talk.current?.focus(),
    note: () => talk.current?.note(),
    replies: () => talk.current?.replies(),
    attach: () => talk.current?.attach(),
    transfer: () => talk.current?.transfer(),
    profile: () => {
      setPane('info');
      requestAnimationFrame(() => profile.current?.edit());
    },
    column: chosen.next,
    columns: chosen.turnColumns,
    status: () => statusBox.current?.focus(),
  };
  useEffect(() => {
    const handler = (event: KeyboardEvent) => handleKey(event, keys);
    addEventListener('keydown', handler);
    return () => removeEventListener('keydown', handler);
  });
  return (
    <main class="desk-page" data-pane={pane}>
      <h1 class="hidden">{say('page.desk')}</h1>
      <div class="columns" data-columns={places.open.length}>
        <Left
          client={client}
          desk={desk}
          box={box}
          contacts={contacts}
          unreads={unreads}
          chosen={chosen}
          pick={pick}
          statusBox={statusBox}
        />
        <div class="talks" id="talk">
          {places.open.map((id, i) => (
            <Talk
              key={id || `empty-${i}`}
              client={client}
              desk={desk}
              box={box}
              link={link}
              contact={contacts.find((c) => c.id === id)}
              active={i === places.at}
              alone={places.open.length === 1}
              focus={() => chosen.focus(i)}
              handle={talk}
              show={setPane}
              quiet={contacts.length === 0}
            />
          ))}
        </div>
        <Details
          client={client}
          desk={desk}
          shelves={shelves}
          contact={selected}
          me={desk.agent?.id ?? me.agent}
          show={setPane}
          profile={profile}
        />
      </div>
      <Tabs pane={pane} show={setPane} count={count} menu={menu} />
    </main>
  );
}

interface TabsProps {
  pane: Pane;
  show: (pane: Pane) => void;
  count: number;
  menu: () => void;
}

function Tabs({ pane, show, count, menu }: TabsProps) {
  const say = useWords();
  const tab = (to: Pane, label: string, icon: preact.ComponentChildren) => (
    <button type="button" aria-current={pane === to ? 'page' : undefined} onClick={() => show(to)} data-testid={`tab-${to}`}>
      {icon}
      <span>{label}</span>
      {to === 'list' && count > 0 && <span class="badge">{count > 99 ? '99+' : count}</span>}
    </button>
  );
  return (
    <nav class="tabs" aria-label={say('top.menu')}>
      {tab('list', say('tab.chats'), <People />)}
      {tab('talk', say('tab.talk'), <Bubbles />)}
      {tab('info', say('tab.info'), <Info />)}
      <button type="button" onClick={menu} data-testid="tab-menu">
        <span class="dots" aria-hidden="true">
          •••
        </span>
        <span>{say('top.menu')}</span>
      </button>
    </nav>
  );
}
