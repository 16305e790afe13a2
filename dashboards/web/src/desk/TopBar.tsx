import { useState } from 'preact/hooks';
import type { Me } from '../shell/http';
import { Bell, Keyboard, Leave, Mark } from '../shell/icons';
import { LanguageSwitch, ThemeSwitch } from '../shell/switches';
import type { LinkState } from '../wire/link';
import { useWords } from '../words';

interface Props {
  me: Me;
  link: LinkState;
  ready: boolean;
  help: () => void;
  leave: () => void;
}

export function TopBar({ me, link, ready, help, leave }: Props) {
  const say = useWords();
  const live = link === 'open' && ready;
  const state = say(live ? 'link.live' : 'link.connecting');
  return (
    <header class="top">
      <p class="brand">
        <Mark />
        <span>{say('brand')}</span>
      </p>
      <p class="link" data-live={live} data-testid="link-state" title={state}>
        <span class="dot" />
        <span>{state}</span>
      </p>
      <span class="grow" />
      <NotifyButton />
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

function NotifyButton() {
  const say = useWords();
  const known = 'Notification' in window;
  const [state, setState] = useState(known ? Notification.permission : 'denied');
  if (!known || state !== 'default') return null;
  const label = say('top.notify');
  return (
    <button
      type="button"
      class="button ghost icon-only"
      title={label}
      aria-label={label}
      onClick={async () => setState(await Notification.requestPermission())}
    >
      <Bell />
    </button>
  );
}
