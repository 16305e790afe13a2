// What the desk knows, as a pure function of the frames it got. Contacts, messages, marks and offers merge by id and rank, so
// that repeats and any order of their frames give the same state; agent and queue frames carry no version, the last one counts
// (one socket keeps their order). A snapshot replaces everything.
import type {
  AgentView,
  Colleague,
  Contact,
  Message,
  MessageState,
  Offer,
  Profile,
  Queue,
  QuickReply,
  ServerFrame,
  StatusReason,
  WrapUpCode,
} from '../wire/frames';
import { messageStates, offerStates } from '../wire/frames';

export type ContactFacts = Omit<Contact, 'messages'>;
type ById<T> = Readonly<Record<string, T>>;

export interface DeskState {
  /** False until the first snapshot. */
  readonly ready: boolean;
  readonly cursor: string;
  readonly agent: AgentView | null;
  readonly offers: ById<Offer>;
  readonly contacts: ById<ContactFacts>;
  /** By contact, then by message id. */
  readonly messages: ById<ById<Message>>;
  /** By message id; kept apart because a mark may come before its message. */
  readonly marks: ById<MessageState>;
  readonly queues: readonly Queue[];
  readonly colleagues: readonly Colleague[];
  /** By customer. */
  readonly profiles: ById<Profile>;
  readonly codes: readonly WrapUpCode[];
  readonly reasons: readonly StatusReason[];
  readonly replies: readonly QuickReply[];
}

export const emptyDesk: DeskState = {
  ready: false,
  cursor: '',
  agent: null,
  offers: {},
  contacts: {},
  messages: {},
  marks: {},
  queues: [],
  colleagues: [],
  profiles: {},
  codes: [],
  reasons: [],
  replies: [],
};

export function reduce(state: DeskState, frame: ServerFrame): DeskState {
  switch (frame.type) {
    case 'snapshot':
      return takeSnapshot(state, frame);
    case 'agent':
      return { ...state, agent: frame.agent };
    case 'offer':
      return takeOffer(state, frame.offer);
    case 'contact':
      return takeContact(state, frame.contact);
    case 'message':
      return takeMessages(state, frame.contact, [frame.message]);
    case 'marked':
      return takeMark(state, frame.message, frame.state);
    case 'queue':
      return {
        ...state,
        queues: frame.removed ? state.queues.filter((q) => q.id !== frame.queue.id) : putById(state.queues, frame.queue),
      };
    case 'colleagues':
      return { ...state, colleagues: frame.whole ? frame.agents : frame.agents.reduce(putById, state.colleagues) };
    case 'profile':
      return takeProfile(state, frame.profile);
    case 'settings':
      return { ...state, codes: frame.codes, reasons: frame.reasons, replies: frame.replies };
    default:
      return state;
  }
}

function takeSnapshot(state: DeskState, frame: Extract<ServerFrame, { type: 'snapshot' }>): DeskState {
  let next: DeskState = {
    ...emptyDesk,
    ready: true,
    cursor: frame.cursor,
    agent: frame.agent,
    queues: frame.queues,
    colleagues: frame.agents,
    codes: frame.codes,
    reasons: frame.reasons,
    replies: frame.replies,
  };
  for (const profile of frame.profiles) next = takeProfile(next, profile);
  for (const offer of frame.offers) next = takeOffer(next, offer);
  for (const contact of frame.contacts) next = takeContact(next, contact);
  // A mark seen before never falls back on the screen, even if this server's view is a moment behind.
  const marks: Record<string, MessageState> = {};
  for (const messages of Object.values(next.messages)) {
    for (const id of Object.keys(messages)) {
      const mark = state.marks[id];
      if (mark) marks[id] = mark;
    }
  }
  return { ...next, marks };
}

const offerRank = (offer: Offer) => offerStates.indexOf(offer.state);
export const markRank = (state: MessageState) => messageStates.indexOf(state);

function takeOffer(state: DeskState, offer: Offer): DeskState {
  const had = state.offers[offer.id];
  if (had && offerRank(had) >= offerRank(offer)) return state;
  return { ...state, offers: { ...state.offers, [offer.id]: offer } };
}

function takeContact(state: DeskState, contact: Contact): DeskState {
  const { messages, ...facts } = contact;
  const had = state.contacts[contact.id];
  const newer = !had || facts.version > had.version;
  const next = newer ? { ...state, contacts: { ...state.contacts, [contact.id]: facts } } : state;
  return takeMessages(next, contact.id, messages);
}

function takeMessages(state: DeskState, contact: string, messages: readonly Message[]): DeskState {
  const had = state.messages[contact] ?? {};
  const merged = mergeMessages(had, messages);
  return merged === had ? state : { ...state, messages: { ...state.messages, [contact]: merged } };
}

/** Adds messages by id; of two copies the one further on its way stays. */
export function mergeMessages(had: ById<Message>, more: readonly Message[]): ById<Message> {
  let merged: Record<string, Message> | null = null;
  for (const message of more) {
    const old = (merged ?? had)[message.id];
    if (old && markRank(old.state) >= markRank(message.state)) continue;
    merged ??= { ...had };
    merged[message.id] = message;
  }
  return merged ?? had;
}

function takeMark(state: DeskState, message: string, mark: MessageState): DeskState {
  const had = state.marks[message] ?? '';
  return markRank(had) >= markRank(mark) ? state : { ...state, marks: { ...state.marks, [message]: mark } };
}

function putById<T extends { id: string }>(all: readonly T[], one: T): readonly T[] {
  const at = all.findIndex((other) => other.id === one.id);
  return at < 0 ? [...all, one] : all.with(at, one);
}

/** A profile that was fetched counts like one that a frame brought: the newest version wins. */
export function takeProfile(state: DeskState, profile: Profile): DeskState {
  const had = state.profiles[profile.customer];
  if (had && had.version >= profile.version) return state;
  return { ...state, profiles: { ...state.profiles, [profile.customer]: profile } };
}

/** The messages in the order of the conversation. */
export function inOrder(messages: Iterable<Message>): Message[] {
  return [...messages].sort((a, b) => a.sequence - b.sequence || a.sent_ms - b.sent_ms || (a.id < b.id ? -1 : 1));
}

/** The further of what a message says of itself and what was marked since. */
export function markOf(state: DeskState, message: Message): MessageState {
  const mark = state.marks[message.id] ?? '';
  return markRank(mark) > markRank(message.state) ? mark : message.state;
}

/** My open chats, in the order they came to me: rows that jump about cannot be learned. */
export function myContacts(state: DeskState): ContactFacts[] {
  const me = state.agent?.id;
  return Object.values(state.contacts)
    .filter((c) => (c.state === 'assigned' || c.state === 'wrapping') && (!me || !c.agent || c.agent === me))
    .sort((a, b) => a.assigned_ms - b.assigned_ms || (a.id < b.id ? -1 : 1));
}

/** Offers that still ring, the oldest first. */
export function ringing(state: DeskState): Offer[] {
  return Object.values(state.offers)
    .filter((o) => o.state === 'offered')
    .sort((a, b) => a.offered_ms - b.offered_ms || (a.id < b.id ? -1 : 1));
}

/** The messages of the conversation of a contact that the view holds, whichever of its contacts they belong to. */
export function conversationMessages(state: DeskState, contact: ContactFacts): ById<Message> {
  let all: ById<Message> = {};
  for (const [id, messages] of Object.entries(state.messages)) {
    if (id === contact.id || state.contacts[id]?.conversation === contact.conversation) {
      all = mergeMessages(all, Object.values(messages));
    }
  }
  return all;
}

/** Since when the customer waits for an answer: the first message after the last that an agent or a bot said to them; 0 for not. */
export function waitingSince(state: DeskState, contact: ContactFacts): number {
  if (contact.state !== 'assigned') return 0;
  let since = 0;
  for (const m of inOrder(Object.values(state.messages[contact.id] ?? {}))) {
    if (m.author === 'customer') since = since || m.sent_ms;
    else if (!m.internal && m.author !== 'system') since = 0;
  }
  return since;
}

/** The codes that a queue offers. */
export function codesOf(state: DeskState, queue: string): WrapUpCode[] {
  return state.codes.filter((code) => code.queues.length === 0 || code.queues.includes(queue));
}

/** What the customer is called here: the profile's word before the contact's. */
export function nameOf(state: DeskState, contact: { customer: string; customer_name: string }): string {
  return state.profiles[contact.customer]?.name || contact.customer_name;
}

/** How many messages of the customer came after the one last read. */
export function unread(state: DeskState, contact: ContactFacts, readUpTo: number): number {
  return Object.values(state.messages[contact.id] ?? {}).filter((m) => m.author === 'customer' && m.sequence > readUpTo).length;
}
