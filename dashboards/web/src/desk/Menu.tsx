// Everything of the bar on top that a phone has no room for.
import type { Me } from '../shell/http';
import { Keyboard, Leave, School } from '../shell/icons';
import type { Page } from '../shell/routes';
import { Sheet } from '../shell/Sheet';
import { LanguageSwitch, ThemeSwitch } from '../shell/switches';
import { useWords } from '../words';
import { NotifyButton } from './NotifyButton';

export interface Tools {
  me: Me;
  pages: readonly Page[];
  page: string;
  help: () => void;
  leave: () => void;
  practising: boolean;
  practise: (on: boolean) => void;
}

export function Menu({ me, pages, page, help, leave, practising, practise, close }: Tools & { close: () => void }) {
  const say = useWords();
  return (
    <Sheet title={me.name} close={close} testid="menu">
      <ul class="menu">
        {pages.length > 1 &&
          pages.map((one) => (
            <li key={one.id}>
              <a href={one.at} aria-current={one.id === page ? 'page' : undefined} onClick={close}>
                {say(one.word)}
              </a>
            </li>
          ))}
        {me.practice && (
          <li>
            <button
              type="button"
              data-testid="practice"
              onClick={() => {
                practise(!practising);
                close();
              }}
            >
              <School /> {say(practising ? 'practice.stop' : 'practice.start')}
            </button>
            <p class="quiet">{say('practice.what')}</p>
          </li>
        )}
        <li>
          <NotifyButton words />
        </li>
        <li class="menu-switches">
          <LanguageSwitch />
          <ThemeSwitch />
        </li>
        <li>
          <button
            type="button"
            onClick={() => {
              close();
              help();
            }}
          >
            <Keyboard /> {say('top.help')}
          </button>
        </li>
        <li>
          <button type="button" onClick={leave} data-testid="menu-logout">
            <Leave /> {say('top.logout')}
          </button>
        </li>
      </ul>
    </Sheet>
  );
}
