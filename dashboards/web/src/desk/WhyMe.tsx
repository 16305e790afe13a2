// Why this contact came to me, in sentences: what was read in it, which rule decided, what it asked of people, and who was looked at.
import { useEffect } from 'preact/hooks';
import type { Shelves } from '../shell/history';
import type { Offer, Route, Why } from '../wire/frames';
import { useStore } from '../wire/store';
import { type Say, useWords } from '../words';
import { percent } from './Intent';
import { Shown } from './Shown';
import type { ContactFacts, DeskState } from './state';

interface Props {
  shelves: Shelves;
  desk: DeskState;
  contact: ContactFacts;
  me: string;
}

/** The decision that brought a contact here, and its acceptance, are in the warehouse a moment after it. */
const askSoon = 2_000;

/** The story of a decision, a sentence each. */
export function story(
  say: Say,
  route: Route,
  contact: { queue_name: string; initiation: string; enqueued_ms: number },
  at: number,
): string[] {
  const lines: string[] = [];
  const queue = contact.queue_name;
  if (contact.initiation === 'transfer') lines.push(say('why.transfer'));
  if (contact.initiation === 'requeue') lines.push(say('why.requeue'));
  for (const flow of route.flowed)
    lines.push(say('why.flowed', { queue: flow.queue_name, reason: say.code('flow', flow.reason) }));
  if (route.intent) lines.push(say('why.intent', { intent: say.code('intent', route.intent), n: percent(route.confidence) }));
  if (route.language) lines.push(say('why.language', { language: say.code('lang', route.language) }));
  if (route.tier) lines.push(say('why.tier', { tier: say.code('tier', route.tier) }));
  // Where a person chose the queue, no rule and no entry point did.
  const chosen = contact.initiation === 'transfer' || contact.initiation === 'requeue';
  if (route.rule) lines.push(say('why.rule', { rule: route.rule, queue, version: route.policy_version }));
  else if (!chosen) lines.push(say(route.policy_version > 0 ? 'why.norule' : 'why.builtin', { queue }));
  if (route.need) lines.push(say('why.step', { n: Math.max(1, route.step), need: route.need }));
  else lines.push(say(route.step > 1 ? 'why.step.any' : 'why.any', { n: route.step }));
  if (route.priority !== 0) lines.push(say('why.priority', { n: route.priority }));
  const waited = at > 0 && contact.enqueued_ms > 0 ? at - contact.enqueued_ms : 0;
  if (route.virtual_age_ms > waited + 1_000)
    lines.push(say('why.age', { age: say.span(route.virtual_age_ms), waited: say.span(waited) }));
  if (route.preferred) lines.push(say.code('why.preferred', route.preferred));
  return lines;
}

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
          {route.candidates.length > 0 && <Candidates why={route.candidates} me={me} desk={desk} />}
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
  const say = useWords();
  return (
    <div class="decision">
      <p class="decision-head">
        <span>
          {desk.queues.find((q) => q.id === offer.queue)?.name ?? offer.queue_name} · {say.clock(offer.offered_ms)}
        </span>
        <span class="tag">
          {say.code('offerstate', offer.state)}
          {offer.state === 'rescinded' && offer.reason && ` · ${say.code('rescind', offer.reason)}`}
        </span>
      </p>
      <Candidates why={offer.why} me={me} desk={desk} />
    </div>
  );
}

function Candidates({ why, me, desk }: { why: readonly Why[]; me: string; desk: DeskState }) {
  const say = useWords();
  const sorted = [...why].sort(
    (a, b) => Number(b.chosen) - Number(a.chosen) || b.score - a.score || (a.agent < b.agent ? -1 : 1),
  );
  const name = (one: Why) =>
    one.agent === me
      ? say('info.why.you')
      : one.name !== one.agent
        ? one.name
        : (desk.colleagues.find((c) => c.id === one.agent)?.name ?? one.agent);
  return (
    <ul class="candidates">
      {sorted.map((one) => (
        <li key={one.agent} data-chosen={one.chosen}>
          <span class="decision-agent">{name(one)}</span>
          <span class="decision-reason">{say.code('reason', one.reason)}</span>
          {one.score > 0 && <span class="decision-score">{say('info.why.idle', { time: say.span(one.score) })}</span>}
        </li>
      ))}
    </ul>
  );
}
