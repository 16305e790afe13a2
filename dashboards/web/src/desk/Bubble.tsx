import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { showMessage } from '../shell/http';
import { Clock, Eye, NoteIcon, Tick, Ticks, Warn } from '../shell/icons';
import { Linked } from '../text/Linked';
import type { Attachment, Author } from '../wire/frames';
import { type Say, useWords, type Word } from '../words';
import { Attachments } from './Attachments';
import type { DeskClient } from './client';

/** One line of the log: a message, or a wish to send one. */
export interface Line {
  key: string;
  /** The message's id, once it has one. */
  id?: string;
  mine: boolean;
  by: Author;
  name: string;
  text: string;
  at: number;
  state: '' | 'pending' | 'waiting' | 'sent' | 'delivered' | 'read' | 'failed' | 'in_doubt';
  attachments?: readonly Attachment[];
  /** Set where somebody reads what others hold. */
  conversation?: string;
  /** A note that the customer never sees. */
  internal?: boolean;
  kind?: string;
  /** The contact for which its masks may be lifted. */
  unmask?: string;
  /** Who speaks, to a screen reader, where it is neither "you" nor the author's kind. */
  voice?: string;
  /** Why it was refused, and the wish to try again. */
  failed?: string;
  request?: string;
}

const together = 120_000;

function sameDay(a: number, b: number): boolean {
  return new Date(a).toDateString() === new Date(b).toDateString();
}

interface Props {
  line: Line;
  before: Line | undefined;
  client?: DeskClient | undefined;
}

/** Whether two lines would be drawn the same. */
export function alike(a: Line | undefined, b: Line | undefined): boolean {
  if (!a || !b) return a === b;
  return Object.keys({ ...a, ...b }).every((field) => a[field as keyof Line] === b[field as keyof Line]);
}

/** A log draws its lines anew with every frame: what says the same as before stays as it is drawn. */
export function Bubble(props: Props) {
  const drawn = useRef(props);
  const had = drawn.current;
  if (had.client !== props.client || !alike(had.line, props.line) || !alike(had.before, props.before)) drawn.current = props;
  const { line, before, client } = drawn.current;
  return useMemo(() => <Drawn line={line} before={before} client={client} />, [line, before, client]);
}

function Drawn({ line, before, client }: Props) {
  const say = useWords();
  const [shown, show] = useShown(line);
  const day = !before || !sameDay(before.at, line.at);
  const joined =
    !day &&
    before?.by === line.by &&
    before.mine === line.mine &&
    !before.internal === !line.internal &&
    (before.kind ?? '') === (line.kind ?? '') &&
    line.at - before.at < together;
  const words = shown.text || line.text;
  const files = line.attachments ?? [];
  return (
    <>
      {day && line.at > 0 && (
        <li class="day">
          <span>{dayOf(say, line.at)}</span>
        </li>
      )}
      <li
        class="line"
        data-by={line.by}
        data-mine={line.mine}
        data-joined={joined}
        data-internal={line.internal || undefined}
        data-testid="message"
        data-message={line.id}
        data-author={line.by}
        data-state={line.state}
      >
        <p class="hidden">{line.voice || (line.mine ? say('author.you') : say.code('author', line.by))}</p>
        {line.internal && !joined && (
          <p class="line-name note-name">
            <NoteIcon /> {line.kind ? say.code('note.kind', line.kind) : say('note.internal')}
            {line.name && ` · ${line.name}`}
          </p>
        )}
        {!line.internal && line.name && !joined && <p class="line-name">{line.name}</p>}
        {(words || files.length === 0) && (
          <p class="bubble" dir="auto" data-shown={shown.text !== ''}>
            {words ? <Linked text={words} /> : <em class="quiet">{say('talk.erased')}</em>}
          </p>
        )}
        {files.length > 0 && <Attachments files={files} conversation={line.conversation} />}
        <p class="line-foot">
          <time dateTime={line.at > 0 ? new Date(line.at).toISOString() : ''}>{say.clock(line.at)}</time>
          {line.state !== '' && !line.internal && <MarkIcon line={line} />}
          {line.unmask && line.id && (
            <button
              type="button"
              class="link-button"
              disabled={shown.text !== '' || shown.asking}
              title={say('mask.why')}
              onClick={show}
              data-testid="show-masked"
            >
              <Eye /> {say(shown.asking ? 'talk.loading' : 'mask.show')}
            </button>
          )}
        </p>
        {shown.note && (
          <p class="line-foot mask-note" role="status">
            {say(shown.note, { n: shown.seconds })}
          </p>
        )}
        {line.state === 'failed' && line.request && client && <Failed line={line} request={line.request} client={client} />}
      </li>
    </>
  );
}

interface Shown {
  text: string;
  asking: boolean;
  note: Word | '';
  seconds: number;
}

const hidden: Shown = { text: '', asking: false, note: '', seconds: 0 };

// The text without masks stays for as long as the server says, and is kept nowhere.
function useShown(line: Line): [Shown, () => void] {
  const [shown, setShown] = useState<Shown>(hidden);
  useEffect(() => {
    if (!shown.text) return;
    const timer = setTimeout(() => setShown(hidden), shown.seconds * 1_000);
    return () => clearTimeout(timer);
  }, [shown.text]);
  const show = async () => {
    if (!line.id || !line.unmask) return;
    setShown({ ...hidden, asking: true });
    try {
      const answer = await showMessage(line.id, line.unmask);
      setShown({ text: answer.text, asking: false, note: 'mask.recorded', seconds: Math.round(answer.show_ms / 1_000) });
    } catch {
      setShown({ ...hidden, note: 'mask.denied' });
    }
  };
  return [shown, show];
}

function dayOf(say: Say, ms: number): string {
  const locale = say.language === 'zh' ? 'zh-CN' : 'en';
  return new Intl.DateTimeFormat(locale, { weekday: 'long', month: 'long', day: 'numeric' }).format(ms);
}

function MarkIcon({ line }: { line: Line }) {
  const say = useWords();
  const state = line.state === 'failed' && !line.request ? 'undelivered' : line.state;
  const label = say(`mark.${state}` as Word);
  const icon =
    line.state === 'pending' || line.state === 'waiting' ? (
      <Clock />
    ) : line.state === 'failed' || line.state === 'in_doubt' ? (
      <Warn />
    ) : line.state === 'sent' ? (
      <Tick />
    ) : (
      <Ticks />
    );
  const worded = line.state !== 'sent' && line.state !== 'delivered' && line.state !== 'pending';
  return (
    <span class="state" data-state={line.state} title={label}>
      {icon}
      <span class={worded ? '' : 'hidden'}>{label}</span>
    </span>
  );
}

function Failed({ line, request, client }: { line: Line; request: string; client: DeskClient }) {
  const say = useWords();
  return (
    <p class="failed" role="alert">
      {line.failed && <span>{line.failed}</span>}
      <button type="button" class="button small" onClick={() => client.retry(request)} data-testid="send-again">
        {say('mark.retry')}
      </button>
      <button type="button" class="button ghost small" onClick={() => client.discard(request)}>
        {say('mark.discard')}
      </button>
    </p>
  );
}
