// The desk of an agent: three columns on a wide screen, three pages on a phone.
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { PageProps } from '../shell/App';
import { createShelves } from '../shell/history';
import { logout, whoAmI } from '../shell/http';
import { useStore } from '../wire/store';
import { useWords } from '../words';
import { DeskClient } from './client';
import { Details } from './Details';
import { handleKey } from './keys';
import { Left } from './Left';
import { NoticeBar } from './NoticeBar';
import { OfferCard } from './OfferCard';
import { Shortcuts } from './Shortcuts';
import { type ContactFacts, myContacts, ringing, unread } from './state';
import { Talk } from './Talk';
import { TopBar } from './TopBar';
import { useBell } from './useBell';
import { useSelection } from './useSelection';

/** Which page a phone shows. */
export type Pane = 'list' | 'talk' | 'info';

export function Desk({ me, loggedOut }: PageProps) {
  const say = useWords();
  const client = useMemo(
    () =>
      new DeskClient(me, async () => {
        // Cannot be asked: then we do not know, and stay.
        const still = await whoAmI().catch(() => me);
        if (!still) loggedOut();
      }),
    [me],
  );
  const shelves = useMemo(createShelves, [me]);
  useEffect(() => {
    client.start();
    return () => client.stop();
  }, [client]);

  const desk = useStore(client.desk);
  const box = useStore(client.box);
  const link = useStore(client.link);
  const reads = useStore(client.reads);
  const [pane, setPane] = useState<Pane>('list');
  const [help, setHelp] = useState(false);
  const talk = useRef<TalkHandle>(null);
  const statusBox = useRef<HTMLSelectElement>(null);

  const contacts = myContacts(desk);
  const offers = ringing(desk);
  const unreads = Object.fromEntries(contacts.map((c) => [c.id, unread(desk, c, reads[c.id] ?? 0)]));
  const { selected, select } = useSelection(desk, contacts, unreads, setPane);
  useBell(client, offers, contacts, unreads, selected?.id ?? '');

  const answer = (accept: boolean) => {
    const offer = offers.find((o) => !client.asking('answer', o.id));
    if (offer) client.ask({ type: 'answer', offer: offer.id, accept });
  };
  const pick = (contact: ContactFacts | undefined) => {
    if (!contact) return;
    select(contact.id);
    setPane('talk');
  };
  const keys = {
    accept: () => answer(true),
    decline: () => answer(false),
    step: (by: 1 | -1) => {
      const at = contacts.findIndex((c) => c.id === selected?.id);
      pick(contacts[(at + by + contacts.length) % Math.max(1, contacts.length)]);
    },
    nth: (n: number) => pick(contacts[n - 1]),
    end: () => talk.current?.end(),
    write: () => talk.current?.focus(),
    status: () => statusBox.current?.focus(),
    help: () => setHelp((now) => !now),
  };
  useEffect(() => {
    const handler = (event: KeyboardEvent) => handleKey(event, keys);
    addEventListener('keydown', handler);
    return () => removeEventListener('keydown', handler);
  });

  const leave = async () => {
    client.stop();
    client.forget();
    await logout().catch(() => undefined);
    loggedOut();
  };

  return (
    <div class="desk" data-pane={pane} data-testid="desk" data-ready={desk.ready}>
      <a class="skip" href="#talk">
        {say('top.skip')}
      </a>
      <TopBar me={me} link={link} ready={desk.ready} help={() => setHelp(true)} leave={leave} />
      <NoticeBar client={client} link={link} ready={desk.ready} />
      <div class="columns">
        <Left
          client={client}
          desk={desk}
          box={box}
          contacts={contacts}
          unreads={unreads}
          selected={selected?.id ?? ''}
          pick={pick}
          statusBox={statusBox}
        />
        <Talk
          key={selected?.id ?? 'none'}
          client={client}
          shelves={shelves}
          desk={desk}
          box={box}
          link={link}
          contact={selected}
          handle={talk}
          show={setPane}
          quiet={contacts.length === 0}
        />
        <Details shelves={shelves} contact={selected} me={desk.agent?.id ?? me.agent} show={setPane} queues={desk.queues} />
      </div>
      <div class="offers" aria-live="assertive">
        {offers.map((offer) => (
          <OfferCard key={offer.id} offer={offer} client={client} desk={desk} box={box} />
        ))}
      </div>
      {help && <Shortcuts close={() => setHelp(false)} />}
    </div>
  );
}

/** What the rest of the desk may ask of the conversation. */
export interface TalkHandle {
  focus(): void;
  end(): void;
}
