import { expect, test } from 'vitest';
import { addressOf, chaptersOf, conversationIn, joinSaid, readHead, readSaid, spanOf } from '../src/conversation/head';

const said = (n: number, contact = '', at = n * 1_000) =>
  readSaid({ id: `m${n}`, sequence: n, author: 'customer', text: String(n), sent_ms: at, contact });

const contact = (id: string, started_ms: number, more: object = {}) => ({ id, started_ms, state: 'ended', ...more });

test('an address names one conversation, and what is no address names none', () => {
  expect(conversationIn('/conversations/0a.b-c_d')).toBe('0a.b-c_d');
  expect(conversationIn('/conversations/a/')).toBe('a');
  expect(conversationIn(addressOf('a/b c'))).toBe('a/b c');
  for (const path of [
    '/',
    '/conversations',
    '/conversations/',
    '/conversations/a/b',
    '/x/conversations/a',
    '/conversations/%E0%A4%A',
  ])
    expect(conversationIn(path), path).toBe('');
});

test('a head is read in the order of time, whatever is missing', () => {
  const head = readHead({
    id: 'c',
    customer: 'who',
    contacts: [
      contact('two', 5_000, { ended_ms: 9_000 }),
      contact('one', 1_000, { ended_ms: 4_000, queue: 'q', waits: [{ queue: 'q', outcome: 'answered', wait_ms: '12' }, 7] }),
    ],
  });
  expect(head.contacts.map((c) => c.id)).toEqual(['one', 'two']);
  expect(head.contacts[0]?.queue_name).toBe('q');
  expect(head.contacts[0]?.waits.map((w) => [w.queue_name, w.outcome, w.wait_ms])).toEqual([
    ['q', 'answered', 12],
    ['', 'waiting', 0],
  ]);
  expect(spanOf(head.contacts)).toEqual({ from_ms: 1_000, to_ms: 9_000 });
  expect(readHead(null)).toEqual({ id: '', customer: '', contacts: [], intents: [] });
  expect(spanOf([])).toEqual({ from_ms: 0, to_ms: 0 });
});

test('who is still there has no end', () => {
  const head = readHead({ contacts: [contact('a', 1, { ended_ms: 5 }), contact('b', 6, { state: 'assigned' })] });
  expect(spanOf(head.contacts).to_ms).toBe(0);
});

test('pages join without doubles, in any order', () => {
  const newer = [said(3), said(4)];
  const joined = joinSaid(newer, [said(2), said(1), said(3)]);
  expect(joined.map((m) => m.sequence)).toEqual([1, 2, 3, 4]);
  expect(joinSaid(joined, joined)).toEqual(joined);
});

test('messages stand with their contact, named or by time', () => {
  const { contacts } = readHead({ contacts: [contact('one', 1_000), contact('two', 5_000)] });
  const by = (...messages: ReturnType<typeof said>[]) =>
    chaptersOf(contacts, messages).map((c) => [c.contact?.id, c.messages.map((m) => m.sequence)]);
  expect(by(said(1, '', 500), said(2, '', 4_999), said(3, '', 5_000))).toEqual([
    ['one', [1, 2]],
    ['two', [3]],
  ]);
  expect(by(said(1, 'two', 500), said(2, 'unknown', 4_000))).toEqual([
    ['two', [1]],
    ['one', [2]],
  ]);
  expect(chaptersOf([], [said(1), said(2)]).map((c) => [c.contact, c.messages.length])).toEqual([[undefined, 2]]);
});
