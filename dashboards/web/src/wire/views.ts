// What the frames carry, and how each thing is read from foreign JSON.
import { flag, list, number, object, oneOf, text } from './read';

export const statuses = ['available', 'break', 'offline', 'away'] as const;
export type Status = (typeof statuses)[number];
export const activities = ['idle', 'offered', 'busy', 'wrapping'] as const;
export type Activity = (typeof activities)[number];

export interface AgentView {
  id: string;
  name: string;
  team: string;
  status: Status;
  reason: string;
  /** What begins when the last contact is finished; '' for nothing. */
  next_status: Status | '';
  next_reason: string;
  /** The supervisor who set the status, by name where it is known; '' for the agent's own word. */
  by: string;
  practice: boolean;
  connected: boolean;
  activity: Activity;
  contacts: string[];
  since_ms: number;
  capacity: number;
}

/** Another agent, as somebody to transfer to. */
export interface Colleague {
  id: string;
  name: string;
  team: string;
  status: Status;
  activity: Activity;
}

export interface Why {
  agent: string;
  name: string;
  chosen: boolean;
  reason: string;
  score: number;
}

/** What the policy decided of a contact. */
export interface Route {
  policy_version: number;
  rule: string;
  step: number;
  need: string;
  /** What the skills are called that the need asks for, by id. */
  skills: Record<string, string>;
  intent: string;
  confidence: number;
  language: string;
  tier: string;
  priority: number;
  virtual_age_ms: number;
  preferred: string;
  candidates: Why[];
  passed_over: number;
  /** The queues that it flowed out of before, and why. */
  flowed: { queue_name: string; reason: string }[];
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
  /** Why it was taken back. */
  reason: string;
  offered_ms: number;
  expires_ms: number;
  customer: string;
  customer_name: string;
  intent: string;
  confidence: number;
  language: string;
  tier: string;
  route: Route | null;
  why: Why[];
}

/** The states of a message in order; a mark never falls back. */
export const messageStates = ['', 'sent', 'delivered', 'read', 'failed', 'in_doubt'] as const;
export type MessageState = (typeof messageStates)[number];
export const authors = ['customer', 'agent', 'bot', 'system'] as const;
export type Author = (typeof authors)[number];

export interface Attachment {
  file: string;
  name: string;
  media_type: string;
  size: number;
}

export interface Message {
  id: string;
  sequence: number;
  author: Author;
  agent: string;
  agent_name: string;
  text: string;
  sent_ms: number;
  state: MessageState;
  client_id: string;
  attachments: Attachment[];
  /** A note that the customer never sees. */
  internal: boolean;
  kind: string;
  /** Something in the text is masked. */
  masked: boolean;
}

export const contactStates = ['queued', 'assigned', 'wrapping', 'ended'] as const;
export type ContactState = (typeof contactStates)[number];

export interface Guess {
  intent: string;
  confidence: number;
}

export interface Contact {
  id: string;
  conversation: string;
  customer: string;
  customer_name: string;
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
  initiation: string;
  version: number;
  intent: string;
  /** In thousandths. */
  confidence: number;
  guesses: Guess[];
  language: string;
  tier: string;
  priority: number;
  survey: number;
  /** When wrap-up ends by itself; 0 for never. */
  wrap_until_ms: number;
  why: Route | null;
  messages: Message[];
}

export interface Queue {
  id: string;
  name: string;
  waiting: number;
  oldest_ms: number;
  mine: boolean;
  open: boolean;
}

export interface WrapUpCode {
  id: string;
  name: string;
  queues: string[];
}

export interface StatusReason {
  id: string;
  name: string;
  productive: boolean;
}

export interface QuickReply {
  id: string;
  title: string;
  text: string;
  language: string;
  team: string;
}

/** What an intent is called, by language. */
export interface IntentName {
  id: string;
  zh: string;
  en: string;
}

export interface Profile {
  customer: string;
  name: string;
  tier: string;
  language: string;
  tags: string[];
  fields: Record<string, string>;
  version: number;
  source: string;
  by: string;
  changed_ms: number;
}

export function readAgent(value: unknown): AgentView {
  const v = object(value);
  return {
    id: text(v.id),
    name: text(v.name),
    team: text(v.team),
    status: oneOf(v.status, statuses, 'offline'),
    reason: text(v.reason),
    next_status: oneOf(v.next_status, ['', ...statuses], ''),
    next_reason: text(v.next_reason),
    by: text(v.by_name) || text(v.by),
    practice: flag(v.practice),
    connected: flag(v.connected),
    activity: oneOf(v.activity, activities, 'idle'),
    contacts: list(v.contacts, text),
    since_ms: number(v.since_ms),
    capacity: number(v.capacity),
  };
}

export function readColleague(value: unknown): Colleague {
  const v = object(value);
  return {
    id: text(v.id),
    name: text(v.name) || text(v.id),
    team: text(v.team),
    status: oneOf(v.status, statuses, 'offline'),
    activity: oneOf(v.activity, activities, 'idle'),
  };
}

export function readWhy(value: unknown): Why {
  const w = object(value);
  return {
    agent: text(w.agent),
    name: text(w.name) || text(w.agent),
    chosen: flag(w.chosen),
    reason: text(w.reason),
    score: number(w.score),
  };
}

export function readRoute(value: unknown): Route | null {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return null;
  const v = object(value);
  return {
    policy_version: number(v.policy_version),
    rule: text(v.rule),
    step: number(v.step),
    need: text(v.need),
    skills: Object.fromEntries(Object.entries(object(object(v.names).skill)).map(([id, name]) => [id, text(name)])),
    intent: text(v.intent),
    confidence: number(v.confidence),
    language: text(v.language),
    tier: text(v.tier),
    priority: number(v.priority),
    virtual_age_ms: number(v.virtual_age_ms),
    preferred: text(v.preferred),
    candidates: list(v.candidates, readWhy),
    passed_over: number(v.passed_over),
    flowed: list(v.flowed, (item) => {
      const f = object(item);
      return { queue_name: text(f.queue_name) || text(f.queue), reason: text(f.reason) };
    }),
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
    reason: text(v.reason),
    offered_ms: number(v.offered_ms),
    expires_ms: number(v.expires_ms),
    customer: text(v.customer),
    customer_name: text(v.customer_name),
    intent: text(v.intent),
    confidence: number(v.confidence),
    language: text(v.language),
    tier: text(v.tier),
    route: readRoute(v.route),
    why: list(v.why, readWhy),
  };
}

function readAttachment(value: unknown): Attachment {
  const v = object(value);
  return { file: text(v.file), name: text(v.name), media_type: text(v.media_type), size: number(v.size) };
}

export function readMessage(value: unknown): Message {
  const v = object(value);
  return {
    id: text(v.id) || text(v.message),
    sequence: number(v.sequence),
    author: oneOf(v.author, authors, 'system'),
    agent: text(v.agent),
    agent_name: text(v.agent_name),
    text: text(v.text),
    sent_ms: number(v.sent_ms),
    state: oneOf(v.state, messageStates, ''),
    client_id: text(v.client_id),
    attachments: list(v.attachments, readAttachment),
    internal: flag(v.internal),
    kind: text(v.kind),
    masked: flag(v.masked),
  };
}

export function readContact(value: unknown): Contact {
  const v = object(value);
  return {
    id: text(v.id),
    conversation: text(v.conversation),
    customer: text(v.customer),
    customer_name: text(v.customer_name),
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
    initiation: text(v.initiation),
    version: number(v.version),
    intent: text(v.intent),
    confidence: number(v.confidence),
    guesses: list(v.guesses, (item) => {
      const g = object(item);
      return { intent: text(g.intent), confidence: number(g.confidence) };
    }),
    language: text(v.language),
    tier: text(v.tier),
    priority: number(v.priority),
    survey: number(v.survey),
    wrap_until_ms: number(v.wrap_until_ms),
    why: readRoute(v.why),
    messages: list(v.messages, readMessage),
  };
}

export function readQueue(value: unknown): Queue {
  const v = object(value);
  return {
    id: text(v.id),
    name: text(v.name) || text(v.id),
    waiting: number(v.waiting),
    oldest_ms: number(v.oldest_ms),
    // An older server tells only of my queues, and knows no hours.
    mine: v.mine === undefined || flag(v.mine),
    open: v.open === undefined || flag(v.open),
  };
}

export function readCode(value: unknown): WrapUpCode {
  const v = object(value);
  return { id: text(v.id), name: text(v.name) || text(v.id), queues: list(v.queues, text) };
}

export function readReason(value: unknown): StatusReason {
  const v = object(value);
  return { id: text(v.id), name: text(v.name) || text(v.id), productive: flag(v.productive) };
}

export function readReply(value: unknown): QuickReply {
  const v = object(value);
  return {
    id: text(v.id),
    title: text(v.title) || text(v.id),
    text: text(v.text),
    language: text(v.language),
    team: text(v.team),
  };
}

export function readIntentName(value: unknown): IntentName {
  const v = object(value);
  const names = object(v.names);
  return { id: text(v.id), zh: text(names.zh), en: text(names.en) };
}

export function readProfile(value: unknown): Profile {
  const v = object(value);
  const fields = Object.entries(object(v.fields)).map(([name, one]): [string, string] => [name, text(one)]);
  return {
    customer: text(v.customer),
    name: text(v.name),
    tier: text(v.tier),
    language: text(v.language),
    tags: list(v.tags, text).filter(Boolean),
    fields: Object.fromEntries(fields),
    version: number(v.version),
    source: text(v.source),
    by: text(v.by_name) || text(v.by),
    changed_ms: number(v.changed_ms),
  };
}
