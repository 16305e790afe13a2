// The contacts of a conversation: where each waited, who took it, why it went there, and how it ended.
import { useState } from 'preact/hooks';
import { Candidates, DecisionHead } from '../desk/Candidates';
import { Guesses } from '../desk/Intent';
import { Shown } from '../desk/Shown';
import { story } from '../desk/story';
import type { Shelf } from '../shell/history';
import { ChannelIcon } from '../shell/icons';
import type { Offer } from '../wire/frames';
import { useStore } from '../wire/store';
import { useWords } from '../words';
import type { HeadContact, Wait } from './head';

interface Props {
  contacts: readonly HeadContact[];
  decisions: Shelf<Offer[]>;
}

export function Contacts({ contacts, decisions }: Props) {
  const say = useWords();
  return (
    <section class="info-part" aria-labelledby="contacts-title">
      <h2 id="contacts-title">
        {say('told.contacts')} <span class="count">{contacts.length}</span>
      </h2>
      {contacts.map((contact, i) => (
        <OneContact key={contact.id} contact={contact} n={i + 1} from={nthOf(contacts, contact.previous)} decisions={decisions} />
      ))}
    </section>
  );
}

const nthOf = (contacts: readonly HeadContact[], id: string) => contacts.findIndex((c) => c.id === id) + 1;

function OneContact({
  contact,
  n,
  from,
  decisions,
}: { contact: HeadContact; n: number; from: number } & Pick<Props, 'decisions'>) {
  const say = useWords();
  const talk = contact.assigned_ms > 0 && contact.ended_ms > 0 ? say.span(contact.ended_ms - contact.assigned_ms) : '';
  const wrapUp = contact.wrapped_ms > 0 && contact.ended_ms > 0 ? say.span(contact.wrapped_ms - contact.ended_ms) : '';
  const began = say.code('initiation', contact.initiation);
  const rows: [string, string][] = [
    [say('told.began'), from > 0 ? `${began} (${say('told.contact.n', { n: from })})` : contact.initiation && began],
    [say('info.entry'), contact.entry_point],
    [say('info.queue'), contact.queue_name],
    [say('told.agent'), contact.agent_name],
    [say('info.started'), say.day(contact.started_ms)],
    [say('told.talk'), talk],
    [say('info.end'), contact.end_reason && say.code('end', contact.end_reason)],
    [say('wrap.title'), [contact.code && say.code('wrap.code', contact.code), wrapUp].filter(Boolean).join(' · ')],
    [say('info.survey'), contact.survey > 0 ? say('history.survey', { n: contact.survey }) : ''],
  ];
  return (
    <article class="leg" aria-labelledby={`leg-${contact.id}`} data-testid="told-contact" data-contact={contact.id}>
      <h3 id={`leg-${contact.id}`}>
        <ChannelIcon channel={contact.channel} />
        {say('told.contact.n', { n })}
        <span class="quiet">{say.code('channel', contact.channel)}</span>
        {contact.state && <span class="tag">{say.code('contactstate', contact.state)}</span>}
      </h3>
      <dl class="facts">
        {rows
          .filter(([, value]) => value)
          .map(([word, value]) => (
            <div key={word}>
              <dt>{word}</dt>
              <dd dir="auto">{value}</dd>
            </div>
          ))}
      </dl>
      {contact.waits.length > 0 && <Waits waits={contact.waits} />}
      <h4>{say('intent.title')}</h4>
      <Guesses contact={contact} />
      <Routing contact={contact} decisions={decisions} />
    </article>
  );
}

function Waits({ waits }: { waits: readonly Wait[] }) {
  const say = useWords();
  return (
    <>
      <h4>{say('told.waits')}</h4>
      <ol class="stays" data-testid="told-waits">
        {waits.map((wait, i) => {
          const why = wait.reason && say.code(wait.outcome === 'waiting' ? 'waits' : 'flow', wait.reason);
          return (
            <li key={`${wait.enqueued_ms}-${String(i)}`} data-outcome={wait.outcome}>
              <span class="stay-queue">{wait.queue_name}</span>
              <span class="stay-time">{wait.outcome === 'waiting' ? '' : say.span(wait.wait_ms)}</span>
              <span class="quiet stay-end">
                {say.code('outcome', wait.outcome)}
                {wait.next_queue_name && ` → ${wait.next_queue_name}`}
                {why && ` · ${why}`}
              </span>
            </li>
          );
        })}
      </ol>
    </>
  );
}

/** Asked for when it is opened: each look is written into the audit. */
function Routing({ contact, decisions }: { contact: HeadContact } & Pick<Props, 'decisions'>) {
  const say = useWords();
  const [open, setOpen] = useState(false);
  return (
    <details class="past" onToggle={(event) => setOpen(event.currentTarget.open)} data-testid="told-why">
      <summary>{say('told.why')}</summary>
      {open && <Decisions contact={contact} decisions={decisions} />}
    </details>
  );
}

function Decisions({ contact, decisions }: { contact: HeadContact } & Pick<Props, 'decisions'>) {
  const fetched = useStore(decisions.get(contact.id));
  return (
    <div class="past-log">
      <Shown fetched={fetched} late="info.why.late" none="info.why.none">
        {(offers) => offers.map((offer) => <Decision key={offer.id} offer={offer} contact={contact} />)}
      </Shown>
    </div>
  );
}

function Decision({ offer, contact }: { offer: Offer; contact: HeadContact }) {
  const say = useWords();
  const facts = { queue_name: offer.queue_name, initiation: contact.initiation, enqueued_ms: contact.enqueued_ms };
  const more = offer.route?.passed_over ?? 0;
  return (
    <div class="decision" data-testid="told-decision" data-state={offer.state}>
      <DecisionHead offer={offer} at={offer.queue_name} />
      {offer.route && (
        <ol class="story">
          {story(say, offer.route, facts, offer.offered_ms, 'told').map((line) => (
            <li key={line}>{line}</li>
          ))}
        </ol>
      )}
      <Candidates why={offer.why} name={(one) => one.name} />
      {more > 0 && <p class="quiet small-print">{say('why.more', { n: more })}</p>}
    </div>
  );
}
