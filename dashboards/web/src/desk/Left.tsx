import type { RefObject } from 'preact';
import type { Status } from '../wire/frames';
import { useWords } from '../words';
import type { DeskClient } from './client';
import { useNow } from './now';
import type { Outbox } from './outbox';
import { type ContactFacts, type DeskState, inOrder } from './state';

interface Props {
  client: DeskClient;
  desk: DeskState;
  box: Outbox;
  contacts: readonly ContactFacts[];
  unreads: Readonly<Record<string, number>>;
  selected: string;
  pick: (contact: ContactFacts) => void;
  statusBox: RefObject<HTMLSelectElement | null>;
}

export function Left(props: Props) {
  return (
    <nav class="column left">
      <MyStatus {...props} />
      <Chats {...props} />
      <Queues desk={props.desk} />
    </nav>
  );
}

function MyStatus({ client, desk, box, statusBox, contacts }: Props) {
  const say = useWords();
  const now = useNow(1_000);
  const agent = desk.agent;
  // What was chosen shows at once; the server's word replaces it.
  const asked = box.findLast((w) => w.command.type === 'status' && w.state === 'pending')?.command;
  const status: Status = asked?.type === 'status' ? asked.status : (agent?.status ?? 'offline');
  const choose = (next: Status) => client.ask({ type: 'status', status: next, reason: '' });
  return (
    <section class="my-status" aria-label={say('status.label')}>
      <div class="status-line" data-status={status}>
        <span class="dot" />
        <select
          ref={statusBox}
          data-testid="status-select"
          aria-label={say('status.label')}
          value={status}
          disabled={!desk.ready}
          onChange={(event) => choose(event.currentTarget.value as Status)}
        >
          <option value="available">{say('status.available')}</option>
          <option value="break">{say('status.break')}</option>
          <option value="offline">{say('status.offline')}</option>
          {status === 'away' && <option value="away">{say('status.away')}</option>}
        </select>
        <span class="timer" title={agent ? say.day(agent.since_ms) : ''}>
          {agent && agent.since_ms > 0 && say.span(now - agent.since_ms)}
        </span>
      </div>
      <p class="activity" data-testid="activity">
        <span>{say.code('activity', agent?.activity ?? 'idle')}</span>
        {agent && agent.capacity > 0 && <span>{say('capacity', { n: contacts.length, of: agent.capacity })}</span>}
      </p>
      {status === 'away' && (
        <p class="away" role="alert">
          <span>{say('status.away.why')}</span>
          <button type="button" class="button small" onClick={() => choose('available')} data-testid="status-back">
            {say('status.away.back')}
          </button>
        </p>
      )}
    </section>
  );
}

function Chats(props: Props) {
  const say = useWords();
  const { contacts, desk } = props;
  const off = desk.agent?.status !== 'available';
  return (
    <section class="chats" aria-labelledby="chats-title">
      <h2 id="chats-title">
        {say('chats.title')} {contacts.length > 0 && <span class="count">{contacts.length}</span>}
      </h2>
      {contacts.length === 0 && desk.ready && <p class="quiet pad">{say(off ? 'chats.none.off' : 'chats.none')}</p>}
      <ul>
        {contacts.map((contact, i) => (
          <ChatItem key={contact.id} contact={contact} place={i + 1} {...props} />
        ))}
      </ul>
    </section>
  );
}

function ChatItem({
  contact,
  place,
  client,
  desk,
  box,
  unreads,
  selected,
  pick,
}: Props & { contact: ContactFacts; place: number }) {
  const say = useWords();
  const last = inOrder(Object.values(desk.messages[contact.id] ?? {})).at(-1);
  const waiting = box.findLast((w) => w.command.type === 'send' && w.command.contact === contact.id)?.command;
  const count = unreads[contact.id] ?? 0;
  const draft = contact.id === selected ? '' : client.draft(contact.id);
  const mine = waiting?.type === 'send' ? waiting.text : '';
  const said = mine || last?.text || '';
  const byMe = mine !== '' || last?.author === 'agent';
  return (
    <li>
      <button
        type="button"
        class="chat-item"
        data-testid="chat-item"
        data-contact={contact.id}
        data-unread={count}
        aria-current={contact.id === selected}
        onClick={() => pick(contact)}
      >
        <Face customer={contact.customer} />
        <span class="chat-name">{customerName(say, contact.customer)}</span>
        <span class="chat-time">{last && say.clock(last.sent_ms)}</span>
        <span class="chat-last">
          {contact.state === 'wrapping' ? (
            <span class="tag">{say('chats.wrapping')}</span>
          ) : draft ? (
            <>
              <em class="draft">{say('chats.draft')}</em> {draft}
            </>
          ) : (
            `${byMe ? `${say('author.you')}: ` : ''}${said || contact.queue_name}`
          )}
        </span>
        {count > 0 ? (
          <span class="badge">
            <span aria-hidden="true">{count > 99 ? '99+' : count}</span>
            <span class="hidden">{say('chats.unread', { n: count })}</span>
          </span>
        ) : (
          <kbd class="nth">{place < 10 ? `Alt ${place}` : ''}</kbd>
        )}
      </button>
    </li>
  );
}

function Queues({ desk }: { desk: DeskState }) {
  const say = useWords();
  const now = useNow(1_000);
  return (
    <section class="queues" aria-labelledby="queues-title">
      <h2 id="queues-title">{say('queues.title')}</h2>
      {desk.ready && desk.queues.length === 0 && <p class="quiet pad">{say('queues.none')}</p>}
      <ul>
        {desk.queues.map((queue) => (
          <li key={queue.id} class="queue" data-testid="queue-item" data-waiting={queue.waiting}>
            <span class="queue-name">{queue.name}</span>
            <span class="queue-oldest">
              {queue.waiting > 0 && queue.oldest_ms > 0 && say('queues.oldest', { time: say.span(now - queue.oldest_ms) })}
            </span>
            <span class="queue-waiting" data-some={queue.waiting > 0}>
              {queue.waiting}
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}

/** A customer is known by a pseudonym: its end tells two apart. */
export function customerName(say: ReturnType<typeof useWords>, customer: string): string {
  return customer ? say('customer.n', { id: customer.slice(-5).toUpperCase() }) : say('customer');
}

/** A quiet coloured disc, the same for the same customer, so that eyes find a chat again. */
export function Face({ customer }: { customer: string }) {
  let hue = 0;
  for (const letter of customer) hue = (hue * 31 + (letter.codePointAt(0) ?? 0)) % 6;
  return (
    <span class="face" data-hue={hue} aria-hidden="true">
      {customer.slice(-2).toUpperCase()}
    </span>
  );
}
