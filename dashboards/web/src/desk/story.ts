// Why a contact went where it went, in sentences: what was read in it, which rule decided, what it asked of people.
import type { Route } from '../wire/frames';
import type { Say } from '../words';
import { percent } from './Intent';
import { needWords } from './need';

/** The story of a decision, a sentence each: as told to the agent who was chosen (why), or to somebody else (told). */
export function story(
  say: Say,
  route: Route,
  contact: { queue_name: string; initiation: string; enqueued_ms: number },
  at: number,
  whose: 'why' | 'told' = 'why',
): string[] {
  const lines: string[] = [];
  const queue = contact.queue_name;
  if (contact.initiation === 'transfer') lines.push(say('why.transfer'));
  if (contact.initiation === 'requeue') {
    // Whoever held the customer's last contact held this one, before it came back.
    const mine = whose === 'why' && route.preferred === 'last_agent';
    lines.push(say(mine ? 'why.requeue.mine' : 'why.requeue'));
  }
  for (const flow of route.flowed)
    lines.push(say('why.flowed', { queue: flow.queue_name, reason: say.code('flow', flow.reason) }));
  if (route.intent) lines.push(say('why.intent', { intent: say.code('intent', route.intent), n: percent(route.confidence) }));
  if (route.language) lines.push(say('why.language', { language: say.code('lang', route.language) }));
  if (route.tier) lines.push(say('why.tier', { tier: say.code('tier', route.tier) }));
  // Where a person chose the queue, no rule and no entry point did.
  const chosen = contact.initiation === 'transfer' || contact.initiation === 'requeue';
  if (route.rule) lines.push(say('why.rule', { rule: route.rule, queue, version: route.policy_version }));
  else if (!chosen) lines.push(say(route.policy_version > 0 ? 'why.norule' : 'why.builtin', { queue }));
  if (route.need) lines.push(say('why.step', { n: Math.max(1, route.step), need: needWords(say, route.need, route.skills) }));
  else lines.push(say(route.step > 1 ? 'why.step.any' : 'why.any', { n: route.step }));
  if (route.priority !== 0) lines.push(say('why.priority', { n: route.priority }));
  const waited = at > 0 && contact.enqueued_ms > 0 ? at - contact.enqueued_ms : 0;
  if (route.virtual_age_ms > waited + 1_000)
    lines.push(say('why.age', { age: say.span(route.virtual_age_ms), waited: say.span(waited) }));
  if (route.preferred)
    lines.push(whose === 'why' ? say.code('why.preferred', route.preferred) : say.code('told.preferred', route.preferred));
  return lines;
}
