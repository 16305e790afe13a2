import { expect, test } from 'vitest';
import { addressOf, chaptersOf, conversationIn, joinSaid, readHead, readSaid, spanOf } from '../src/conversation/head';
import { askFor, headOfRows, mostRows, rowsOf } from '../src/conversation/rows';

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
  expect(readHead(null)).toEqual({ id: '', customer: '', contacts: [], intents: [], partial: false });
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

test('where no head is told, it is put together from the lists behind the numbers', () => {
  const list = (ref: string, names: string, ...rows: unknown[][]) => ({
    ref,
    columns: names.split(' ').map((name) => ({ name, type: '' })),
    rows,
    truncated: false,
  });
  const answer = {
    results: [
      list(
        'waits',
        'contact conversation queue channel agent outcome reason next_queue since_ms enqueued_ms left_ms wait_ms',
        ['k', 'c', 'help', 'webchat', 'mei', 'answered', '', '', 100, 150, 170, 20],
        ['k', 'c', 'orders', 'webchat', '', 'flowed_out', 'too_long', 'help', 100, 100, 150, 50],
        ['other', 'd', 'orders', 'webchat', '', 'waiting', '', '', 1, 1, 0, 0],
        ['gone', 'c', 'orders', 'webchat', '', 'abandoned', '', '', 10, 10, 60, 50],
      ),
      list(
        'talks',
        'contact conversation queue agent channel state initiation end_reason code intent survey assigned_ms ended_ms wrapped_ms',
        ['k', 'c', 'help', 'mei', 'webchat', 'ended', 'transfer', 'customer', 'resolved', 'late', 0, 170, 500, 600],
      ),
      list('intents', 'contact conversation intent confidence language guesses guess_confidences at_ms', [
        'k',
        'c',
        'late',
        900,
        'en',
        ['late', 'x'],
        [900, 50],
        120,
      ]),
      list('surveys', 'contact conversation queue agent score at_ms', ['k', 'c', 'help', 'mei', 4, 700]),
    ],
  };
  const me = {
    queues: [{ id: 'help', name: 'Help' }],
    agents: [{ id: 'mei', name: 'Mei' }],
    intents: [{ id: 'late', names: { zh: '晚' } }],
  };
  const head = headOfRows('c', rowsOf('c', answer), me);
  expect(head.contacts.map((c) => [c.id, c.state, c.end_reason, c.ended_ms])).toEqual([
    ['gone', 'ended', 'abandoned', 60],
    ['k', 'ended', 'customer', 500],
  ]);
  const k = head.contacts[1];
  expect([k?.queue_name, k?.agent_name, k?.initiation, k?.code, k?.confidence, k?.survey]).toEqual([
    'Help',
    'Mei',
    'transfer',
    'resolved',
    900,
    4,
  ]);
  expect(k?.waits.map((w) => [w.queue_name, w.outcome, w.next_queue_name])).toEqual([
    ['orders', 'flowed_out', 'Help'],
    ['Help', 'answered', ''],
  ]);
  expect(k?.guesses).toEqual([
    { intent: 'late', confidence: 900 },
    { intent: 'x', confidence: 50 },
  ]);
  expect([head.partial, head.intents[0]?.zh]).toEqual([false, '晚']);
  expect(rowsOf('c', { results: [{ ref: 'waits', error: { code: 'unavailable' } }] }).partial).toBe(true);
  for (const ask of askFor(1_000, 2_000)) expect(ask).toHaveProperty('params.count', mostRows);
});
