// Asks for the right to notify, after a click as browsers want it.
import { useState } from 'preact/hooks';
import { Bell } from '../shell/icons';
import { useWords } from '../words';

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
