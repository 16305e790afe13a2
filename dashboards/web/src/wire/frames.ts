// The frames of the agents' socket, and the only place that reads them. Unknown fields are passed over; a frame of an
// unknown type is null, so that an older page survives a newer server.
import { flag, type Json, list, number, object, oneOf, parse, text } from './read';

export const statuses = ['available', 'break', 'offline', 'away'] as const;
export type Status = (typeof statuses)[number];
export const activities = ['idle', 'offered', 'busy', 'wrapping'] as const;
export type Activity = (typeof activities)[number];

export interface AgentView {
  id: string;
  name: string;
  status: Status;
  reason: string;
  connected: boolean;
  activity: Activity;
  contacts: string[];
  since_ms: number;
  capacity: number;
}

export interface Why {
  agent: string;
  chosen: boolean;
  reason: string;
  score: number;
}

/** The states of an offer in order: a later one is never taken back. */
export const offerStates = ['offered', 'accepted', 'rejected', 'timed_out', 'rescinded'] as const;
export type OfferState = (typeof offerStates)[number];

export interface Offer {
  id: string;
  contact: string;
  conversation: string;
  queue: string;
  queue_name: string;
  channel: string;
  state: OfferState;
  offered_ms: number;
  expires_ms: number;
  customer: string;
  why: Why[];
}

/** The states of a message in order; a mark never falls back. */
export const messageStates = ['', 'sent', 'delivered', 'read', 'failed', 'in_doubt'] as const;
export type MessageState = (typeof messageStates)[number];
export const authors = ['customer', 'agent', 'bot', 'system'] as const;
export type Author = (typeof authors)[number];

export interface Message {
  id: string;
  sequence: number;
  author: Author;
  agent: string;
  text: string;
  sent_ms: number;
  state: MessageState;
  client_id: string;
}

export const contactStates = ['queued', 'assigned', 'wrapping', 'ended'] as const;
export type ContactState = (typeof contactStates)[number];

export interface Contact {
  id: string;
  conversation: string;
  customer: string;
  address: string;
  channel: string;
  entry_point: string;
  queue: string;
  queue_name: string;
  agent: string;
  state: ContactState;
  connected: boolean;
  started_ms: number;
  enqueued_ms: number;
  assigned_ms: number;
  ended_ms: number;
  end_reason: string;
  version: number;
  messages: Message[];
}

export interface Queue {
  id: string;
  name: string;
  waiting: number;
  oldest_ms: number;
}

export type ServerFrame =
  | { type: 'snapshot'; cursor: string; agent: AgentView; offers: Offer[]; contacts: Contact[]; queues: Queue[] }
  | { type: 'agent'; agent: AgentView }
  | { type: 'offer'; offer: Offer }
  | { type: 'contact'; contact: Contact }
  | { type: 'message'; contact: string; message: Message }
  | { type: 'marked'; conversation: string; message: string; state: MessageState }
  | { type: 'queue'; queue: Queue }
  | { type: 'accepted'; request: string }
  | { type: 'error'; request: string; code: string; reason: string; text: string }
  | { type: 'pong' };

/** What an agent asks for. Each is sent with a `request` id, and again with the same id until it is accepted. */
export type Command =
  | { type: 'status'; status: Status; reason: string }
  | { type: 'answer'; offer: string; accept: boolean }
  | { type: 'send'; contact: string; text: string }
  | { type: 'end'; contact: string }
  | { type: 'wrap_up'; contact: string; code: string }
  | { type: 'transfer'; contact: string; queue: string }
  | { type: 'close'; conversation: string }
  | { type: 'read'; contact: string; sequence: number };

export function readAgent(value: unknown): AgentView {
  const v = object(value);
  return {
    id: text(v.id),
    name: text(v.name),
    status: oneOf(v.status, statuses, 'offline'),
    reason: text(v.reason),
    connected: flag(v.connected),
    activity: oneOf(v.activity, activities, 'idle'),
    contacts: list(v.contacts, text),
    since_ms: number(v.since_ms),
    capacity: number(v.capacity),
  };
}

export function readOffer(value: unknown): Offer {
  const v = object(value);
  return {
    id: text(v.id),
    contact: text(v.contact),
    conversation: text(v.conversation),
    queue: text(v.queue),
    queue_name: text(v.queue_name) || text(v.queue),
    channel: text(v.channel),
    state: oneOf(v.state, offerStates, 'rescinded'),
    offered_ms: number(v.offered_ms),
    expires_ms: number(v.expires_ms),
    customer: text(v.customer),
    why: list(v.why, (item) => {
      const w = object(item);
      return { agent: text(w.agent), chosen: flag(w.chosen), reason: text(w.reason), score: number(w.score) };
    }),
  };
}

export function readMessage(value: unknown): Message {
  const v = object(value);
  return {
    id: text(v.id) || text(v.message),
    sequence: number(v.sequence),
    author: oneOf(v.author, authors, 'system'),
    agent: text(v.agent),
    text: text(v.text),
    sent_ms: number(v.sent_ms),
    state: oneOf(v.state, messageStates, ''),
    client_id: text(v.client_id),
  };
}

export function readContact(value: unknown): Contact {
  const v = object(value);
  return {
    id: text(v.id),
    conversation: text(v.conversation),
    customer: text(v.customer),
    address: text(v.address),
    channel: text(v.channel),
    entry_point: text(v.entry_point),
    queue: text(v.queue),
    queue_name: text(v.queue_name) || text(v.queue),
    agent: text(v.agent),
    state: oneOf(v.state, contactStates, 'ended'),
    connected: flag(v.connected),
    started_ms: number(v.started_ms),
    enqueued_ms: number(v.enqueued_ms),
    assigned_ms: number(v.assigned_ms),
    ended_ms: number(v.ended_ms),
    end_reason: text(v.end_reason),
    version: number(v.version),
    messages: list(v.messages, readMessage),
  };
}

export function readQueue(value: unknown): Queue {
  const v = object(value);
  return { id: text(v.id), name: text(v.name) || text(v.id), waiting: number(v.waiting), oldest_ms: number(v.oldest_ms) };
}

type Readers = { [T in ServerFrame['type']]: (v: Json) => Omit<Extract<ServerFrame, { type: T }>, 'type'> };

const readers: Readers = {
  snapshot: (v) => ({
    cursor: text(v.cursor),
    agent: readAgent(v.agent),
    offers: list(v.offers, readOffer),
    contacts: list(v.contacts, readContact),
    queues: list(v.queues, readQueue),
  }),
  agent: (v) => ({ agent: readAgent(v.agent) }),
  offer: (v) => ({ offer: readOffer(v.offer) }),
  contact: (v) => ({ contact: readContact(v.contact) }),
  message: (v) => ({ contact: text(v.contact), message: readMessage(v.message) }),
  marked: (v) => ({
    conversation: text(v.conversation),
    message: text(v.message),
    state: oneOf(v.state, messageStates, ''),
  }),
  queue: (v) => ({ queue: readQueue(v.queue) }),
  accepted: (v) => ({ request: text(v.request) }),
  error: (v) => ({ request: text(v.request), code: text(v.code), reason: text(v.reason), text: text(v.text) }),
  pong: () => ({}),
};

/** Reads a frame, or null for one that this page does not know. */
export function readFrame(raw: string): ServerFrame | null {
  const v = parse(raw);
  if (!v || typeof v.type !== 'string' || !Object.hasOwn(readers, v.type)) return null;
  const type = v.type as ServerFrame['type'];
  return { type, ...readers[type](v) } as ServerFrame;
}
