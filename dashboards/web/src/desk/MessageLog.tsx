// The messages of a conversation, newest at the bottom, with what is still on its way below them. Keeps to the bottom while the
// reader is there, and leaves them alone while they read above.
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import { ChannelIcon, Down } from '../shell/icons';
import { whyNot } from '../shell/refusal';
import type { Message } from '../wire/frames';
import type { LinkState } from '../wire/link';
import { useStore } from '../wire/store';
import { type Say, useWords } from '../words';
import { Bubble, type Line } from './Bubble';
import type { DeskClient } from './client';
import type { Outbox } from './outbox';
import { type ContactFacts, type DeskState, markOf } from './state';
import { type Chapter, chapters } from './timeline';
import { type Older, useHistory } from './useHistory';

interface Props {
  client: DeskClient;
  desk: DeskState;
  box: Outbox;
  link: LinkState;
  contact: ContactFacts;
}

/** How near to the top older messages are fetched. */
const nearTop = 240;

export function MessageLog({ client, desk, box, link, contact }: Props) {
  const say = useWords();
  const older = useHistory(contact.customer);
  const story = useMemo(() => chapters(desk, contact, older.history), [desk.messages, desk.contacts, contact, older.history]);
  const messages = story.at(-1)?.contact === contact.id ? (story.at(-1)?.messages ?? []) : [];
  const sent = new Set(messages.map((m) => m.client_id));
  const going = box
    .filter((w) => w.command.type === 'send' && w.command.contact === contact.id && !sent.has(w.request))
    .map((w) => wished(say, w, link));
  const count = story.reduce((sum, chapter) => sum + chapter.messages.length, going.length);
  const newest = messages.at(-1);
  const lastMine = going.length > 0 || newest?.author === 'agent';
  const last = going.at(-1)?.key ?? newest?.id ?? '';
  const { log, atEnd, toEnd, scrolled } = useStick(count, last, lastMine, () => {
    if (older.more && older.state === 'there') older.load();
  });
  useReading(client, contact, newest?.sequence ?? 0, atEnd);
  const writing = contact.id in useStore(client.typing);

  return (
    <div class="log-frame">
      <section class="log" ref={log} onScroll={scrolled} role="log" aria-label={say('talk.log')} aria-live="polite" tabIndex={0}>
        <Top older={older} />
        {story.map((chapter) => {
          const here = chapter.contact === contact.id;
          const lines = [
            ...chapter.messages.map((m) => said(desk, say, m, contact, chapter.conversation)),
            ...(here ? going : []),
          ];
          return (
            <div class="chapter" key={chapter.contact} data-here={here}>
              {(!here || story.length > 1) && <Head chapter={chapter} here={here} contact={contact} />}
              <ol>
                {lines.map((line, i) => (
                  <Bubble key={line.key} line={line} before={lines[i - 1]} client={client} />
                ))}
              </ol>
            </div>
          );
        })}
        {going.length > 0 && messages.length === 0 && !story.some((c) => c.contact === contact.id) && (
          <ol>
            {going.map((line, i) => (
              <Bubble key={line.key} line={line} before={going[i - 1]} client={client} />
            ))}
          </ol>
        )}
        <p class="typing" role="status" data-testid="typing">
          {writing && (
            <>
              <span class="typing-dots" aria-hidden="true" /> {say('talk.typing')}
            </>
          )}
        </p>
      </section>
      {!atEnd && (
        <button type="button" class="button to-end" onClick={toEnd} aria-label={say('talk.down')} title={say('talk.down')}>
          <Down />
        </button>
      )}
    </div>
  );
}

/** Where one contact ends and the next begins. */
function Head({ chapter, here, contact }: { chapter: Chapter; here: boolean; contact: ContactFacts }) {
  const say = useWords();
  const past = chapter.past;
  const parts = [
    say.code('channel', chapter.channel),
    past?.queue_name || (here ? contact.queue_name : ''),
    !here && past?.agent_name,
    !here && past?.code,
    !here && past?.end_reason && say('history.ended', { by: say.code('end', past.end_reason) }),
    past && past.survey > 0 && say('history.survey', { n: past.survey }),
  ].filter(Boolean);
  return (
    <h2 class="chapter-head" data-testid="chapter" data-channel={chapter.channel}>
      <ChannelIcon channel={chapter.channel} />
      <span>{here ? say('history.now') : say.day(chapter.from_ms)}</span>
      <span class="quiet">{parts.join(' · ')}</span>
    </h2>
  );
}

function wished(say: Say, w: Outbox[number], link: LinkState): Line {
  const state = w.state === 'failed' ? 'failed' : w.state === 'accepted' ? 'sent' : link === 'open' ? 'pending' : 'waiting';
  const command = w.command.type === 'send' ? w.command : null;
  const files = (command?.attachments ?? []).map((a) => ({ ...a, media_type: '', size: 0 }));
  return {
    key: w.request,
    mine: true,
    by: 'agent',
    name: '',
    text: command?.text ?? '',
    at: w.at_ms,
    state,
    attachments: files,
    internal: command?.internal === true,
    failed: whyNot(say, w),
    request: w.request,
  };
}

// Messages keep the key of the wish that they began as, so that "sending" becomes "sent" in place.
export function said(desk: DeskState, say: Say, m: Message, contact: ContactFacts, conversation: string): Line {
  const mine = m.author === 'agent' && (!m.agent || m.agent === (desk.agent?.id ?? contact.agent));
  const colleague = m.agent_name || desk.colleagues.find((c) => c.id === m.agent)?.name || say('author.agent');
  const name = m.author === 'agent' ? (mine ? '' : colleague) : m.author === 'customer' ? '' : say.code('author', m.author);
  const holding = contact.state === 'assigned' || contact.state === 'wrapping';
  return {
    key: m.client_id && mine ? m.client_id : m.id,
    id: m.id,
    mine,
    by: m.author,
    name,
    text: m.text,
    at: m.sent_ms,
    state: m.author === 'customer' ? '' : markOf(desk, m) || 'sent',
    attachments: m.attachments,
    conversation,
    internal: m.internal,
    kind: m.kind,
    unmask: m.masked && holding ? contact.id : '',
  };
}

function Top({ older }: { older: Older }) {
  const say = useWords();
  if (older.state === 'loading') return <p class="log-top quiet">{say('talk.loading')}</p>;
  if (older.state === 'there' && !older.more) return <p class="log-top quiet">{say('talk.begin')}</p>;
  const failed = older.state === 'late' || older.state === 'failed';
  return (
    <p class="log-top" data-testid={failed ? 'history-late' : undefined}>
      {failed && <span class="quiet">{say(older.state === 'late' ? 'talk.late' : 'talk.failed')}</span>}
      <button type="button" class="button ghost small" onClick={older.load}>
        {say(failed ? 'talk.again' : 'talk.older')}
      </button>
    </p>
  );
}

// Keeps to the newest while the reader is there; of older ones that come in above, nothing under the eyes moves.
function useStick(count: number, last: string, mine: boolean, wantsOlder: () => void) {
  const log = useRef<HTMLElement>(null);
  const stick = useRef(true);
  const drawn = useRef({ height: 0, last: '' });
  const [atEnd, setAtEnd] = useState(true);
  const toEnd = () => {
    const node = log.current;
    if (node) node.scrollTop = node.scrollHeight;
  };
  useLayoutEffect(() => {
    const node = log.current;
    if (!node) return;
    const fresh = drawn.current.last !== last;
    if (stick.current || (fresh && mine)) toEnd();
    else if (!fresh) node.scrollTop += node.scrollHeight - drawn.current.height;
    drawn.current = { height: node.scrollHeight, last };
    if (node.scrollHeight <= node.clientHeight + nearTop) wantsOlder();
  }, [count, last]);
  useEffect(() => {
    const node = log.current;
    if (!node) return;
    const watch = new ResizeObserver(() => {
      if (stick.current) toEnd();
    });
    watch.observe(node);
    for (const child of node.children) watch.observe(child);
    return () => watch.disconnect();
  }, [count]);
  const scrolled = () => {
    const node = log.current;
    if (!node) return;
    stick.current = node.scrollHeight - node.scrollTop - node.clientHeight < 60;
    setAtEnd(stick.current);
    if (node.scrollTop < nearTop) wantsOlder();
  };
  return { log, atEnd, toEnd, scrolled };
}

// Read is what was on a screen that somebody looked at.
function useReading(client: DeskClient, contact: ContactFacts, newest: number, atEnd: boolean): void {
  useEffect(() => {
    const look = () => {
      if (newest > 0 && atEnd && document.visibilityState === 'visible' && document.hasFocus())
        client.markRead(contact.id, newest);
    };
    look();
    addEventListener('focus', look);
    document.addEventListener('visibilitychange', look);
    return () => {
      removeEventListener('focus', look);
      document.removeEventListener('visibilitychange', look);
    };
  }, [client, contact.id, newest, atEnd]);
}
