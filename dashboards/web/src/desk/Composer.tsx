// The answer box: an answer to the customer or a note for colleagues, with quick replies and files. What is written is kept from
// the first letter on, for each contact and kind apart, and a draft that another tab changes is never overwritten unseen.
import type { RefObject } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { Bolt, Clip, Cross, FileIcon, NoteIcon, SendIcon } from '../shell/icons';
import { useStore } from '../wire/store';
import { useWords } from '../words';
import type { DeskClient, DraftKind } from './client';
import { type Picker, QuickReplies, useQuickReplies } from './QuickReplies';
import { type Hole, holes, nextHole } from './replies';
import type { ContactFacts, DeskState } from './state';
import { type FilesHandle, useFiles } from './useFiles';

const longest = 4_000;
const warnBelow = 200;

/** What the keyboard may ask of the box. */
export interface ComposerHandle {
  focus(): void;
  note(): void;
  replies(): void;
  attach(): void;
}

interface Props {
  client: DeskClient;
  desk: DeskState;
  contact: ContactFacts;
  active: boolean;
  handle: RefObject<ComposerHandle | null>;
}

export function Composer({ client, desk, contact, active, handle }: Props) {
  const say = useWords();
  const box = useRef<HTMLTextAreaElement>(null);
  const [kind, setKind] = useState<DraftKind>('reply');
  const draft = useDraft(client, contact.id, kind, box);
  const files = useFiles(contact.id);
  const [blocked, setBlocked] = useState(false);
  const wanted = useRef<[number, number] | null>(null);
  const { words } = draft;
  const open = kind === 'reply' ? holes(words) : [];
  const ready = files.list.filter((f) => f.done);
  const empty = words.trim() === '' && (kind === 'note' || ready.length === 0);
  const waiting = kind === 'reply' && files.list.some((f) => !f.done && !f.failed);

  const write = (next: string, selection?: [number, number]) => {
    wanted.current = selection ?? null;
    draft.write(next);
    setBlocked(false);
    if (next && kind === 'reply') client.saysTyping(contact.id);
  };
  // Once the box holds what was written into it, and before the next key.
  useLayoutEffect(() => {
    if (wanted.current) box.current?.setSelectionRange(...wanted.current);
    wanted.current = null;
  }, [words]);
  const choose = (hole: Hole | undefined) => {
    if (!hole) return;
    box.current?.focus();
    box.current?.setSelectionRange(hole.from, hole.to);
  };
  const replies = useQuickReplies({ desk, contact, words, box, on: kind === 'reply', write });
  const send = () => {
    if (empty || waiting) return;
    if (open.length > 0) {
      setBlocked(true);
      choose(open[0]);
      return;
    }
    const attachments = ready.flatMap((f) => (f.done ? [{ file: f.done.file, name: f.done.name }] : []));
    client.ask({
      type: 'send',
      contact: contact.id,
      text: words.trim(),
      ...(kind === 'note' ? { internal: true as const } : attachments.length > 0 ? { attachments } : {}),
    });
    draft.write('');
    if (kind === 'reply') files.clear();
    else setKind('reply');
    box.current?.focus();
  };
  const switchTo = (next: DraftKind) => {
    setKind(next);
    box.current?.focus();
  };
  handle.current = {
    focus: () => box.current?.focus(),
    note: () => switchTo(kind === 'note' ? 'reply' : 'note'),
    replies: () => {
      switchTo('reply');
      replies.open();
    },
    attach: () => files.choose(),
  };

  useEffect(() => {
    // Phones would open their keyboard over half of the screen.
    if (active && matchMedia('(hover: hover)').matches) box.current?.focus({ preventScroll: true });
  }, [active]);

  const key = (event: KeyboardEvent) => {
    // An input method ends its own composing with Enter (keyCode 229 on older ones): that key is not ours.
    if (event.isComposing || event.keyCode === 229) return;
    if (replies.key(event)) return;
    if (event.key === 'Tab' && !event.shiftKey && !event.altKey && open.length > 0) {
      const hole = nextHole(words, box.current?.selectionEnd ?? 0);
      const inside = hole && box.current?.selectionStart === hole.from && box.current.selectionEnd === hole.to;
      if (hole && !inside) {
        event.preventDefault();
        choose(hole);
      }
      return;
    }
    if (event.key !== 'Enter' || event.shiftKey || event.altKey) return;
    event.preventDefault();
    send();
  };
  return (
    <form
      class="composer"
      data-kind={kind}
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
      onDragOver={(event) => event.preventDefault()}
      onDrop={(event) => {
        if (kind === 'note' || !event.dataTransfer?.files.length) return;
        event.preventDefault();
        files.add(event.dataTransfer.files);
      }}
    >
      {draft.other !== null && (
        <p class="composer-say warn" role="status" data-testid="draft-elsewhere">
          {say('write.elsewhere')}{' '}
          <button type="button" class="button small" onClick={draft.takeOther}>
            {say('write.elsewhere.take')}
          </button>
        </p>
      )}
      {blocked && open.length > 0 && (
        <p class="composer-say bad" role="alert" data-testid="open-variables">
          {say('write.holes', { names: open.map((hole) => `{${hole.name}}`).join(', ') })}
        </p>
      )}
      {kind === 'reply' && files.list.length > 0 && <Pending files={files} />}
      <div class="composer-box">
        {replies.shown && <QuickReplies picker={replies} />}
        <Mirror words={words} holes={open} />
        <textarea
          ref={box}
          rows={2}
          value={words}
          maxLength={longest}
          placeholder={say(kind === 'note' ? 'write.note.label' : 'write.label')}
          aria-label={say(kind === 'note' ? 'write.note.label' : 'write.label')}
          aria-describedby={`hint-${contact.id}`}
          {...listed(replies)}
          data-testid="composer"
          onInput={(event) => write(event.currentTarget.value)}
          onKeyDown={key}
          onKeyUp={replies.moved}
          onClick={replies.moved}
          onScroll={(event) => {
            const mirror = event.currentTarget.previousElementSibling;
            if (mirror) mirror.scrollTop = event.currentTarget.scrollTop;
          }}
          onPaste={(event) => {
            if (kind === 'note' || !event.clipboardData?.files.length) return;
            event.preventDefault();
            files.add(event.clipboardData.files);
          }}
        />
      </div>
      <div class="composer-foot">
        <button
          type="button"
          class="button ghost small note-switch"
          aria-pressed={kind === 'note'}
          onClick={() => switchTo(kind === 'note' ? 'reply' : 'note')}
          title={`${say('write.note')} (Alt N)`}
          data-testid="note-switch"
        >
          <NoteIcon /> <span class="wide-only">{say('write.note')}</span>
        </button>
        {kind === 'reply' && (
          <>
            <button
              type="button"
              class="button ghost icon-only small"
              onClick={replies.open}
              title={`${say('replies.title')} (/)`}
              aria-label={say('replies.title')}
              data-testid="replies-open"
            >
              <Bolt />
            </button>
            <button
              type="button"
              class="button ghost icon-only small"
              onClick={files.choose}
              title={`${say('file.attach')} (Alt U)`}
              aria-label={say('file.attach')}
              data-testid="attach"
            >
              <Clip />
            </button>
          </>
        )}
        <input
          ref={files.input}
          class="hidden"
          type="file"
          multiple
          accept={files.accept}
          tabIndex={-1}
          aria-hidden="true"
          onChange={files.chosen}
        />
        <p id={`hint-${contact.id}`} class="quiet hint">
          {say(kind === 'note' ? 'write.note.hint' : 'write.hint')}
        </p>
        <p class="quiet" role="status">
          {longest - words.length <= warnBelow && say('write.left', { n: longest - words.length })}
        </p>
        <button
          type="submit"
          class="button primary"
          disabled={empty || waiting}
          aria-label={say(kind === 'note' ? 'write.note.save' : 'write.send')}
          data-testid="send"
        >
          <SendIcon /> <span>{say(kind === 'note' ? 'write.note.save' : 'write.send')}</span>
        </button>
      </div>
    </form>
  );
}

function listed(picker: Picker) {
  if (!picker.shown) return { 'aria-autocomplete': 'list' as const };
  return {
    'aria-autocomplete': 'list' as const,
    'aria-controls': picker.id,
    ...(picker.list.length > 0 ? { 'aria-activedescendant': `${picker.id}-${picker.at}` } : {}),
  };
}

/** The same text behind the box, to mark variables that nobody has filled. */
function Mirror({ words, holes }: { words: string; holes: readonly Hole[] }) {
  if (holes.length === 0) return <div class="mirror" aria-hidden="true" />;
  let at = 0;
  const parts = holes.map((hole) => {
    const before = words.slice(at, hole.from);
    at = hole.to;
    return [before, <mark key={hole.from}>{words.slice(hole.from, hole.to)}</mark>];
  });
  return (
    <div class="mirror" aria-hidden="true">
      {parts}
      {words.slice(at)}{' '}
    </div>
  );
}

function Pending({ files }: { files: FilesHandle }) {
  const say = useWords();
  return (
    <ul class="pending-files" data-testid="pending-files">
      {files.list.map((one) => (
        <li key={one.id} data-failed={one.failed !== ''}>
          <FileIcon />
          <span class="file-name">{one.name}</span>
          <span class="quiet" role="status">
            {one.failed ? say.code('file.failed', one.failed) : one.done ? '' : say('file.uploading')}
          </span>
          <button
            type="button"
            class="button ghost icon-only small"
            onClick={() => files.remove(one.id)}
            aria-label={say('file.remove', { name: one.name })}
          >
            <Cross />
          </button>
        </li>
      ))}
    </ul>
  );
}

interface Draft {
  words: string;
  write: (next: string) => void;
  /** What another tab wrote meanwhile, where it is not what stands here. */
  other: string | null;
  takeOther: () => void;
}

// A draft of another tab is taken over at once unless somebody writes here: then it is theirs to choose.
function useDraft(client: DeskClient, contact: string, kind: DraftKind, box: RefObject<HTMLTextAreaElement | null>): Draft {
  const [words, setWords] = useState(() => client.draft(contact, kind));
  const [other, setOther] = useState<string | null>(null);
  const mine = useRef(words);
  const changed = useStore(client.drafts);
  useEffect(() => {
    mine.current = client.draft(contact, kind);
    setWords(mine.current);
    setOther(null);
  }, [contact, kind]);
  useEffect(() => {
    const theirs = client.draft(contact, kind);
    if (theirs === mine.current) return;
    const writing = document.hasFocus() && document.activeElement === box.current && mine.current !== '';
    if (writing) return setOther(theirs);
    mine.current = theirs;
    setWords(theirs);
  }, [changed]);
  useLayoutEffect(() => {
    const node = box.current;
    if (!node) return;
    node.style.height = 'auto';
    node.style.height = `${Math.min(node.scrollHeight + 2, 220)}px`;
  }, [words]);
  const write = (next: string) => {
    mine.current = next;
    setWords(next);
    // While the choice is open, what the other tab wrote stays in its place.
    if (other === null || next === '') {
      client.saveDraft(contact, next, kind);
      setOther(null);
    }
  };
  const takeOther = () => {
    mine.current = other ?? '';
    setWords(mine.current);
    setOther(null);
    box.current?.focus();
  };
  return { words, write, other, takeOther };
}
