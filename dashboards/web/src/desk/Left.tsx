import type { RefObject } from 'preact';
import { useStore } from '../wire/store';
import { useWords } from '../words';
import type { DeskClient } from './client';
import { customerName, Face } from './Face';
import { MyStatus } from './MyStatus';
import { useNow } from './now';
import type { Outbox } from './outbox';
import { type ContactFacts, type DeskState, inOrder, nameOf, waitingSince } from './state';
import type { Chosen } from './usePlaces';

interface Props {
  client: DeskClient;
  desk: DeskState;
  box: Outbox;
  contacts: readonly ContactFacts[];
  unreads: Readonly<Record<string, number>>;
  chosen: Chosen;
  pick: (contact: ContactFacts) => void;
  statusBox: RefObject<HTMLSelectElement | null>;
}

export function Left(props: Props) {
  return (
    <nav class="column left" aria-label={useWords()('chats.title')}>
      <MyStatus {...props} />
      <Chats {...props} />
      <Queues desk={props.desk} />
    </nav>
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
      {props.chosen.room > 1 && <Columns chosen={props.chosen} />}
      {contacts.length === 0 && desk.ready && <p class="quiet pad">{say(off ? 'chats.none.off' : 'chats.none')}</p>}
      <ul>
        {contacts.map((contact, i) => (
          <ChatItem key={contact.id} contact={contact} place={i + 1} {...props} />
        ))}
      </ul>
    </section>
  );
}

function Columns({ chosen }: { chosen: Chosen }) {
  const say = useWords();
  return (
    <fieldset class="columns-choice" title={`${say('columns')} (Alt C)`}>
      <legend class="hidden">{say('columns')}</legend>
      {Array.from({ length: chosen.room }, (_, i) => i + 1).map((n) => (
        <button
          key={n}
          type="button"
          aria-pressed={chosen.columns === n}
          aria-label={say('columns.n', { n })}
          onClick={() => chosen.setColumns(n)}
          data-testid={`columns-${n}`}
        >
          {n}
        </button>
      ))}
    </fieldset>
  );
}

function ChatItem({
  contact,
  place,
  client,
  desk,
  box,
  unreads,
  chosen,
  pick,
}: Props & { contact: ContactFacts; place: number }) {
  const say = useWords();
  const writing = contact.id in useStore(client.typing);
  const shown = chosen.places.open.includes(contact.id);
  const last = inOrder(Object.values(desk.messages[contact.id] ?? {})).at(-1);
  const waiting = box.findLast((w) => w.command.type === 'send' && w.command.contact === contact.id)?.command;
  const count = unreads[contact.id] ?? 0;
  const draft = shown ? '' : client.draft(contact.id);
  const mine = waiting?.type === 'send' ? waiting.text : '';
  const file = last?.attachments[0]?.name;
  const said = mine || last?.text || (file ? say('file.sent', { name: file }) : '');
  const byMe = mine !== '' || last?.author === 'agent';
  const since = waitingSince(desk, contact);
  return (
    <li>
      <button
        type="button"
        class="chat-item"
        data-testid="chat-item"
        data-contact={contact.id}
        data-unread={count}
        aria-current={chosen.places.open[chosen.places.at] === contact.id}
        data-shown={shown}
        onClick={() => pick(contact)}
      >
        <Face customer={contact.customer} />
        <span class="chat-name">{customerName(say, contact.customer, nameOf(desk, contact))}</span>
        {since > 0 ? <Waits since={since} /> : <span class="chat-time">{last && say.clock(last.sent_ms)}</span>}
        <span class="chat-last">
          {contact.state === 'wrapping' ? (
            <span class="tag">{say('chats.wrapping')}</span>
          ) : writing ? (
            <em class="writes">{say('chats.typing')}</em>
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

/** How long the customer waits for an answer; the longer, the louder. */
function Waits({ since }: { since: number }) {
  const say = useWords();
  const ms = useNow(1_000) - since;
  return (
    <span
      class="chat-time chat-waits"
      data-late={ms > 120_000 ? 'very' : ms > 45_000}
      title={say('chats.waits')}
      data-testid="waits"
    >
      <span class="hidden">{say('chats.waits')} </span>
      {say.span(ms)}
    </span>
  );
}

function Queues({ desk }: { desk: DeskState }) {
  const say = useWords();
  const now = useNow(1_000);
  const mine = desk.queues.filter((q) => q.mine);
  return (
    <section class="queues" aria-labelledby="queues-title">
      <h2 id="queues-title">{say('queues.title')}</h2>
      {desk.ready && mine.length === 0 && <p class="quiet pad">{say('queues.none')}</p>}
      <ul>
        {mine.map((queue) => (
          <li key={queue.id} class="queue" data-testid="queue-item" data-waiting={queue.waiting}>
            <span class="queue-name">{queue.name}</span>
            <span class="queue-oldest">
              {!queue.open && `${say('transfer.closed')} `}
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
