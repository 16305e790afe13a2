// What the floor looks like, as a pure function of its frames.
import type { FloorAgent, FloorContact, FloorFrame, FloorQueue, Named } from '../wire/floor';

type ById<T> = Readonly<Record<string, T>>;

export interface Floor {
  /** False until the first whole frame. */
  readonly ready: boolean;
  readonly agents: ById<FloorAgent>;
  readonly queues: ById<FloorQueue>;
  readonly contacts: ById<FloorContact>;
  readonly teams: readonly Named[];
}

export const emptyFloor: Floor = { ready: false, agents: {}, queues: {}, contacts: {}, teams: [] };

function merged<T extends { id: string }>(had: ById<T>, more: readonly T[]): ById<T> {
  return more.length === 0 ? had : { ...had, ...Object.fromEntries(more.map((one) => [one.id, one])) };
}

export function takeFloor(floor: Floor, frame: FloorFrame): Floor {
  const from = frame.whole ? emptyFloor : floor;
  const contacts = merged(from.contacts, frame.contacts);
  const open = frame.contacts.some((c) => c.state === 'ended')
    ? Object.fromEntries(Object.entries(contacts).filter(([, c]) => c.state !== 'ended'))
    : contacts;
  return {
    ready: floor.ready || frame.whole,
    agents: merged(from.agents, frame.agents),
    queues: merged(from.queues, frame.queues),
    contacts: open,
    teams: frame.teams.length > 0 || frame.whole ? frame.teams : floor.teams,
  };
}

export interface Filter {
  team: string;
  queue: string;
  words: string;
}

export const noFilter: Filter = { team: '', queue: '', words: '' };

const order = { available: 0, away: 1, break: 2, offline: 3 } as const;

function matches(words: string, ...texts: string[]): boolean {
  const wanted = words.trim().toLowerCase();
  return wanted === '' || texts.some((one) => one.toLowerCase().includes(wanted));
}

/** Who is on the floor, those at work first. */
export function agentsOf(floor: Floor, filter: Filter): FloorAgent[] {
  return Object.values(floor.agents)
    .filter((a) => !filter.team || a.team === filter.team)
    .filter((a) => !filter.queue || a.queues.includes(filter.queue))
    .filter((a) => matches(filter.words, a.name, a.id))
    .sort((a, b) => order[a.status] - order[b.status] || (a.name < b.name ? -1 : 1));
}

/** The queues, the one with the longest wait first. */
export function queuesOf(floor: Floor, filter: Filter): FloorQueue[] {
  const waits = (q: FloorQueue) => (q.waiting > 0 && q.oldest_ms > 0 ? q.oldest_ms : Number.MAX_SAFE_INTEGER);
  return Object.values(floor.queues)
    .filter((q) => !filter.queue || q.id === filter.queue)
    .sort((a, b) => waits(a) - waits(b) || (a.name < b.name ? -1 : 1));
}

/** Held by an agent whom this supervisor does not see: one of another team. */
export const isElsewhere = (c: FloorContact): boolean => c.state === 'assigned' && !c.agent;

/** What waits, in the order in which it would be taken as far as one can tell; then what is held, the longest first. */
export function contactsOf(floor: Floor, filter: Filter): FloorContact[] {
  const waits = (c: FloorContact) => c.state === 'queued';
  return Object.values(floor.contacts)
    .filter((c) => !filter.queue || c.queue === filter.queue)
    .filter((c) => !filter.team || waits(c) || floor.agents[c.agent]?.team === filter.team)
    .filter((c) =>
      matches(filter.words, c.customer_name, c.customer, c.intent, floor.agents[c.agent || c.offered_to]?.name ?? ''),
    )
    .sort(
      (a, b) =>
        Number(waits(b)) - Number(waits(a)) ||
        (waits(a) ? b.priority - a.priority || a.enqueued_ms - b.enqueued_ms : a.assigned_ms - b.assigned_ms) ||
        (a.id < b.id ? -1 : 1),
    );
}
