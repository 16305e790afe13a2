// Who it is, what they want, what this contact is, why it came to me, and what was before.
import type { RefObject } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { Fetched, Shelves } from '../shell/history';
import type { PastConversation } from '../shell/http';
import { Back } from '../shell/icons';
import type { Message } from '../wire/frames';
import { useStore } from '../wire/store';
import { useWords, type Word } from '../words';
import { Bubble } from './Bubble';
import type { DeskClient } from './client';
import { customerName, Face } from './Face';
import { Intent } from './Intent';
import { useNow } from './now';
import { Profile, type ProfileHandle } from './Profile';
import type { Pane } from './places';
import { Shown } from './Shown';
import { type ContactFacts, type DeskState, nameOf } from './state';
import { WhyMe } from './WhyMe';

interface Props {
  client: DeskClient;
  desk: DeskState;
  shelves: Shelves;
  contact: ContactFacts | undefined;
  me: string;
  show: (pane: Pane) => void;
  profile: RefObject<ProfileHandle | null>;
}

/** The names of queues by id: history knows ids alone. */
type Names = Readonly<Record<string, string>>;

/** Late history is asked for again by itself. */
const askAgain = 15_000;

export function Details({ client, desk, shelves, contact, me, show, profile }: Props) {
  const say = useWords();
  const names: Names = Object.fromEntries(desk.queues.map((q) => [q.id, q.name]));
  if (!contact) return <aside class="column info" aria-label={say('info.title')} />;
  return (
    <aside class="column info" aria-label={say('info.title')} data-testid="details" tabIndex={0}>
      <header class="info-head">
        <button type="button" class="button ghost icon-only narrow" onClick={() => show('talk')} aria-label={say('talk.back')}>
          <Back />
        </button>
        <Face customer={contact.customer} />
        <h2>{customerName(say, contact.customer, nameOf(desk, contact))}</h2>
      </header>
      <Profile key={contact.customer} client={client} desk={desk} contact={contact} handle={profile} />
      <Intent contact={contact} />
      <WhyMe shelves={shelves} desk={desk} contact={contact} me={me} />
      <Facts contact={contact} />
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
    ['info.survey', contact.survey > 0 ? say('history.survey', { n: contact.survey }) : ''],
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

function Before({ shelves, contact, names }: { shelves: Shelves; contact: ContactFacts; names: Names }) {
  const say = useWords();
  const { conversations } = shelves;
  const { customer } = contact;
  useEffect(() => {
    const timer = setInterval(() => {
      if (conversations.get(customer).get().state !== 'there') conversations.again(customer);
    }, askAgain);
    return () => clearInterval(timer);
  }, [customer]);
  const fetched = useStore(conversations.get(customer));
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
  const line = (one: Message) => ({
    ...one,
    key: one.id,
    conversation,
    mine: one.author === 'agent',
    by: one.author,
    name: '',
    at: one.sent_ms,
    state: '' as const,
  });
  return (
    <Shown fetched={fetched} late="info.before.late" none="info.before.none">
      {(list) => (
        <ol class="past-log">
          {list.map((m, i) => {
            const last = list[i - 1];
            return <Bubble key={m.id} line={line(m)} before={last && line(last)} />;
          })}
        </ol>
      )}
    </Shown>
  );
}
