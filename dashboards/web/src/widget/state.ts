// What the widget knows, as a pure function of frames and wishes. Messages are a set by id: repeats change nothing, and their
// order of arrival does not matter. What the customer wrote stays in `going` until the server has it.
import type { Attached, ChatFrame, ChatMessage, ChatState } from './frames';

export interface Going {
  readonly id: string;
  readonly text: string;
  readonly sent_ms: number;
  readonly state: 'pending' | 'accepted' | 'failed';
  readonly code: string;
  readonly attachments?: readonly Attached[];
  /** Answers to what was asked before the chat. */
  readonly form?: Readonly<Record<string, string>>;
  /** It was written while nobody serves. */
  readonly left?: boolean;
}

/** What goes with the words of a message. */
export type With = Pick<Going, 'attachments' | 'form' | 'left'>;

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
  /** The last message of the newest conversation that the agent has read. */
  readonly read: number;
  /** Counts the agent's signs of writing; whoever draws them forgets each after a while. Even numbers are none. */
  readonly typing: number;
  /** The contact that the customer is asked about. */
  readonly survey: string;
  /** What the server said of the form: by question, and '' for the whole. */
  readonly wrong: Readonly<Record<string, string>>;
}

export const emptyChat: Chat = {
  ready: false,
  state: 'none',
  messages: {},
  going: [],
  ending: '',
  seen: 0,
  read: 0,
  typing: 0,
  survey: '',
  wrong: {},
};

/** How many known messages are asked for again at a reconnect, in case one of them was overtaken. */
const overlap = 20;

export function take(chat: Chat, frame: ChatFrame): Chat {
  switch (frame.type) {
    case 'history': {
      const known = addMessages({ ...chat, ready: true, state: frame.state, typing: quiet(chat) }, frame.messages);
      return { ...known, read: frame.read, survey: frame.survey };
    }
    case 'message':
      return addMessages(frame.message.author === 'customer' ? chat : { ...chat, typing: quiet(chat) }, [frame.message]);
    case 'state': {
      const begins = frame.state === 'waiting' || frame.state === 'assigned';
      return {
        ...chat,
        state: frame.state,
        ending: frame.state === 'ended' ? '' : chat.ending,
        survey: begins ? '' : chat.survey,
        typing: quiet(chat),
      };
    }
    case 'typing':
      return { ...chat, typing: quiet(chat) + 1 };
    case 'read':
      return { ...chat, read: Math.max(chat.read, frame.sequence) };
    case 'survey':
      return { ...chat, survey: frame.contact };
    case 'accepted':
      return {
        ...chat,
        ending: frame.id === chat.ending ? '' : chat.ending,
        going: chat.going.map((g) => (g.id === frame.id ? { ...g, state: 'accepted' as const } : g)),
        wrong: chat.going.some((g) => g.id === frame.id && g.form) ? {} : chat.wrong,
      };
    case 'error':
      return {
        ...chat,
        ending: frame.id === chat.ending ? '' : chat.ending,
        going: chat.going.map((g) => (g.id === frame.id ? { ...g, state: 'failed' as const, code: frame.code } : g)),
        wrong: frame.code === 'form' && frame.id ? { [frame.field]: frame.text } : chat.wrong,
      };
    default:
      return chat;
  }
}

/** The next even number: nobody writes. */
export function quiet(chat: Chat): number {
  return chat.typing + (chat.typing % 2);
}

function addMessages(chat: Chat, more: readonly ChatMessage[]): Chat {
  const fresh = more.filter((m) => m.id && !(m.id in chat.messages));
  const came = new Set(more.map((m) => m.client_id).filter(Boolean));
  const going = chat.going.filter((g) => !came.has(g.id));
  if (fresh.length === 0 && going.length === chat.going.length) return chat;
  const messages = { ...chat.messages };
  for (const m of fresh) messages[m.id] = m;
  const next = { ...chat, messages, going };
  // Sequences of another conversation say nothing of this one's.
  const was = newest(chat)?.conversation;
  return was && was !== newest(next)?.conversation ? { ...next, read: 0 } : next;
}

export function say(chat: Chat, id: string, text: string, sent_ms: number, more: With = {}): Chat {
  if (chat.going.some((g) => g.id === id)) return chat;
  return { ...chat, going: [...chat.going, { id, text, sent_ms, state: 'pending', code: '', ...more }], wrong: {} };
}

/** Gives up what the server has not taken yet. Should it be there after all, it counts. */
export function giveUp(chat: Chat): Chat {
  const going = chat.going.map((g) => (g.state === 'pending' ? { ...g, state: 'failed' as const, code: 'ended' } : g));
  return { ...chat, going };
}

/** Takes back what was refused, to be written again. */
export function unsay(chat: Chat, id: string): Chat {
  return { ...chat, going: chat.going.filter((g) => g.id !== id) };
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
      last &&
      (conversationOf(last) && m.conversation
        ? conversationOf(last) !== m.conversation
        : last.some((o) => o.sequence === m.sequence) || (m.sequence === 1 && m.sent_ms - (last[0]?.sent_ms ?? 0) > skew));
    if (!last || apart) groups.push([m]);
    else last.push(m);
  }
  for (const group of groups) group.sort((a, b) => a.sequence - b.sequence);
  return groups;
}

const conversationOf = (group: readonly ChatMessage[]) => group[0]?.conversation ?? '';

/** How far the clocks of two servers may be apart. */
const skew = 5_000;

export function newest(chat: Chat): ChatMessage | undefined {
  return conversations(chat).at(-1)?.at(-1);
}

/** From where to ask for messages after a reconnect. */
export function resumeAt(chat: Chat): number {
  return Math.max(0, (newest(chat)?.sequence ?? 0) - overlap);
}

/** The last message of the customer that the agent has read, of those that are shown. */
export function lastRead(chat: Chat): string {
  const group = conversations(chat).at(-1) ?? [];
  return group.findLast((m) => m.author === 'customer' && m.sequence <= chat.read)?.id ?? '';
}

/** Whether somebody serves or will: what is written now belongs to a contact that runs. */
export function running(chat: Chat): boolean {
  return chat.state === 'waiting' || chat.state === 'assigned';
}

export function unseen(chat: Chat): number {
  return Object.values(chat.messages).filter((m) => m.author !== 'customer' && m.sent_ms > chat.seen).length;
}
