// What the widget knows, as a pure function of frames and wishes. Messages are a set by id: repeats change nothing, and their
// order of arrival does not matter. What the customer wrote stays in `going` until the server has it.
import type { ChatFrame, ChatMessage, ChatState } from './frames';

export interface Going {
  readonly id: string;
  readonly text: string;
  readonly sent_ms: number;
  readonly state: 'pending' | 'accepted' | 'failed';
  readonly code: string;
}

export interface Chat {
  /** False until the first history came. */
  readonly ready: boolean;
  readonly state: ChatState;
  readonly messages: Readonly<Record<string, ChatMessage>>;
  readonly going: readonly Going[];
  /** The id of a wish to end the chat that is not accepted yet. */
  readonly ending: string;
  /** When the newest message that the customer has seen was sent. */
  readonly seen: number;
}

export const emptyChat: Chat = { ready: false, state: 'none', messages: {}, going: [], ending: '', seen: 0 };

/** How many known messages are asked for again at a reconnect, in case one of them was overtaken. */
const overlap = 20;

export function take(chat: Chat, frame: ChatFrame): Chat {
  switch (frame.type) {
    case 'history':
      return addMessages({ ...chat, ready: true, state: frame.state }, frame.messages);
    case 'message':
      return addMessages(chat, [frame.message]);
    case 'state':
      return { ...chat, state: frame.state, ending: frame.state === 'ended' ? '' : chat.ending };
    case 'accepted':
      return {
        ...chat,
        ending: frame.id === chat.ending ? '' : chat.ending,
        going: chat.going.map((g) => (g.id === frame.id ? { ...g, state: 'accepted' as const } : g)),
      };
    case 'error':
      return {
        ...chat,
        ending: frame.id === chat.ending ? '' : chat.ending,
        going: chat.going.map((g) => (g.id === frame.id ? { ...g, state: 'failed' as const, code: frame.code } : g)),
      };
    default:
      return chat;
  }
}

function addMessages(chat: Chat, more: readonly ChatMessage[]): Chat {
  const fresh = more.filter((m) => m.id && !(m.id in chat.messages));
  const came = new Set(more.map((m) => m.client_id).filter(Boolean));
  const going = chat.going.filter((g) => !came.has(g.id));
  if (fresh.length === 0 && going.length === chat.going.length) return chat;
  const messages = { ...chat.messages };
  for (const m of fresh) messages[m.id] = m;
  return { ...chat, messages, going };
}

export function say(chat: Chat, id: string, text: string, sent_ms: number): Chat {
  if (chat.going.some((g) => g.id === id)) return chat;
  return { ...chat, going: [...chat.going, { id, text, sent_ms, state: 'pending', code: '' }] };
}

export function sayAgain(chat: Chat, id: string): Chat {
  return { ...chat, going: chat.going.map((g) => (g.id === id ? { ...g, state: 'pending' as const, code: '' } : g)) };
}

/**
 * The messages as they were said. Sequences count within a conversation, and one page may live through several: a sequence that
 * begins again, or comes twice, begins the next one. Within a conversation the sequence counts, between them the time.
 */
export function inOrder(chat: Chat): ChatMessage[] {
  return conversations(chat).flat();
}

function conversations(chat: Chat): ChatMessage[][] {
  const byTime = Object.values(chat.messages).sort(
    (a, b) => a.sent_ms - b.sent_ms || a.sequence - b.sequence || (a.id < b.id ? -1 : 1),
  );
  const groups: ChatMessage[][] = [];
  for (const m of byTime) {
    const last = groups.at(-1);
    const apart =
      last && (last.some((o) => o.sequence === m.sequence) || (m.sequence === 1 && m.sent_ms - (last[0]?.sent_ms ?? 0) > skew));
    if (!last || apart) groups.push([m]);
    else last.push(m);
  }
  for (const group of groups) group.sort((a, b) => a.sequence - b.sequence);
  return groups;
}

/** How far the clocks of two servers may be apart. */
const skew = 5_000;

export function newest(chat: Chat): ChatMessage | undefined {
  return conversations(chat).at(-1)?.at(-1);
}

/** From where to ask for messages after a reconnect. */
export function resumeAt(chat: Chat): number {
  return Math.max(0, (newest(chat)?.sequence ?? 0) - overlap);
}

export function unseen(chat: Chat): number {
  return Object.values(chat.messages).filter((m) => m.author !== 'customer' && m.sent_ms > chat.seen).length;
}
