import { useEffect, useRef } from 'preact/hooks';
import { useWords, type Word } from '../words';

const rows: [Word, string[]][] = [
  ['keys.accept', ['Alt', 'A']],
  ['keys.decline', ['Alt', 'X']],
  ['keys.send', ['Enter']],
  ['keys.line', ['Shift', 'Enter']],
  ['keys.write', ['Alt', 'W']],
  ['keys.next', ['Alt', '↓']],
  ['keys.previous', ['Alt', '↑']],
  ['keys.nth', ['Alt', '1 … 9']],
  ['keys.end', ['Alt', 'E']],
  ['keys.status', ['Alt', 'S']],
  ['keys.help', ['?']],
];

export function Shortcuts({ close }: { close: () => void }) {
  const say = useWords();
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const before = document.activeElement;
    dialog.current?.showModal();
    return () => {
      if (before instanceof HTMLElement) before.focus();
    };
  }, []);
  return (
    <dialog ref={dialog} class="sheet" onClose={close} aria-labelledby="keys-title" data-testid="shortcuts">
      <h2 id="keys-title">{say('keys.title')}</h2>
      <dl>
        {rows.map(([word, keys]) => (
          <div key={word}>
            <dt>{say(word)}</dt>
            <dd>
              {keys.map((key) => (
                <kbd key={key}>{key}</kbd>
              ))}
            </dd>
          </div>
        ))}
      </dl>
      <button type="button" class="button" onClick={() => dialog.current?.close()}>
        {say('keys.close')} <kbd>Esc</kbd>
      </button>
    </dialog>
  );
}
