import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { Linked } from '../text/Linked';
import { useStore } from '../wire/store';
import type { ChatClient } from './client';
import { FileView } from './Files';
import type { Attached } from './frames';
import { inOrder, lastRead } from './state';
import type { ChatWords } from './words';

interface Line {
  key: string;
  id: string;
  by: 'customer' | 'agent' | 'bot' | 'system';
  text: string;
  files: readonly Attached[];
  at: number;
  state: '' | 'pending' | 'accepted' | 'failed';
}

export function Log({ client, words, greeting }: { client: ChatClient; words: ChatWords; greeting: string }) {
  const chat = useStore(client.chat);
  const log = useRef<HTMLDivElement>(null);
  const stick = useRef(true);
  // What was there before the panel opened is not read out; what comes after is.
  const [calm, setCalm] = useState(true);

  const lines: Line[] = [
    ...inOrder(chat).map(
      (m): Line => ({
        key: m.client_id || m.id,
        id: m.id,
        by: m.author,
        text: m.text,
        files: m.attachments,
        at: m.sent_ms,
        state: '',
      }),
    ),
    ...chat.going.map(
      (g): Line => ({
        key: g.id,
        id: '',
        by: 'customer',
        text: g.text,
        files: g.attachments ?? [],
        at: g.sent_ms,
        state: g.state,
      }),
    ),
  ];
  const mine = lines.at(-1)?.state === 'pending';
  const writing = chat.typing % 2 === 1;
  const read = lastRead(chat);
  useLayoutEffect(() => {
    const node = log.current;
    if (node && (stick.current || mine)) node.scrollTop = node.scrollHeight;
  }, [lines.length, writing, chat.survey]);
  // A form below takes room, and a picture that came needs some: who is at the end stays there.
  useEffect(() => {
    const node = log.current;
    if (!node) return;
    const watcher = new ResizeObserver(() => {
      if (stick.current) node.scrollTop = node.scrollHeight;
    });
    watcher.observe(node);
    return () => watcher.disconnect();
  }, []);
  useEffect(() => {
    if (!chat.ready) return;
    const timer = setTimeout(() => setCalm(false), 300);
    return () => clearTimeout(timer);
  }, [chat.ready]);
  useEffect(() => {
    const look = () => {
      if (document.visibilityState === 'visible') client.see();
    };
    look();
    document.addEventListener('visibilitychange', look);
    return () => document.removeEventListener('visibilitychange', look);
  }, [lines.length, chat.ready]);

  const scrolled = () => {
    const node = log.current;
    if (node) stick.current = node.scrollHeight - node.scrollTop - node.clientHeight < 50;
  };
  return (
    <div
      class="log"
      ref={log}
      role="log"
      aria-label={words.log}
      aria-live={calm ? 'off' : 'polite'}
      tabIndex={0}
      onScroll={scrolled}
    >
      {greeting && (
        <p class="bubble by-agent">
          <Linked text={greeting} />
        </p>
      )}
      {lines.map((line, i) => (
        <Bubble
          key={line.key}
          line={line}
          first={lines[i - 1]?.by !== line.by}
          words={words}
          client={client}
          read={line.id !== '' && line.id === read}
        />
      ))}
      {writing && (
        <p class="bubble by-agent writing" data-testid="tw-typing">
          <span class="hidden">{words.typing}</span>
          <i />
          <i />
          <i />
        </p>
      )}
    </div>
  );
}

const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });

interface BubbleProps {
  line: Line;
  first: boolean;
  words: ChatWords;
  client: ChatClient;
  read: boolean;
}

function Bubble({ line, first, words, client, read }: BubbleProps) {
  const mine = line.by === 'customer';
  return (
    <div
      class={`line by-${line.by}${first ? ' first' : ''}`}
      data-testid="tw-message"
      data-author={line.by}
      data-message={line.id}
      data-state={line.state}
    >
      <span class={first && !mine && line.by !== 'system' ? 'name' : 'hidden'}>
        {line.by === 'customer' ? words.you : words[line.by]}
      </span>
      {line.text && (
        <p class={`bubble by-${line.by}`} dir="auto">
          <Linked text={line.text} />
        </p>
      )}
      {line.files.map((file) => (
        <FileView key={file.file} client={client} words={words} file={file} />
      ))}
      <span class="foot">
        {line.state === 'pending' ? words.sending : line.state === 'failed' ? words.failed : clock.format(line.at)}
        {read && <span data-testid="tw-read"> · {words.read}</span>}
        {line.state === 'failed' && (
          <button type="button" class="link" onClick={() => client.again(line.key)}>
            {words.again}
          </button>
        )}
      </span>
    </div>
  );
}
