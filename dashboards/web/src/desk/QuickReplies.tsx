// The list of quick replies over the answer box: opened by a slash, narrowed by what follows it, chosen by arrows and Enter.
import type { RefObject } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { QuickReply } from '../wire/frames';
import { useWords } from '../words';
import { fill, fitting, holes, type Query, queryAt } from './replies';
import { type ContactFacts, type DeskState, nameOf } from './state';

const most = 8;

interface Setting {
  desk: DeskState;
  contact: ContactFacts;
  words: string;
  box: RefObject<HTMLTextAreaElement | null>;
  on: boolean;
  write: (next: string, selection?: [number, number]) => void;
}

export interface Picker {
  id: string;
  shown: boolean;
  list: readonly QuickReply[];
  at: number;
  preview: (reply: QuickReply) => string;
  open: () => void;
  take: (reply: QuickReply) => void;
  /** Takes a key, and says whether it was its own. */
  key: (event: KeyboardEvent) => boolean;
  moved: () => void;
}

export function useQuickReplies({ desk, contact, words, box, on, write }: Setting): Picker {
  const [query, setQuery] = useState<Query | null>(null);
  const [at, setAt] = useState(0);
  const [closed, setClosed] = useState('');
  const language = contact.language || desk.profiles[contact.customer]?.language || '';
  const list = query ? fitting(desk.replies, query.words, language, desk.agent?.team ?? '').slice(0, most) : [];
  const known = { 'customer.name': nameOf(desk, contact), 'agent.name': desk.agent?.name ?? '' };

  const look = () => {
    const caret = box.current?.selectionStart ?? words.length;
    const next = on ? queryAt(box.current?.value ?? words, caret) : null;
    if (!next) setClosed('');
    setQuery((had) => (had?.words === next?.words && had?.from === next?.from ? had : next));
  };
  useEffect(look, [words, on]);
  useEffect(() => setAt(0), [query?.words]);

  const shown = query !== null && desk.replies.length > 0 && closed !== `${query.from}`;
  const take = (reply: QuickReply) => {
    if (!query) return;
    const text = fill(reply.text, known);
    const next = words.slice(0, query.from) + text + words.slice(query.from + query.words.length + 1);
    const caret = query.from + text.length;
    setQuery(null);
    const hole = holes(next).find((one) => one.from >= query.from && one.to <= caret);
    box.current?.focus();
    write(next, hole ? [hole.from, hole.to] : [caret, caret]);
  };
  const key = (event: KeyboardEvent): boolean => {
    if (!shown || event.altKey || event.ctrlKey || event.metaKey) return false;
    const chosen = list[at];
    if (event.key === 'Escape') setClosed(`${query?.from}`);
    else if (event.key === 'ArrowDown') setAt((at + 1) % Math.max(1, list.length));
    else if (event.key === 'ArrowUp') setAt((at - 1 + list.length) % Math.max(1, list.length));
    else if ((event.key === 'Enter' || event.key === 'Tab') && chosen && !event.shiftKey) take(chosen);
    else return false;
    event.preventDefault();
    event.stopPropagation();
    return true;
  };
  const open = () => {
    const caret = box.current?.selectionStart ?? words.length;
    const gap = caret > 0 && !/\s/.test(words[caret - 1] ?? '') ? ' /' : '/';
    setClosed('');
    const after = caret + gap.length;
    box.current?.focus();
    write(words.slice(0, caret) + gap + words.slice(caret), [after, after]);
  };
  return { id: `replies-${contact.id}`, shown, list, at, preview: (r) => fill(r.text, known), open, take, key, moved: look };
}

export function QuickReplies({ picker }: { picker: Picker }) {
  const say = useWords();
  return (
    <div class="replies" data-testid="replies">
      <p class="replies-head quiet">
        {say('replies.title')} <span class="grow" /> <kbd>↑</kbd> <kbd>↓</kbd> <kbd>Enter</kbd> <kbd>Esc</kbd>
      </p>
      {picker.list.length === 0 && (
        <p class="quiet pad" role="status">
          {say('replies.none')}
        </p>
      )}
      <div role="listbox" id={picker.id} aria-label={say('replies.title')}>
        {picker.list.map((reply, i) => (
          <div
            key={reply.id}
            id={`${picker.id}-${i}`}
            role="option"
            tabIndex={-1}
            class="reply"
            aria-selected={i === picker.at}
            data-testid="reply"
            onPointerDown={(event) => {
              event.preventDefault();
              picker.take(reply);
            }}
          >
            <span class="reply-title">{reply.title}</span>
            <code>/{reply.id}</code>
            <span class="reply-text quiet">{picker.preview(reply)}</span>
          </div>
        ))}
      </div>
    </div>
  );
}
