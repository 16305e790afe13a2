import { useState } from 'preact/hooks';
import { Bell, Keyboard, Leave, Mark, MenuIcon, School } from '../shell/icons';
import { LanguageSwitch, ThemeSwitch } from '../shell/switches';
import type { LinkState } from '../wire/link';
import { useWords } from '../words';
import type { Tools } from './Menu';

interface Props extends Tools {
  link: LinkState;
  ready: boolean;
  menu: () => void;
}

export function TopBar({ me, pages, page, link, ready, help, leave, practising, practise, menu }: Props) {
  const say = useWords();
  const live = link === 'open' && ready;
  const state = say(live ? 'link.live' : 'link.connecting');
  return (
    <header class="top">
      <p class="brand">
        <Mark />
        <span>{say('brand')}</span>
      </p>
      {pages.length > 1 && (
        <nav class="pages" aria-label={say('page.nav')}>
          {pages.map((one) => (
            <a key={one.id} href={one.at} aria-current={one.id === page ? 'page' : undefined} data-testid={`page-${one.id}`}>
              {say(one.word)}
            </a>
          ))}
        </nav>
      )}
      <p class="link" data-live={live} data-testid="link-state" title={state}>
        <span class="dot" />
        <span>{state}</span>
      </p>
      <span class="grow" />
      <div class="top-tools">
        <NotifyButton />
        {me.agent && (
          <button
            type="button"
            class="button ghost icon-only"
            aria-pressed={practising}
            onClick={() => practise(!practising)}
            title={say(practising ? 'practice.stop' : 'practice.start')}
            aria-label={say(practising ? 'practice.stop' : 'practice.start')}
            data-testid="practice-toggle"
          >
            <School />
          </button>
        )}
        <LanguageSwitch />
        <ThemeSwitch />
        <button
          type="button"
          class="button ghost icon-only keys-button"
          onClick={help}
          title={`${say('top.help')} (?)`}
          aria-label={say('top.help')}
        >
          <Keyboard />
        </button>
      </div>
      <span class="who" title={me.tenant}>
        {me.name}
      </span>
      <button
        type="button"
        class="button ghost icon-only top-leave"
        onClick={leave}
        title={say('top.logout')}
        aria-label={say('top.logout')}
        data-testid="logout"
      >
        <Leave />
      </button>
      <button type="button" class="button ghost icon-only top-menu" onClick={menu} aria-label={say('top.menu')}>
        <MenuIcon />
      </button>
    </header>
  );
}

export function NotifyButton({ words = false }: { words?: boolean }) {
  const say = useWords();
  const known = 'Notification' in window;
  const [state, setState] = useState(known ? Notification.permission : 'denied');
  if (!known || state !== 'default') {
    return words ? <p class="quiet">{say(state === 'granted' ? 'top.notify.on' : 'top.notify.blocked')}</p> : null;
  }
  const label = say('top.notify');
  const ask = async () => setState(await Notification.requestPermission());
  if (words) {
    return (
      <button type="button" onClick={ask}>
        <Bell /> {label}
      </button>
    );
  }
  return (
    <button type="button" class="button ghost icon-only" title={label} aria-label={label} onClick={ask}>
      <Bell />
    </button>
  );
}
