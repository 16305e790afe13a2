// Who it is, what this contact is, what was before, and why it came to me.
import { useEffect, useState } from 'preact/hooks';
import type { Fetched, Shelves } from '../shell/history';
import type { PastConversation } from '../shell/http';
import { Back } from '../shell/icons';
import type { Offer, Queue } from '../wire/frames';
import { useStore } from '../wire/store';
import { useWords, type Word } from '../words';
import { Bubble } from './Bubble';
import type { Pane } from './Desk';
import { customerName, Face } from './Left';
import { useNow } from './now';
import type { ContactFacts } from './state';

interface Props {
  shelves: Shelves;
  contact: ContactFacts | undefined;
  me: string;
  show: (pane: Pane) => void;
  queues: readonly Queue[];
}

/** The names of queues by id: history knows ids alone. */
type Names = Readonly<Record<string, string>>;

/** Late history is asked for again by itself. */
const askAgain = 15_000;
/** The decision that brought a contact here, and its acceptance, are in the warehouse a moment after it. */
const askSoon = 2_000;

export function Details({ shelves, contact, me, show, queues }: Props) {
  const say = useWords();
  const names: Names = Object.fromEntries(queues.map((q) => [q.id, q.name]));
  if (!contact) return <aside class="column info" aria-label={say('info.title')} />;
  return (
    <aside class="column info" aria-label={say('info.title')} data-testid="details">
      <header class="info-head">
        <button type="button" class="button ghost icon-only narrow" onClick={() => show('talk')} aria-label={say('talk.back')}>
          <Back />
        </button>
        <Face customer={contact.customer} />
        <h2>{customerName(say, contact.customer)}</h2>
      </header>
      <Facts contact={contact} />
      <WhyMe shelves={shelves} contact={contact} me={me} names={names} />
      <Before shelves={shelves} contact={contact} names={names} />
    </aside>
  );
}

function Facts({ contact }: { contact: ContactFacts }) {
  const say = useWords();
  const now = useNow(1_000);
  const end = contact.ended_ms || now;
  const rows: [Word, string][] = [
    ['info.channel', say.code('channel', contact.channel)],
    ['info.entry', contact.entry_point],
    ['info.queue', contact.queue_name],
    ['info.started', say.day(contact.started_ms)],
    ['info.waited', contact.assigned_ms > 0 ? say.span(contact.assigned_ms - contact.enqueued_ms) : ''],
    ['info.duration', contact.assigned_ms > 0 ? say.span(end - contact.assigned_ms) : ''],
    ['info.presence', say(contact.connected ? 'info.here' : 'info.gone')],
    ['info.end', contact.end_reason ? say.code('end', contact.end_reason) : ''],
  ];
  return (
    <section class="info-part" aria-labelledby="facts-title">
      <h3 id="facts-title">{say('info.contact')}</h3>
      <dl class="facts">
        {rows
          .filter(([, value]) => value)
          .map(([word, value]) => (
            <div key={word}>
              <dt>{say(word)}</dt>
              <dd>{value}</dd>
            </div>
          ))}
      </dl>
    </section>
  );
}

interface Asked<T> {
  get(key: string): { get(): Fetched<T> };
  again(key: string): void;
}

function useShelf<T>(shelf: Asked<T>, key: string, changes: string, every = askAgain, whole = (_: T) => true) {
  useEffect(() => {
    if (changes) shelf.again(key);
    const timer = setInterval(() => {
      const fetched = shelf.get(key).get();
      if (fetched.state !== 'there' || !whole(fetched.value)) shelf.again(key);
    }, every);
    return () => clearInterval(timer);
  }, [key, changes]);
}

function WhyMe({ shelves, contact, me, names }: { shelves: Shelves; contact: ContactFacts; me: string; names: Names }) {
  const say = useWords();
  useShelf(shelves.decisions, contact.id, contact.state, askSoon, (offers) => offers.some((offer) => offer.state === 'accepted'));
  const fetched = useStore(shelves.decisions.get(contact.id));
  return (
    <section class="info-part" aria-labelledby="why-title" data-testid="why">
      <h3 id="why-title">{say('info.why')}</h3>
      <Shown fetched={fetched} late="info.why.late" none="info.why.none">
        {(offers) => offers.map((offer) => <Decision key={offer.id} offer={offer} me={me} names={names} />)}
      </Shown>
    </section>
  );
}

function Decision({ offer, me, names }: { offer: Offer; me: string; names: Names }) {
  const say = useWords();
  const chosen = [...offer.why].sort(
    (a, b) => Number(b.chosen) - Number(a.chosen) || b.score - a.score || (a.agent < b.agent ? -1 : 1),
  );
  const digits = new Intl.NumberFormat(say.language === 'zh' ? 'zh-CN' : 'en');
  return (
    <div class="decision">
      <p class="decision-head">
        <span>
          {names[offer.queue] ?? offer.queue_name} · {say.clock(offer.offered_ms)}
        </span>
        <span class="tag">{say.code('offerstate', offer.state)}</span>
      </p>
      <ul>
        {chosen.map((one) => (
          <li key={one.agent} data-chosen={one.chosen}>
            <span class="decision-agent">{one.agent === me ? say('info.why.you') : one.agent}</span>
            <span class="decision-reason">{say.code('reason', one.reason)}</span>
            {one.score !== 0 && <span class="decision-score">{say('info.why.score', { n: digits.format(one.score) })}</span>}
          </li>
        ))}
      </ul>
    </div>
  );
}

function Before({ shelves, contact, names }: { shelves: Shelves; contact: ContactFacts; names: Names }) {
  const say = useWords();
  useShelf(shelves.conversations, contact.customer, '');
  const fetched = useStore(shelves.conversations.get(contact.customer));
  const others: Fetched<PastConversation[]> =
    fetched.state === 'there' ? { state: 'there', value: fetched.value.filter((c) => c.id !== contact.conversation) } : fetched;
  return (
    <section class="info-part" aria-labelledby="before-title" data-testid="history">
      <h3 id="before-title">{say('info.before')}</h3>
      <Shown fetched={others} late="info.before.late" none="info.before.none">
        {(list) => list.map((one) => <Past key={one.id} shelves={shelves} past={one} names={names} />)}
      </Shown>
    </section>
  );
}

function Past({ shelves, past, names }: { shelves: Shelves; past: PastConversation; names: Names }) {
  const say = useWords();
  const [open, setOpen] = useState(false);
  return (
    <details class="past" onToggle={(event) => setOpen(event.currentTarget.open)} data-testid="past-conversation">
      <summary>
        <span>{say.day(past.opened_ms)}</span>
        <span class="quiet">
          {[
            ...past.channels.map((channel) => say.code('channel', channel)),
            ...past.queues.map((queue) => names[queue] ?? queue),
            past.messages > 0 && say('info.before.messages', { n: past.messages }),
          ]
            .filter(Boolean)
            .join(' · ')}
        </span>
      </summary>
      {open && <PastMessages shelves={shelves} conversation={past.id} />}
    </details>
  );
}

function PastMessages({ shelves, conversation }: { shelves: Shelves; conversation: string }) {
  const fetched = useStore(shelves.messages.get(conversation));
  const messages: Fetched<OldLine[]> = fetched.state === 'there' ? { state: 'there', value: fetched.value.messages } : fetched;
  return (
    <Shown fetched={messages} late="info.before.late" none="info.before.none">
      {(list) => (
        <ol class="past-log">
          {list.map((m, i) => {
            const line = (one: OldLine) => ({
              ...one,
              key: one.id,
              mine: one.author === 'agent',
              by: one.author,
              name: '',
              at: one.sent_ms,
              state: '' as const,
            });
            const last = list[i - 1];
            return <Bubble key={m.id} line={line(m)} before={last && line(last)} />;
          })}
        </ol>
      )}
    </Shown>
  );
}

type OldLine = Awaited<ReturnType<typeof import('../shell/history')['messagesBefore']>>['messages'][number];

interface ShownProps<T> {
  fetched: Fetched<T[]>;
  late: Word;
  none: Word;
  children: (value: T[]) => preact.ComponentChildren;
}

function Shown<T>({ fetched, late, none, children }: ShownProps<T>) {
  const say = useWords();
  if (fetched.state === 'loading') return <p class="quiet">{say('talk.loading')}</p>;
  if (fetched.state === 'late')
    return (
      <p class="quiet" data-testid="history-late">
        {say(late)}
      </p>
    );
  if (fetched.state === 'failed') return <p class="quiet">{say('talk.failed')}</p>;
  if (fetched.value.length === 0) return <p class="quiet">{say(none)}</p>;
  return children(fetched.value);
}
