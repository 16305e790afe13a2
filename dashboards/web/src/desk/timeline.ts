// Everything a customer said, as contacts in the order of time: what the view holds live, and what was fetched of before. Pure.
import type { Message } from '../wire/frames';
import { type ContactFacts, type DeskState, inOrder, mergeMessages } from './state';

/** A contact of before, as the history tells it. */
export interface PastContact {
  id: string;
  channel: string;
  queue: string;
  queue_name: string;
  agent: string;
  agent_name: string;
  started_ms: number;
  ended_ms: number;
  end_reason: string;
  code: string;
  intent: string;
  survey: number;
}

export interface PastMessage extends Message {
  contact: string;
  conversation: string;
  channel: string;
}

export interface History {
  messages: readonly PastMessage[];
  contacts: readonly PastContact[];
}

export const noHistory: History = { messages: [], contacts: [] };

/** The messages of one contact, with what is known of it. */
export interface Chapter {
  contact: string;
  conversation: string;
  channel: string;
  messages: Message[];
  past: PastContact | undefined;
  from_ms: number;
}

export function joinHistory(had: History, more: History): History {
  const seen = new Set(more.contacts.map((c) => c.id));
  return {
    messages: [...more.messages, ...had.messages],
    contacts: [...more.contacts, ...had.contacts.filter((c) => !seen.has(c.id))],
  };
}

/**
 * All chapters of a customer, the open contact last. A contact that was handed on brings along what was said in the one before:
 * that stands once, in the open one, where it can still be acted on.
 */
export function chapters(desk: DeskState, open: ContactFacts, history: History): Chapter[] {
  const byContact = new Map<string, { channel: string; conversation: string; messages: Record<string, Message> }>();
  const take = (contact: string, channel: string, conversation: string, messages: readonly Message[]) => {
    const had = byContact.get(contact);
    byContact.set(contact, {
      channel: channel || had?.channel || '',
      conversation: conversation || had?.conversation || '',
      messages: { ...mergeMessages(had?.messages ?? {}, messages) },
    });
  };
  const carried = new Set(Object.keys(desk.messages[open.id] ?? {}));
  for (const m of history.messages)
    if (m.contact === open.id || !carried.has(m.id)) take(m.contact || open.id, m.channel, m.conversation, [m]);
  for (const [id, messages] of Object.entries(desk.messages)) {
    const facts = desk.contacts[id];
    const said = Object.values(messages).filter((m) => id === open.id || !carried.has(m.id));
    if (id === open.id || (facts?.customer === open.customer && said.length > 0))
      take(id, facts?.channel ?? '', facts?.conversation ?? '', said);
  }
  const about = new Map(history.contacts.map((c) => [c.id, c]));
  const all = [...byContact].map(([contact, one]): Chapter => {
    const messages = inOrder(Object.values(one.messages));
    const past = about.get(contact);
    const from = past?.started_ms || desk.contacts[contact]?.started_ms || messages[0]?.sent_ms || 0;
    const { conversation } = one;
    return { contact, conversation, channel: one.channel || past?.channel || '', messages, past, from_ms: from };
  });
  const last = (c: Chapter) => Number(c.contact === open.id);
  return all.sort((a, b) => last(a) - last(b) || a.from_ms - b.from_ms || (a.contact < b.contact ? -1 : 1));
}
