import { Keyboard, Leave, Mark, MenuIcon, School } from '../shell/icons';
import { LanguageSwitch, ThemeSwitch } from '../shell/switches';
import type { LinkState } from '../wire/link';
import { useWords } from '../words';
import type { Tools } from './Menu';
import { NotifyButton } from './NotifyButton';

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
        {me.practice && (
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
