// Why this contact came to me, in sentences: what was read in it, which rule decided, what it asked of people, and who was looked at.
import { useEffect } from 'preact/hooks';
import type { Shelves } from '../shell/history';
import type { Offer, Why } from '../wire/frames';
import { useStore } from '../wire/store';
import { type Say, useWords } from '../words';
import { Candidates, DecisionHead } from './Candidates';
import { Shown } from './Shown';
import type { ContactFacts, DeskState } from './state';
import { story } from './story';

interface Props {
  shelves: Shelves;
  desk: DeskState;
  contact: ContactFacts;
  me: string;
}

/** The decision that brought a contact here, and its acceptance, are in the warehouse a moment after it. */
const askSoon = 2_000;

export function WhyMe({ shelves, desk, contact, me }: Props) {
  const say = useWords();
  const route = contact.why;
  return (
    <section class="info-part" aria-labelledby="why-title" data-testid="why">
      <h3 id="why-title">{say('info.why')}</h3>
      {route && (
        <>
          <ol class="story" data-testid="why-story">
            {story(say, route, contact, contact.assigned_ms).map((line) => (
              <li key={line}>{line}</li>
            ))}
          </ol>
          {route.candidates.length > 0 && <Candidates why={route.candidates} name={namer(say, me, desk)} />}
          {route.passed_over > 0 && <p class="quiet small-print">{say('why.more', { n: route.passed_over })}</p>}
        </>
      )}
      <Offers shelves={shelves} desk={desk} contact={contact} me={me} brief={route !== null} />
    </section>
  );
}

function Offers({ shelves, desk, contact, me, brief }: Props & { brief: boolean }) {
  const say = useWords();
  const { decisions } = shelves;
  useEffect(() => {
    if (contact.state) decisions.again(contact.id);
    const timer = setInterval(() => {
      const fetched = decisions.get(contact.id).get();
      if (fetched.state !== 'there' || !fetched.value.some((offer) => offer.state === 'accepted')) decisions.again(contact.id);
    }, askSoon);
    return () => clearInterval(timer);
  }, [contact.id, contact.state]);
  const fetched = useStore(decisions.get(contact.id));
  const body = (
    <Shown fetched={fetched} late="info.why.late" none="info.why.none">
      {(offers) => offers.map((offer) => <Decision key={offer.id} offer={offer} me={me} desk={desk} />)}
    </Shown>
  );
  if (!brief) return body;
  return (
    <details class="past">
      <summary>{say('why.offers')}</summary>
      <div class="past-log">{body}</div>
    </details>
  );
}

function Decision({ offer, me, desk }: { offer: Offer; me: string; desk: DeskState }) {
  return (
    <div class="decision">
      <DecisionHead offer={offer} at={desk.queues.find((q) => q.id === offer.queue)?.name ?? offer.queue_name} />
      <Candidates why={offer.why} name={namer(useWords(), me, desk)} />
    </div>
  );
}

/** What a candidate is called before the agent whose desk it is. */
const namer = (say: Say, me: string, desk: DeskState) => (one: Why) =>
  one.agent === me
    ? say('info.why.you')
    : one.name !== one.agent
      ? one.name
      : (desk.colleagues.find((c) => c.id === one.agent)?.name ?? one.agent);
