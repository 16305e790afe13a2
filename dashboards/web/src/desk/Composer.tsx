import type { RefObject } from 'preact';
import { useEffect, useLayoutEffect, useState } from 'preact/hooks';
import { SendIcon } from '../shell/icons';
import { useWords } from '../words';
import type { DeskClient } from './client';
import type { ContactFacts } from './state';

const longest = 4_000;
const warnBelow = 200;

// Mounted anew for each contact, so that its draft is its own.
export function Composer({
  client,
  contact,
  box,
}: {
  client: DeskClient;
  contact: ContactFacts;
  box: RefObject<HTMLTextAreaElement | null>;
}) {
  const say = useWords();
  const [words, setWords] = useState(() => client.draft(contact.id));
  const left = longest - words.length;
  const empty = words.trim() === '';

  useEffect(() => {
    // Phones would open their keyboard over half of the screen.
    if (matchMedia('(hover: hover)').matches) box.current?.focus({ preventScroll: true });
  }, []);
  useLayoutEffect(() => {
    const node = box.current;
    if (!node) return;
    node.style.height = 'auto';
    node.style.height = `${Math.min(node.scrollHeight + 2, 220)}px`;
  }, [words]);

  const write = (next: string) => {
    setWords(next);
    client.saveDraft(contact.id, next);
  };
  const send = () => {
    if (empty) return;
    client.ask({ type: 'send', contact: contact.id, text: words.trim() });
    write('');
    box.current?.focus();
  };
  const key = (event: KeyboardEvent) => {
    // An input method ends its own composing with Enter (keyCode 229 on older ones): that Enter is not ours.
    if (event.key !== 'Enter' || event.shiftKey || event.altKey || event.isComposing || event.keyCode === 229) return;
    event.preventDefault();
    send();
  };
  return (
    <form
      class="composer"
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      <textarea
        ref={box}
        rows={2}
        value={words}
        maxLength={longest}
        placeholder={say('write.label')}
        aria-label={say('write.label')}
        aria-describedby="write-hint"
        data-testid="composer"
        onInput={(event) => write(event.currentTarget.value)}
        onKeyDown={key}
      />
      <div class="composer-foot">
        <p id="write-hint" class="quiet hint">
          {say('write.hint')}
        </p>
        <p class="quiet" role="status">
          {left <= warnBelow && say('write.left', { n: left })}
        </p>
        <button type="submit" class="button primary" disabled={empty} aria-label={say('write.send')} data-testid="send">
          <SendIcon /> <span>{say('write.send')}</span>
        </button>
      </div>
    </form>
  );
}
