// The frames of the agents' socket, and the only place that reads them. Unknown fields are passed over; a frame of an
// unknown type is null, so that an older page survives a newer server.
import { type FloorFrame, readFloor } from './floor';
import { flag, type Json, list, object, oneOf, parse, text } from './read';
import type {
  AgentView,
  Author,
  Colleague,
  Contact,
  IntentName,
  Message,
  MessageState,
  Offer,
  Profile,
  Queue,
  QuickReply,
  Status,
  StatusReason,
  WrapUpCode,
} from './views';
import * as views from './views';

export * from './views';

export interface Settings {
  codes: WrapUpCode[];
  reasons: StatusReason[];
  replies: QuickReply[];
  intents: IntentName[];
}

export interface Snapshot extends Settings {
  cursor: string;
  /** Null for a person who is no agent, such as a supervisor. */
  agent: AgentView | null;
  offers: Offer[];
  contacts: Contact[];
  queues: Queue[];
  agents: Colleague[];
  profiles: Profile[];
}

export type ServerFrame =
  | ({ type: 'snapshot' } & Snapshot)
  | ({ type: 'settings' } & Settings)
  | ({ type: 'floor' } & FloorFrame)
  | { type: 'agent'; agent: AgentView }
  | { type: 'colleagues'; agents: Colleague[]; whole: boolean }
  | { type: 'offer'; offer: Offer }
  | { type: 'contact'; contact: Contact }
  | { type: 'message'; contact: string; message: Message }
  | { type: 'marked'; conversation: string; message: string; state: MessageState }
  /** Removed is a queue that this person is told of no longer. */
  | { type: 'queue'; queue: Queue; removed: boolean }
  | { type: 'typing'; contact: string; author: Author; agent: string }
  | { type: 'profile'; profile: Profile }
  | { type: 'logged_out'; by: string }
  | { type: 'accepted'; request: string }
  | { type: 'error'; request: string; code: string; reason: string; text: string }
  | { type: 'pong' };

/**
 * What an agent asks for. Each is sent with a `request` id, and again with the same id until it is accepted. A field that may be
 * missing is missing where it would say nothing.
 */
export type Command =
  | { type: 'status'; status: Status; reason: string; when_free?: true }
  | { type: 'answer'; offer: string; accept: boolean }
  | { type: 'send'; contact: string; text: string; attachments?: { file: string; name: string }[]; internal?: true }
  | { type: 'end'; contact: string }
  | { type: 'wrap_up'; contact: string; code: string; note?: string }
  | { type: 'transfer'; contact: string; queue?: string; agent?: string; note?: string }
  | { type: 'close'; conversation: string }
  | { type: 'read'; contact: string; sequence: number }
  | {
      type: 'profile';
      customer: string;
      tier: string;
      language: string;
      tags: string[];
      name: string;
      fields: Record<string, string>;
      base_version: number;
    }
  | { type: 'watch_floor' | 'watch_colleagues'; on: boolean }
  | { type: 'set_status'; agent: string; status: Status; reason?: string; log_out?: true }
  | { type: 'move'; contact: string; queue: string }
  | { type: 'priority'; contact: string; priority: number };

type Readers = { [T in ServerFrame['type']]: (v: Json) => Omit<Extract<ServerFrame, { type: T }>, 'type'> };

const settings = (v: Json): Settings => ({
  codes: list(v.codes, views.readCode),
  reasons: list(v.reasons, views.readReason),
  replies: list(v.replies, views.readReply),
  intents: list(v.intents, views.readIntentName),
});

const readers: Readers = {
  snapshot: (v) => ({
    ...settings(v),
    cursor: text(v.cursor),
    agent: v.agent ? views.readAgent(v.agent) : null,
    offers: list(v.offers, views.readOffer),
    contacts: list(v.contacts, views.readContact),
    queues: list(v.queues, views.readQueue),
    agents: list(v.agents, views.readColleague),
    profiles: list(v.profiles, views.readProfile),
  }),
  settings,
  floor: readFloor,
  agent: (v) => ({ agent: views.readAgent(v.agent) }),
  colleagues: (v) => ({ agents: list(v.agents, views.readColleague), whole: v.whole === true }),
  offer: (v) => ({ offer: views.readOffer(v.offer) }),
  contact: (v) => ({ contact: views.readContact(v.contact) }),
  message: (v) => ({ contact: text(v.contact), message: views.readMessage(v.message) }),
  marked: (v) => ({
    conversation: text(v.conversation),
    message: text(v.message),
    state: oneOf(v.state, views.messageStates, ''),
  }),
  queue: (v) => ({ queue: views.readQueue(v.queue), removed: flag(object(v.queue).removed) }),
  typing: (v) => ({ contact: text(v.contact), author: oneOf(v.author, views.authors, 'customer'), agent: text(v.agent) }),
  profile: (v) => ({ profile: views.readProfile(v.profile) }),
  logged_out: (v) => ({ by: text(v.by_name) || text(v.by) }),
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
