// The floor as a supervisor sees it: whole once, then what changed.

import { flag, type Json, list, number, object, oneOf, text } from './read';
import { type Activity, activities, type Status, statuses } from './views';

export interface FloorAgent {
  id: string;
  name: string;
  team: string;
  status: Status;
  reason: string;
  next_status: string;
  activity: Activity;
  connected: boolean;
  since_ms: number;
  contacts: string[];
  capacity: number;
  by: string;
  queues: string[];
}

export interface FloorQueue {
  id: string;
  name: string;
  waiting: number;
  oldest_ms: number;
  staffed: number;
  open: boolean;
}

export interface FloorContact {
  id: string;
  customer: string;
  customer_name: string;
  channel: string;
  queue: string;
  agent: string;
  state: 'queued' | 'assigned' | 'ended';
  priority: number;
  /** Since when the customer waits in all, and since when in this queue. */
  enqueued_ms: number;
  entered_ms: number;
  assigned_ms: number;
  intent: string;
  language: string;
  tier: string;
  /** While it rings, at whom. */
  offered_to: string;
  /** While it waits, why nobody could take it. */
  reason: string;
}

export interface Named {
  id: string;
  name: string;
}

export interface FloorFrame {
  whole: boolean;
  agents: FloorAgent[];
  queues: FloorQueue[];
  contacts: FloorContact[];
  teams: Named[];
}

function readAgent(value: unknown): FloorAgent {
  const v = object(value);
  return {
    id: text(v.id),
    name: text(v.name) || text(v.id),
    team: text(v.team),
    status: oneOf(v.status, statuses, 'offline'),
    reason: text(v.reason),
    next_status: text(v.next_status),
    activity: oneOf(v.activity, activities, 'idle'),
    connected: flag(v.connected),
    since_ms: number(v.since_ms),
    contacts: list(v.contacts, text),
    capacity: number(v.capacity),
    by: text(v.by),
    queues: list(v.queues, text),
  };
}

function readQueue(value: unknown): FloorQueue {
  const v = object(value);
  return {
    id: text(v.id),
    name: text(v.name) || text(v.id),
    waiting: number(v.waiting),
    oldest_ms: number(v.oldest_ms),
    staffed: number(v.staffed),
    open: v.open === undefined || flag(v.open),
  };
}

function readContact(value: unknown): FloorContact {
  const v = object(value);
  return {
    id: text(v.id),
    customer: text(v.customer),
    customer_name: text(v.customer_name),
    channel: text(v.channel),
    queue: text(v.queue),
    agent: text(v.agent),
    state: oneOf(v.state, ['queued', 'assigned', 'ended'] as const, 'ended'),
    priority: number(v.priority),
    enqueued_ms: number(v.enqueued_ms),
    entered_ms: number(v.entered_ms) || number(v.enqueued_ms),
    assigned_ms: number(v.assigned_ms),
    intent: text(v.intent),
    language: text(v.language),
    tier: text(v.tier),
    offered_to: text(v.offered_to),
    reason: text(v.reason),
  };
}

export function readFloor(v: Json): FloorFrame {
  return {
    whole: flag(v.whole),
    agents: list(v.agents, readAgent),
    queues: list(v.queues, readQueue),
    contacts: list(v.contacts, readContact),
    teams: list(v.teams, (item) => {
      const t = object(item);
      return { id: text(t.id), name: text(t.name) || text(t.id) };
    }),
  };
}
