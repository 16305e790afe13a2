import { Clock, Tick, Ticks, Warn } from '../shell/icons';
import type { Author } from '../wire/frames';
import { type Say, useWords, type Word } from '../words';
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
  /** Why it was refused, and the wish to try again. */
  failed?: string;
  request?: string;
}

const together = 120_000;

function sameDay(a: number, b: number): boolean {
  return new Date(a).toDateString() === new Date(b).toDateString();
}

export function Bubble({ line, before, client }: { line: Line; before: Line | undefined; client?: DeskClient }) {
  const say = useWords();
  const day = !before || !sameDay(before.at, line.at);
  const joined = !day && before?.by === line.by && before.mine === line.mine && line.at - before.at < together;
  return (
    <>
      {day && line.at > 0 && (
        <li class="day" aria-hidden="true">
          <span>{dayOf(say, line.at)}</span>
        </li>
      )}
      <li
        class="line"
        data-by={line.by}
        data-mine={line.mine}
        data-joined={joined}
        data-testid="message"
        data-message={line.id}
        data-author={line.by}
        data-state={line.state}
      >
        <p class="hidden">{line.mine ? say('author.you') : say.code('author', line.by)}</p>
        {line.name && !joined && <p class="line-name">{line.name}</p>}
        <p class="bubble" dir="auto">
          {line.text || <em class="quiet">{say('talk.erased')}</em>}
        </p>
        <p class="line-foot">
          <time dateTime={line.at > 0 ? new Date(line.at).toISOString() : ''}>{say.clock(line.at)}</time>
          {line.state !== '' && <MarkIcon line={line} />}
        </p>
        {line.state === 'failed' && line.request && client && <Failed line={line} request={line.request} client={client} />}
      </li>
    </>
  );
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
