// Older messages and decisions, which come from the warehouse by named query and may be late.
import { inOrder } from '../desk/state';
import type { History, PastContact, PastMessage } from '../desk/timeline';
import { type Message, type Offer, readMessage, readOffer } from '../wire/frames';
import { flag, list, number, object, text } from '../wire/read';
import { createStore, type Store } from '../wire/store';
import { call, conversationsOf, type PastConversation, Refused } from './http';

export type Fetched<T> = { state: 'loading' } | { state: 'late' } | { state: 'failed' } | { state: 'there'; value: T };

export async function messagesOf(conversation: string): Promise<Message[]> {
  const answer = await call('GET', `/api/conversations/${encodeURIComponent(conversation)}/messages`);
  return inOrder(list(answer.messages ?? answer.items, readMessage));
}

/** A page of everything a customer said and heard on any channel, and where the page before it begins ('' at the beginning). */
export async function pageOf(customer: string, before: string): Promise<{ page: History; next: string }> {
  const query = before ? `?before=${encodeURIComponent(before)}` : '';
  const answer = await call('GET', `/api/customers/${encodeURIComponent(customer)}/messages${query}`);
  const messages = list(answer.messages, (item): PastMessage => {
    const v = object(item);
    return { ...readMessage(item), contact: text(v.contact), conversation: text(v.conversation), channel: text(v.channel) };
  });
  const contacts = list(answer.contacts, (item): PastContact => {
    const v = object(item);
    return {
      id: text(v.id),
      channel: text(v.channel),
      queue: text(v.queue),
      queue_name: text(v.queue_name) || text(v.queue),
      agent: text(v.agent),
      agent_name: text(v.agent_name) || text(v.agent),
      started_ms: number(v.started_ms),
      ended_ms: number(v.ended_ms),
      end_reason: text(v.end_reason),
      code: text(v.wrap_up_name) || text(v.wrap_up_code),
      intent: text(v.intent),
      survey: number(v.survey),
    };
  });
  return { page: { messages, contacts }, next: text(answer.next) };
}

export async function decisionsOf(contact: string): Promise<Offer[]> {
  const answer = await call('GET', `/api/contacts/${encodeURIComponent(contact)}/decisions`);
  return list(answer.decisions ?? answer.items, readDecision).sort((a, b) => a.offered_ms - b.offered_ms);
}

// The warehouse gives candidates as columns, the socket as a list.
function readDecision(value: unknown): Offer {
  const v = object(value);
  const offer = readOffer({ ...v, id: v.id ?? v.offer });
  if (!Array.isArray(v.candidate_agents)) return offer;
  const column = (name: string) => list(v[name], (item) => item);
  const [chosen, reasons, scores] = [column('candidate_chosen'), column('candidate_reasons'), column('candidate_scores')];
  const why = list(v.candidate_agents, text).map((agent, i) => ({
    agent,
    name: agent,
    chosen: flag(chosen[i]),
    reason: text(reasons[i]),
    score: number(scores[i]),
  }));
  return { ...offer, why };
}

function why(error: unknown): Fetched<never> {
  const late = error instanceof Refused && (error.code === 'history_late' || error.status === 503 || error.status === 0);
  return { state: late ? 'late' : 'failed' };
}

/** Keeps what was fetched by key, asks once at a time, and can be asked again when it came late. */
export class Shelf<T> {
  private readonly stores = new Map<string, Store<Fetched<T>>>();

  constructor(private readonly fetch: (key: string) => Promise<T>) {}

  get(key: string): Store<Fetched<T>> {
    let store = this.stores.get(key);
    if (!store) {
      store = createStore<Fetched<T>>({ state: 'loading' });
      this.stores.set(key, store);
      if (key) void this.load(key);
    }
    return store;
  }

  again(key: string): void {
    if (this.get(key).get().state === 'loading') return;
    void this.load(key);
  }

  private async load(key: string): Promise<void> {
    const store = this.get(key);
    if (store.get().state !== 'there') store.set({ state: 'loading' });
    try {
      store.set({ state: 'there', value: await this.fetch(key) });
    } catch (error) {
      if (store.get().state !== 'there') store.set(why(error));
    }
  }
}

export interface Shelves {
  conversations: Shelf<PastConversation[]>;
  messages: Shelf<Message[]>;
  decisions: Shelf<Offer[]>;
}

export function createShelves(): Shelves {
  return {
    conversations: new Shelf(conversationsOf),
    messages: new Shelf(messagesOf),
    decisions: new Shelf(decisionsOf),
  };
}
