import { useEffect, useRef, useState } from 'preact/hooks';
import { useStore } from '../wire/store';
import { type ChatClient, longest } from './client';
import { Log } from './Log';
import { unseen } from './state';
import { browserLanguage, type ChatWords, chatWords } from './words';

/** A loss shorter than this is not worth a word. */
const worthSaying = 1_000;

export function Widget({ client, asked }: { client: ChatClient; asked: string }) {
  const chat = useStore(client.chat);
  const door = useStore(client.door);
  const [open, setOpen] = useState(false);
  const { words, lang } = chatWords(asked || browserLanguage() || door.language);
  const opener = useRef<HTMLButtonElement>(null);
  const count = unseen(chat);

  useEffect(() => {
    if (client.wasHere) client.start();
  }, []);

  const toggle = (next: boolean) => {
    setOpen(next);
    if (next) client.start();
    else requestAnimationFrame(() => opener.current?.focus());
  };
  return (
    <div lang={lang} class={open ? 'frame opened' : 'frame'}>
      {open && <Panel client={client} words={words} close={() => toggle(false)} />}
      <button
        ref={opener}
        type="button"
        class="opener"
        aria-expanded={open}
        aria-label={open ? words.close : count > 0 ? words.openUnseen.replace('{n}', String(count)) : words.open}
        onClick={() => toggle(!open)}
        data-testid="tw-open"
      >
        <svg
          width="26"
          height="26"
          viewBox="0 0 24 24"
          fill="none"
          stroke="currentColor"
          stroke-width="1.9"
          stroke-linecap="round"
          stroke-linejoin="round"
          aria-hidden="true"
        >
          {open ? <path d="M6 9l6 6 6-6" /> : <path d="M4 5h16v11H11l-4.5 4v-4H4zM8 9.5h8M8 12.5h5" />}
        </svg>
        {!open && count > 0 && <span class="badge">{count > 9 ? '9+' : count}</span>}
      </button>
    </div>
  );
}

interface PanelProps {
  client: ChatClient;
  words: ChatWords;
  close: () => void;
}

function Panel({ client, words, close }: PanelProps) {
  const chat = useStore(client.chat);
  const door = useStore(client.door);
  const [asking, setAsking] = useState(false);
  const running = chat.state === 'waiting' || chat.state === 'assigned';
  const key = (event: KeyboardEvent) => {
    if (event.key === 'Escape' && !event.isComposing) {
      event.stopPropagation();
      close();
    }
  };
  return (
    <section class="panel" role="dialog" aria-label={words.title} onKeyDown={key} data-testid="tw-panel">
      <header>
        <h2>{words.title}</h2>
        {running && !asking && (
          <button type="button" class="plain" onClick={() => setAsking(true)} disabled={chat.ending !== ''} data-testid="tw-end">
            {words.end}
          </button>
        )}
        <button type="button" class="plain icon" onClick={close} aria-label={words.close} data-testid="tw-close">
          <svg
            width="20"
            height="20"
            viewBox="0 0 24 24"
            fill="none"
            stroke="currentColor"
            stroke-width="2"
            stroke-linecap="round"
            aria-hidden="true"
          >
            <path d="M6 6l12 12M18 6L6 18" />
          </svg>
        </button>
      </header>
      <StateLine client={client} words={words} />
      {asking && running && (
        <div class="ask" role="alertdialog" aria-label={words.endSure}>
          <span>{words.endSure}</span>
          <button type="button" class="small" onClick={() => setAsking(false)}>
            {words.endNo}
          </button>
          <button
            type="button"
            class="small strong"
            data-testid="tw-end-yes"
            onClick={() => {
              client.end();
              setAsking(false);
            }}
          >
            {words.endYes}
          </button>
        </div>
      )}
      <Log client={client} words={words} greeting={door.greeting} />
      <Write client={client} words={words} off={door.fault === 'closed'} />
    </section>
  );
}

function StateLine({ client, words }: { client: ChatClient; words: ChatWords }) {
  const chat = useStore(client.chat);
  const link = useStore(client.link);
  const door = useStore(client.door);
  const [lost, setLost] = useState(false);
  const down = link !== 'open';
  useEffect(() => {
    if (!down) {
      setLost(false);
      return;
    }
    const timer = setTimeout(() => setLost(true), worthSaying);
    return () => clearTimeout(timer);
  }, [down]);
  const line =
    door.fault && !chat.ready ? words[door.fault] : lost ? (chat.ready ? words.offline : words.connecting) : words[chat.state];
  return (
    <p class="state" role="status" data-state={chat.state} data-lost={lost} data-testid="tw-state">
      <span class="dot" />
      {line}
    </p>
  );
}

function Write({ client, words, off }: { client: ChatClient; words: ChatWords; off: boolean }) {
  const [text, setText] = useState('');
  const box = useRef<HTMLTextAreaElement>(null);
  const left = longest - text.length;
  useEffect(() => box.current?.focus(), []);
  useEffect(() => {
    const node = box.current;
    if (!node) return;
    node.style.height = 'auto';
    node.style.height = `${Math.min(node.scrollHeight + 2, 120)}px`;
  }, [text]);
  const send = () => {
    if (!text.trim()) return;
    client.send(text);
    setText('');
    box.current?.focus();
  };
  const key = (event: KeyboardEvent) => {
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing || event.keyCode === 229) return;
    event.preventDefault();
    send();
  };
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      <textarea
        ref={box}
        rows={1}
        value={text}
        maxLength={longest}
        disabled={off}
        placeholder={words.label}
        aria-label={words.label}
        onInput={(event) => setText(event.currentTarget.value)}
        onKeyDown={key}
        data-testid="tw-input"
      />
      <button
        type="submit"
        class="go"
        disabled={off || !text.trim()}
        aria-label={words.send}
        title={words.send}
        data-testid="tw-send"
      >
        <svg
          width="20"
          height="20"
          viewBox="0 0 24 24"
          fill="none"
          stroke="currentColor"
          stroke-width="2"
          stroke-linecap="round"
          stroke-linejoin="round"
          aria-hidden="true"
        >
          <path d="M12 19V5M6 11l6-6 6 6" />
        </svg>
      </button>
      <p class="left" role="status">
        {left <= 200 && words.left.replace('{n}', String(left))}
      </p>
    </form>
  );
}
