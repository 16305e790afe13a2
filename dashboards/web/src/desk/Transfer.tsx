// To whom a contact goes next: a queue or a colleague, with a note for them.
import { useEffect, useState } from 'preact/hooks';
import { Sheet } from '../shell/Sheet';
import type { Colleague, Queue } from '../wire/frames';
import { type Say, useWords } from '../words';
import type { DeskClient } from './client';
import type { ContactFacts, DeskState } from './state';

interface Props {
  client: DeskClient;
  desk: DeskState;
  contact: ContactFacts;
  close: () => void;
}

const longestNote = 2_000;
const rank = { available: 0, away: 1, break: 2, offline: 3 } as const;

function fits(words: string, name: string): boolean {
  return name.toLowerCase().includes(words.trim().toLowerCase());
}

export function Transfer({ client, desk, contact, close }: Props) {
  const say = useWords();
  const [words, setWords] = useState('');
  const [to, setTo] = useState('');
  const [note, setNote] = useState('');
  useEffect(() => {
    client.watchColleagues(true);
    return () => client.watchColleagues(false);
  }, [client]);
  const queues = desk.queues.filter((q) => q.id !== contact.queue && fits(words, q.name));
  const people = desk.colleagues
    .filter((c) => c.id !== desk.agent?.id && fits(words, c.name))
    .sort((a, b) => rank[a.status] - rank[b.status] || (a.name < b.name ? -1 : 1));
  const go = (event: Event) => {
    event.preventDefault();
    const [kind, id = ''] = [to.slice(0, 1), to.slice(2)];
    if (!id) return;
    const more = note.trim() ? { note: note.trim() } : {};
    client.ask({ type: 'transfer', contact: contact.id, ...(kind === 'q' ? { queue: id } : { agent: id }), ...more });
    close();
  };
  return (
    <Sheet title={say('transfer.title')} close={close} testid="transfer-sheet">
      <form class="transfer-form" onSubmit={go}>
        <label class="field">
          <span>{say('transfer.find')}</span>
          <input
            type="search"
            value={words}
            onInput={(event) => setWords(event.currentTarget.value)}
            autofocus
            data-testid="transfer-find"
          />
        </label>
        <div class="choices">
          <Choices say={say} title={say('transfer.queues')} none={queues.length === 0}>
            {queues.map((q) => (
              <QueueChoice key={q.id} queue={q} chosen={to === `q:${q.id}`} choose={() => setTo(`q:${q.id}`)} />
            ))}
          </Choices>
          <Choices
            say={say}
            title={say('transfer.agents')}
            none={people.length === 0}
            still={people.every((c) => c.status === 'offline')}
          >
            {people.map((c) => (
              <PersonChoice key={c.id} person={c} chosen={to === `a:${c.id}`} choose={() => setTo(`a:${c.id}`)} />
            ))}
          </Choices>
        </div>
        <label class="field">
          <span>{say('transfer.note')}</span>
          <textarea
            rows={2}
            value={note}
            maxLength={longestNote}
            placeholder={say('transfer.note.hint')}
            onInput={(event) => setNote(event.currentTarget.value)}
            data-testid="transfer-note"
          />
        </label>
        <div class="sheet-foot">
          <button type="button" class="button" onClick={close}>
            {say('cancel')}
          </button>
          <button type="submit" class="button primary" disabled={!to} data-testid="transfer-go">
            {say('talk.transfer')}
          </button>
        </div>
      </form>
    </Sheet>
  );
}

interface ChoicesProps {
  say: Say;
  title: string;
  none: boolean;
  /** Nothing in it takes the keyboard: then it must itself, to be scrolled by keys. */
  still?: boolean;
  children: preact.ComponentChildren;
}

function Choices({ say, title, none, still = false, children }: ChoicesProps) {
  return (
    <fieldset tabIndex={still ? 0 : undefined} aria-label={title}>
      <legend>{title}</legend>
      {none ? <p class="quiet">{say('transfer.none')}</p> : children}
    </fieldset>
  );
}

function QueueChoice({ queue, chosen, choose }: { queue: Queue; chosen: boolean; choose: () => void }) {
  const say = useWords();
  return (
    <label class="choice">
      <input type="radio" name="to" checked={chosen} onChange={choose} data-testid="transfer-queue" value={queue.id} />
      <span class="choice-name">{queue.name}</span>
      <span class="quiet">{queue.open ? say('transfer.waiting', { n: queue.waiting }) : say('transfer.closed')}</span>
    </label>
  );
}

function PersonChoice({ person, chosen, choose }: { person: Colleague; chosen: boolean; choose: () => void }) {
  const say = useWords();
  const off = person.status === 'offline';
  return (
    <label class="choice" data-off={off}>
      <input
        type="radio"
        name="to"
        checked={chosen}
        disabled={off}
        onChange={choose}
        data-testid="transfer-agent"
        value={person.id}
      />
      <span class="choice-name">{person.name}</span>
      <span class="quiet choice-status" data-status={person.status}>
        <span class="dot" />
        {say.code('status', person.status)}
        {person.status === 'available' && ` · ${say.code('activity', person.activity)}`}
      </span>
    </label>
  );
}
