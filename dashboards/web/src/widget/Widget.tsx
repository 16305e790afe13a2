import { useEffect, useRef, useState } from 'preact/hooks';
import { useStore } from '../wire/store';
import type { ChatClient } from './client';
import { Form } from './Form';
import { Chat, Cross, Down } from './icons';
import { Log } from './Log';
import { Survey } from './Survey';
import { running, unseen } from './state';
import { Write } from './Write';
import { browserLanguage, type ChatWords, chatWords } from './words';

/** A loss shorter than this is not worth a word. */
const worthSaying = 1_000;

export function Widget({ client, asked }: { client: ChatClient; asked: string }) {
  const chat = useStore(client.chat);
  const door = useStore(client.door);
  const open = useStore(client.shown);
  const { words, lang } = chatWords(asked || browserLanguage() || door.language);
  const opener = useRef<HTMLButtonElement>(null);
  const count = unseen(chat);

  useEffect(() => {
    if (client.wasHere) client.start();
  }, []);

  const was = useRef(false);
  useEffect(() => {
    if (open) client.start();
    else if (was.current) opener.current?.focus();
    was.current = open;
  }, [open]);
  const toggle = (next: boolean) => client.shown.set(next);
  return (
    <div lang={lang} class={open ? 'frame opened' : 'frame'}>
      {open && <Panel client={client} words={words} lang={lang} close={() => toggle(false)} />}
      <button
        ref={opener}
        type="button"
        class="opener"
        aria-expanded={open}
        aria-label={open ? words.close : count > 0 ? words.openUnseen.replace('{n}', String(count)) : words.open}
        onClick={() => toggle(!open)}
        data-testid="tw-open"
      >
        {open ? <Down /> : <Chat />}
        {!open && count > 0 && <span class="badge">{count > 9 ? '9+' : count}</span>}
      </button>
    </div>
  );
}

interface PanelProps {
  client: ChatClient;
  words: ChatWords;
  lang: string;
  close: () => void;
}

/** Keeps the keyboard's focus in the panel, from its last control to its first. */
function keepFocus(panel: HTMLElement, event: KeyboardEvent): void {
  const all = [...panel.querySelectorAll<HTMLElement>('a[href], button, input, select, textarea, [tabindex="0"]')].filter(
    (node) => !node.matches(':disabled, [tabindex="-1"]') && node.getClientRects().length > 0,
  );
  const at = (panel.getRootNode() as ShadowRoot).activeElement;
  const [first, last] = [all[0], all.at(-1)];
  const leaves = event.shiftKey ? at === first || at === panel : at === last;
  if (!leaves) return;
  event.preventDefault();
  (event.shiftKey ? last : first)?.focus();
}

function Panel({ client, words, lang, close }: PanelProps) {
  const chat = useStore(client.chat);
  const door = useStore(client.door);
  const [asking, setAsking] = useState(false);
  const spoke = useStore(client.spoke);
  const [thanked, setThanked] = useState(false);
  const panel = useRef<HTMLElement>(null);
  const runs = running(chat);
  // Whoever has something on its way was asked, or need not be.
  const asks = door.asked && chat.ready && !runs && door.form.length > 0 && chat.going.length === 0 && !spoke;
  useEffect(() => {
    if (runs) setThanked(false);
  }, [runs]);
  // Whatever had the focus may be gone with its part of the panel: the keyboard stays here.
  useEffect(() => {
    const node = panel.current;
    if (node && !(node.getRootNode() as ShadowRoot).activeElement) {
      (node.querySelector<HTMLElement>('textarea:not(:disabled)') ?? node).focus();
    }
  }, [asks, chat.survey, asking]);
  const key = (event: KeyboardEvent) => {
    if (event.key === 'Tab' && panel.current) keepFocus(panel.current, event);
    if (event.key !== 'Escape' || event.isComposing) return;
    event.stopPropagation();
    if (asking) setAsking(false);
    else close();
  };
  return (
    <section
      ref={panel}
      class="panel"
      role="dialog"
      aria-label={words.title}
      tabIndex={-1}
      onKeyDown={key}
      data-testid="tw-panel"
    >
      <div class="head">
        <h2>{words.title}</h2>
        {runs && !asking && (
          <button type="button" class="plain" onClick={() => setAsking(true)} disabled={chat.ending !== ''} data-testid="tw-end">
            {words.end}
          </button>
        )}
        <button type="button" class="plain icon" onClick={close} aria-label={words.close} data-testid="tw-close">
          <Cross />
        </button>
      </div>
      <StateLine client={client} words={words} />
      {asking && runs && (
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
      {chat.survey && !runs && <Survey key={chat.survey} client={client} words={words} done={() => setThanked(true)} />}
      {thanked && (
        <p class="thanks" role="status" data-testid="tw-thanks">
          {words.thanks}
        </p>
      )}
      {asks ? (
        <Form client={client} words={words} lang={lang} />
      ) : (
        <Write client={client} words={words} off={door.fault === 'closed'} />
      )}
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
  const stateWords = () => {
    if (door.open || chat.state === 'assigned') return words[chat.state];
    return chat.state === 'waiting' ? words.leftDone : words.shut;
  };
  const line =
    door.fault && !chat.ready ? words[door.fault] : lost ? (chat.ready ? words.offline : words.connecting) : stateWords();
  return (
    <p class="state" role="status" data-state={chat.state} data-lost={lost} data-testid="tw-state">
      <span class="dot" />
      {line}
    </p>
  );
}
