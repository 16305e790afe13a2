// The messages of a conversation, newest at the bottom, with what is still on its way below them. Keeps to the bottom while the
// reader is there, and leaves them alone while they read above.
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import { messagesBefore, type OldMessages, type Shelves } from '../shell/history';
import { Refused } from '../shell/http';
import { Down } from '../shell/icons';
import type { Message } from '../wire/frames';
import type { LinkState } from '../wire/link';
import { type Say, useWords } from '../words';
import { Bubble, type Line } from './Bubble';
import type { DeskClient } from './client';
import type { Outbox } from './outbox';
import { type ContactFacts, conversationMessages, type DeskState, inOrder, markOf, mergeMessages } from './state';

interface Props {
  client: DeskClient;
  shelves: Shelves;
  desk: DeskState;
  box: Outbox;
  link: LinkState;
  contact: ContactFacts;
}

export function MessageLog({ client, desk, box, link, contact }: Props) {
  const say = useWords();
  const older = useOlder(contact.conversation);
  const messages = useMemo(
    () => inOrder(Object.values(mergeMessages(conversationMessages(desk, contact), older.messages))),
    [desk, contact, older.messages],
  );
  const sent = new Set(messages.map((m) => m.client_id));
  const going = box.filter((w) => w.command.type === 'send' && w.command.contact === contact.id && !sent.has(w.request));
  const lines: Line[] = [
    ...messages.map((m) => said(desk, say, m, contact)),
    ...going.map((w): Line => {
      const state = w.state === 'failed' ? 'failed' : w.state === 'accepted' ? 'sent' : link === 'open' ? 'pending' : 'waiting';
      const text = w.command.type === 'send' ? w.command.text : '';
      return {
        key: w.request,
        mine: true,
        by: 'agent',
        name: '',
        text,
        at: w.at_ms,
        state,
        failed: whyNot(say, w),
        request: w.request,
      };
    }),
  ];
  const { log, atEnd, toEnd, scrolled } = useStick(lines.length, lines.at(-1)?.mine === true);
  const newest = messages.at(-1)?.sequence ?? 0;
  useReading(client, contact, newest, atEnd);

  const top = messages[0]?.sequence ?? 0;
  return (
    <div class="log-frame">
      <section class="log" ref={log} onScroll={scrolled} role="log" aria-label={say('talk.log')} aria-live="polite" tabIndex={0}>
        <Top older={older} first={top} />
        <ol>
          {lines.map((line, i) => (
            <Bubble key={line.key} line={line} before={lines[i - 1]} client={client} />
          ))}
        </ol>
      </section>
      {!atEnd && (
        <button type="button" class="button to-end" onClick={toEnd} aria-label={say('talk.down')} title={say('talk.down')}>
          <Down />
        </button>
      )}
    </div>
  );
}

/** Why a wish came to nothing, in the reader's language where it is known. */
export function whyNot(say: Say, w: { code: string; reason: string; text: string }): string {
  if (w.code === 'refused') return say.code('late', w.reason);
  return w.code === 'unseen' ? say('late.unseen') : w.text || w.code;
}

// Messages keep the key of the wish that they began as, so that "sending" becomes "sent" in place.
function said(desk: DeskState, say: Say, m: Message, contact: ContactFacts): Line {
  const mine = m.author === 'agent' && (!m.agent || m.agent === (desk.agent?.id ?? contact.agent));
  const name =
    m.author === 'agent' ? (mine ? '' : say('author.agent')) : m.author === 'customer' ? '' : say.code('author', m.author);
  return {
    key: m.client_id && mine ? m.client_id : m.id,
    id: m.id,
    mine,
    by: m.author,
    name,
    text: m.text,
    at: m.sent_ms,
    state: m.author === 'customer' ? '' : markOf(desk, m) || 'sent',
  };
}

interface Older {
  state: 'none' | 'loading' | 'late' | 'failed' | 'there';
  messages: Message[];
  more: boolean;
  load: (before: number) => void;
}

function useOlder(conversation: string): Older {
  const [pages, setPages] = useState<OldMessages>({ messages: [], more: true });
  const [state, setState] = useState<Older['state']>('none');
  const busy = useRef(false);
  const load = async (before: number) => {
    if (busy.current) return;
    busy.current = true;
    setState('loading');
    try {
      const page = await messagesBefore(conversation, before);
      setPages((had) => ({ messages: [...page.messages, ...had.messages], more: page.more }));
      setState('there');
    } catch (error) {
      const late = error instanceof Refused && (error.status === 503 || error.status === 0);
      setState(late ? 'late' : 'failed');
    }
    busy.current = false;
  };
  return { state, messages: pages.messages, more: pages.more, load };
}

function Top({ older, first }: { older: Older; first: number }) {
  const say = useWords();
  if (first <= 1 || !older.more) return first > 0 ? <p class="log-top quiet">{say('talk.begin')}</p> : null;
  if (older.state === 'loading') return <p class="log-top quiet">{say('talk.loading')}</p>;
  const failed = older.state === 'late' || older.state === 'failed';
  return (
    <p class="log-top" data-testid={failed ? 'history-late' : undefined}>
      {failed && <span class="quiet">{say(older.state === 'late' ? 'talk.late' : 'talk.failed')}</span>}
      <button type="button" class="button ghost small" onClick={() => older.load(first)}>
        {say(failed ? 'talk.again' : 'talk.older')}
      </button>
    </p>
  );
}

function useStick(count: number, mine: boolean) {
  const log = useRef<HTMLElement>(null);
  const stick = useRef(true);
  const height = useRef(0);
  const [atEnd, setAtEnd] = useState(true);
  const toEnd = () => {
    const node = log.current;
    if (node) node.scrollTop = node.scrollHeight;
  };
  useLayoutEffect(() => {
    const node = log.current;
    if (!node) return;
    // Older messages came in above: stay where the reader was.
    if (!stick.current && node.scrollTop < 40) node.scrollTop += node.scrollHeight - height.current;
    if (stick.current || mine) toEnd();
    height.current = node.scrollHeight;
  }, [count]);
  useEffect(() => {
    const node = log.current;
    if (!node) return;
    const watch = new ResizeObserver(() => {
      if (stick.current) toEnd();
    });
    watch.observe(node);
    return () => watch.disconnect();
  }, []);
  const scrolled = () => {
    const node = log.current;
    if (!node) return;
    stick.current = node.scrollHeight - node.scrollTop - node.clientHeight < 60;
    setAtEnd(stick.current);
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
