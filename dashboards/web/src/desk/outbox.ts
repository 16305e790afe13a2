// Wishes on their way: each is kept until the server says that it is in the log, and goes out again with the same request id
// after a reconnect, so that none is lost and none counts twice. What is in the log can still come too late: a message is kept
// until it is seen in the conversation, and fails when it is refused or not seen in time. Pure: the client brings time and the
// socket.
import type { Command } from '../wire/frames';

export interface Wish {
  readonly request: string;
  readonly command: Command;
  /** Wall time of the wish, for the screen. */
  readonly at_ms: number;
  readonly state: 'pending' | 'accepted' | 'failed';
  readonly code: string;
  /** Why, where the code is `refused`. */
  readonly reason: string;
  readonly text: string;
  /** How often it went out on the present socket, and when it may go again (0: at once); accepted, when it must be seen. */
  readonly tries: number;
  readonly again_at: number;
}

export type Outbox = readonly Wish[];

const firstRepeat = 4_000;
const longestRepeat = 30_000;
const mostRefusals = 5;
/** How long an accepted message may take to be seen, while there is a socket to see it by. */
export const seenWithin = 10_000;

/** Refusals that pass by themselves: the wish is tried again. */
const passing = new Set(['unavailable', 'transient', 'internal', 'rate', 'rate_limited', 'timeout']);

export function wish(request: string, command: Command, at_ms: number): Wish {
  return { request, command, at_ms, state: 'pending', code: '', reason: '', text: '', tries: 0, again_at: 0 };
}

export function add(box: Outbox, one: Wish): Outbox {
  return box.some((w) => w.request === one.request) ? box : [...box, one];
}

/**
 * The wishes that should go out now, oldest first. What was said in a conversation goes one at a time: had one been refused for a
 * while and the next one taken, they would stand in the wrong order. Its end and its transfer wait for what was said before.
 */
export function due(box: Outbox, now: number): Wish[] {
  const said = new Set<string>();
  return box.filter((w) => {
    if (w.state !== 'pending') return false;
    const { command } = w;
    if (command.type !== 'send' && command.type !== 'end' && command.type !== 'transfer') return w.again_at <= now;
    const first = !said.has(command.contact);
    if (command.type === 'send') said.add(command.contact);
    return first && w.again_at <= now;
  });
}

/** Notes that a wish went out: it goes again, later each time, if nothing is heard of it. */
export function wentOut(box: Outbox, request: string, now: number): Outbox {
  return change(box, request, (w) => ({
    ...w,
    tries: w.tries + 1,
    again_at: now + Math.min(longestRepeat, firstRepeat * 2 ** Math.min(w.tries, 5)),
  }));
}

/** A new socket knows nothing of what went out on the old one, and shows in its own time what was accepted there. */
export function reconnected(box: Outbox, now: number): Outbox {
  return box.map((w) => {
    if (w.state === 'pending') return { ...w, tries: 0, again_at: 0 };
    return w.state === 'accepted' ? { ...w, again_at: now + seenWithin } : w;
  });
}

/** Accepted messages stay, as sent, until the message itself comes; everything else is done. A refusal may overtake this. */
export function accepted(box: Outbox, request: string, now: number): Outbox {
  return box.flatMap((w) => {
    if (w.request !== request || (w.state === 'failed' && w.code === 'refused')) return [w];
    if (w.command.type !== 'send') return [];
    return [{ ...w, state: 'accepted' as const, code: '', reason: '', text: '', again_at: now + seenWithin }];
  });
}

export function refused(box: Outbox, request: string, code: string, text: string, now: number, reason = ''): Outbox {
  return change(box, request, (w) => {
    if (passing.has(code) && w.tries < mostRefusals) return { ...w, code, text, again_at: now + 1_000 * 2 ** w.tries };
    return { ...w, state: 'failed', code, reason, text };
  });
}

/** Fails what was accepted and is not seen in time: somebody must look at it. Should it be seen after all, it is done. */
export function overdue(box: Outbox, now: number): Outbox {
  const late = (w: Wish) => w.state === 'accepted' && w.again_at <= now;
  return box.some(late) ? box.map((w) => (late(w) ? { ...w, state: 'failed', code: 'unseen' } : w)) : box;
}

/** Tries a failed wish once more, under its old id: had it arrived after all, it would not count twice. */
export function retry(box: Outbox, request: string): Outbox {
  return change(box, request, (w) => ({ ...w, state: 'pending', code: '', reason: '', text: '', tries: 0, again_at: 0 }));
}

export function drop(box: Outbox, request: string): Outbox {
  return box.filter((w) => w.request !== request);
}

/** Drops the wishes whose message is on the screen. */
export function arrived(box: Outbox, clientIds: ReadonlySet<string>): Outbox {
  return box.some((w) => clientIds.has(w.request)) ? box.filter((w) => !clientIds.has(w.request)) : box;
}

/** What is worth keeping over a reload: what was said and done, not the moods of the last minute. */
export function lasting(box: Outbox): Outbox {
  const momentary = new Set(['status', 'answer', 'read', 'set_status', 'move', 'priority']);
  return box.filter((w) => !momentary.has(w.command.type));
}

function change(box: Outbox, request: string, to: (w: Wish) => Wish): Outbox {
  return box.map((w) => (w.request === request ? to(w) : w));
}
