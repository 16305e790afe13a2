// What is there on every page for people who are logged in: the connection, the bar on top, offers, and which page is shown.
import { useEffect, useMemo, useState } from 'preact/hooks';
import { Admin } from '../admin/Admin';
import { Floor } from '../floor/Floor';
import { logout, type Me, practice, whoAmI } from '../shell/http';
import { pagesOf, useHash } from '../shell/routes';
import { useStore } from '../wire/store';
import { useWords } from '../words';
import { DeskClient } from './client';
import { Desk } from './Desk';
import { Menu } from './Menu';
import { NoticeBar } from './NoticeBar';
import { useOffers } from './Offers';
import { Shortcuts } from './Shortcuts';
import { myContacts, ringing, unread } from './state';
import { TopBar } from './TopBar';
import { useBell } from './useBell';

interface Props {
  me: Me;
  /** By is who logged the person out, if somebody else did. */
  loggedOut: (by?: string) => void;
}

export function Workspace({ me, loggedOut }: Props) {
  const say = useWords();
  const client = useMemo((): DeskClient => {
    const made: DeskClient = new DeskClient(me, async (by) => {
      if (by) {
        made.stop();
        made.forget();
        return loggedOut(by);
      }
      // Cannot be asked: then we do not know, and stay.
      const still = await whoAmI().catch(() => me);
      if (!still) loggedOut();
    });
    return made;
  }, [me]);
  useEffect(() => {
    client.start();
    return () => client.stop();
  }, [client]);

  const desk = useStore(client.desk);
  useStore(client.box); // what is asked for already rings no more
  const link = useStore(client.link);
  const reads = useStore(client.reads);
  const pages = pagesOf(me);
  const hash = useHash();
  const page = pages.find((p) => hash.startsWith(p.at) && (p.at !== '#/' || hash === '#/')) ?? pages[0];
  const [help, setHelp] = useState(false);
  const [menu, setMenu] = useState(false);
  const offers = ringing(desk);
  const count = myContacts(desk).reduce((sum, c) => sum + unread(desk, c, reads[c.id] ?? 0), 0);
  useBell(client, offers, count);
  useOffers(client);

  const answer = (accept: boolean) => {
    const offer = offers.find((o) => !client.asking('answer', o.id));
    if (offer) client.ask({ type: 'answer', offer: offer.id, accept });
  };
  const leave = async () => {
    client.stop();
    client.forget();
    await logout().catch(() => undefined);
    loggedOut();
  };
  const practise = (on: boolean) =>
    practice(on).catch(() =>
      client.notice.set({
        id: 'practice',
        about: 'status',
        code: 'practice',
        reason: '',
        text: say('practice.failed'),
        unsent: '',
      }),
    );
  const common = {
    accept: () => answer(true),
    decline: () => answer(false),
    help: () => setHelp((now) => !now),
    page: () => {
      const at = page ? pages.indexOf(page) : -1;
      location.hash = pages[(at + 1) % pages.length]?.at ?? '#/';
    },
  };
  const practising = desk.agent?.practice === true;
  const tools = { me, pages, page: page?.id ?? '', help: () => setHelp(true), leave, practising, practise };
  return (
    <div class="desk" data-page={page?.id} data-testid="desk" data-ready={desk.ready}>
      <button
        type="button"
        class="skip"
        onClick={() => {
          const find = (at: string) =>
            document.querySelector<HTMLElement>(['textarea', 'input', 'select', 'button'].map((one) => `${at} ${one}`).join());
          (find('#talk') ?? find('main'))?.focus();
        }}
      >
        {say('top.skip')}
      </button>
      <TopBar {...tools} link={link} ready={desk.ready} menu={() => setMenu(true)} />
      {practising && (
        <p class="practice" role="status" data-testid="practice-banner">
          <strong>{say('practice.on')}</strong> {say('practice.lead')}
          <button type="button" class="button small" onClick={() => practise(false)}>
            {say('practice.stop')}
          </button>
        </p>
      )}
      <NoticeBar client={client} link={link} ready={desk.ready} />
      {page?.id === 'floor' ? (
        <Floor me={me} client={client} common={common} />
      ) : page?.id === 'admin' ? (
        <Admin me={me} common={common} />
      ) : (
        <Desk me={me} client={client} common={common} menu={() => setMenu(true)} />
      )}
      {help && <Shortcuts close={() => setHelp(false)} />}
      {menu && <Menu {...tools} close={() => setMenu(false)} />}
    </div>
  );
}
