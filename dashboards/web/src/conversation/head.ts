// What a conversation is beside its messages: whose it is, and its contacts with their waits. Pure.
import type { Guess, IntentName, Message } from '../wire/frames';
import { readIntentName, readMessage } from '../wire/frames';
import { list, number, object, oneOf, text } from '../wire/read';

/** What became of a contact in a queue. */
export const outcomes = ['waiting', 'answered', 'abandoned', 'flowed_out'] as const;
export type Outcome = (typeof outcomes)[number];

/** One stay in one queue. */
export interface Wait {
  queue_name: string;
  outcome: Outcome;
  /** Why it flowed out, or why nobody takes it. */
  reason: string;
  next_queue_name: string;
  enqueued_ms: number;
  wait_ms: number;
}

export interface HeadContact {
  id: string;
  previous: string;
  channel: string;
  entry_point: string;
  /** How it began, as the vocabulary says: inbound, left_message, transfer, requeue. */
  initiation: string;
  state: string;
  queue_name: string;
  agent: string;
  agent_name: string;
  end_reason: string;
  code: string;
  intent: string;
  /** In thousandths, as those of the guesses. */
  confidence: number;
  guesses: Guess[];
  language: string;
  tier: string;
  /** 1 to 5; 0 for none. */
  survey: number;
  started_ms: number;
  enqueued_ms: number;
  assigned_ms: number;
  ended_ms: number;
  wrapped_ms: number;
  waits: Wait[];
}

export interface Head {
  id: string;
  customer: string;
  contacts: HeadContact[];
  intents: IntentName[];
  /** There may be more contacts than were found. */
  partial: boolean;
}

function readWait(value: unknown): Wait {
  const v = object(value);
  return {
    queue_name: text(v.queue_name) || text(v.queue),
    outcome: oneOf(v.outcome, outcomes, 'waiting'),
    reason: text(v.reason),
    next_queue_name: text(v.next_queue_name) || text(v.next_queue),
    enqueued_ms: number(v.enqueued_ms),
    wait_ms: number(v.wait_ms),
  };
}

function readHeadContact(value: unknown): HeadContact {
  const v = object(value);
  return {
    id: text(v.id),
    previous: text(v.previous),
    channel: text(v.channel),
    entry_point: text(v.entry_point),
    initiation: text(v.initiation),
    state: text(v.state),
    queue_name: text(v.queue_name) || text(v.queue),
    agent: text(v.agent),
    agent_name: text(v.agent_name) || text(v.agent),
    end_reason: text(v.end_reason),
    code: text(v.wrap_up_name) || text(v.wrap_up_code),
    intent: text(v.intent),
    confidence: number(v.confidence),
    guesses: list(v.guesses, (item) => {
      const g = object(item);
      return { intent: text(g.intent), confidence: number(g.confidence) };
    }),
    language: text(v.language),
    tier: text(v.tier),
    survey: number(v.survey),
    started_ms: number(v.started_ms),
    enqueued_ms: number(v.enqueued_ms),
    assigned_ms: number(v.assigned_ms),
    ended_ms: number(v.ended_ms),
    wrapped_ms: number(v.wrapped_ms),
    waits: list(v.waits, readWait),
  };
}

const byBeginning = (a: HeadContact, b: HeadContact) => a.started_ms - b.started_ms || (a.id < b.id ? -1 : 1);

export function readHead(value: unknown): Head {
  const v = object(value);
  return {
    id: text(v.id),
    customer: text(v.customer),
    contacts: list(v.contacts, readHeadContact).sort(byBeginning),
    intents: list(v.intents, readIntentName),
    partial: false,
  };
}

/** A message, with its contact where the server says it. */
export interface Said extends Message {
  contact: string;
}

export const readSaid = (value: unknown): Said => ({ ...readMessage(value), contact: text(object(value).contact) });

/** Older messages before those that are there, each once, in order. */
export function joinSaid(had: readonly Said[], more: readonly Said[]): Said[] {
  const all = new Map([...more, ...had].map((m) => [m.id, m]));
  return [...all.values()].sort((a, b) => a.sequence - b.sequence);
}

/** The messages of one contact; without a contact what was said where none is known. */
export interface Chapter {
  key: string;
  contact: HeadContact | undefined;
  messages: Said[];
}

/** Messages in their order, cut where another contact begins. A message that names none belongs to the last one begun before it. */
export function chaptersOf(contacts: readonly HeadContact[], messages: readonly Said[]): Chapter[] {
  const byId = new Map(contacts.map((c) => [c.id, c]));
  const out: Chapter[] = [];
  for (const m of messages) {
    const contact = byId.get(m.contact) ?? contacts.findLast((c) => c.started_ms <= m.sent_ms) ?? contacts[0];
    const last = out.at(-1);
    if (last && last.contact === contact) last.messages.push(m);
    else out.push({ key: `${contact?.id ?? ''} ${m.id}`, contact, messages: [m] });
  }
  return out;
}

/** From the first contact's beginning to the last one's end; 0 for an end that has not come. */
export function spanOf(contacts: readonly HeadContact[]): { from_ms: number; to_ms: number } {
  const open = contacts.some((c) => c.state !== 'ended' && c.ended_ms === 0);
  return { from_ms: contacts[0]?.started_ms ?? 0, to_ms: open ? 0 : Math.max(0, ...contacts.map((c) => c.ended_ms)) };
}

/** The conversation that an address names; '' if none. */
export function conversationIn(path: string): string {
  const found = /^\/conversations\/([^/]+)\/?$/.exec(path);
  try {
    return found ? decodeURIComponent(found[1] ?? '') : '';
  } catch {
    return '';
  }
}

export const addressOf = (conversation: string): string => `/conversations/${encodeURIComponent(conversation)}`;

/** The id of a conversation in what somebody pasted: the id itself, or an address that leads to it. */
export function idIn(pasted: string): string {
  const words = pasted.trim();
  try {
    return conversationIn(new URL(words).pathname);
  } catch {
    return conversationIn(words) || words;
  }
}
