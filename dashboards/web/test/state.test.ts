import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  conversationMessages,
  type DeskState,
  emptyDesk,
  inOrder,
  markOf,
  myContacts,
  reduce,
  ringing,
  unread,
} from '../src/desk/state';
import { contactStates, readFrame, type ServerFrame } from '../src/wire/frames';

const frame = (value: object): ServerFrame => {
  const read = readFrame(JSON.stringify(value));
  if (!read) throw new Error('unknown frame');
  return read;
};
const fold = (frames: readonly ServerFrame[], from: DeskState = emptyDesk) => frames.reduce(reduce, from);
const me = { id: 'me', status: 'available', activity: 'busy', contacts: [] };
const snapshot = (contacts: object[] = [], offers: object[] = []) =>
  frame({ type: 'snapshot', cursor: '1', agent: me, offers, contacts, queues: [] });

// A history in which each frame is what a server would say: versions, ranks and ids name one content each.
const message = fc.record({
  contact: fc.constantFrom('c1', 'c2'),
  n: fc.integer({ min: 1, max: 6 }),
  state: fc.constantFrom('', 'sent', 'delivered', 'read', 'failed'),
});
const frames = fc.array(
  fc.oneof(
    message.map((m) => {
      const body = {
        id: `${m.contact}-${m.n}`,
        sequence: m.n,
        author: m.n % 2 ? 'customer' : 'agent',
        text: `t${m.n}`,
        state: m.state,
      };
      return frame({ type: 'message', contact: m.contact, message: body });
    }),
    message.map((m) => frame({ type: 'marked', conversation: 'v', message: `${m.contact}-${m.n}`, state: m.state })),
    fc.record({ id: fc.constantFrom('c1', 'c2'), version: fc.integer({ min: 1, max: 4 }) }).map(({ id, version }) => {
      const state = contactStates[version - 1];
      return frame({ type: 'contact', contact: { id, conversation: 'v', agent: 'me', version, state, assigned_ms: 5 } });
    }),
    fc
      .constantFrom('offered', 'accepted', 'timed_out')
      .map((state) => frame({ type: 'offer', offer: { id: 'o1', contact: 'c1', state, offered_ms: 1, expires_ms: 2 } })),
  ),
  { maxLength: 30 },
);

describe('the desk', () => {
  test('any order of frames, with any of them repeated, gives the same state', () => {
    fc.assert(
      fc.property(frames, fc.infiniteStream(fc.nat()), (history, random) => {
        const next = () => random.next().value as number;
        const doubled = history.flatMap((f) => (next() % 3 === 0 ? [f, f] : [f]));
        const shuffled = doubled.map((f) => ({ f, at: next() })).sort((a, b) => a.at - b.at);
        expect(fold(shuffled.map((s) => s.f))).toEqual(fold(history));
      }),
    );
  });

  test('a repeat changes nothing, not even the identity of the state', () => {
    fc.assert(
      fc.property(frames, (history) => {
        const state = fold(history);
        for (const f of history) expect(reduce(state, f)).toBe(state);
      }),
    );
  });

  test('a snapshot replaces what was there, but a mark never falls back', () => {
    const contact = (text: string, state: string) => ({
      id: 'c1',
      conversation: 'v',
      agent: 'me',
      state: 'assigned',
      version: 2,
      messages: [{ id: 'm1', sequence: 1, author: 'agent', text, state }],
    });
    let state = fold([snapshot([contact('a', 'sent'), { id: 'gone', state: 'assigned', agent: 'me', version: 1 }])]);
    state = fold([frame({ type: 'marked', conversation: 'v', message: 'm1', state: 'read' })], state);
    state = fold([snapshot([contact('a', 'delivered')])], state);
    expect(myContacts(state).map((c) => c.id)).toEqual(['c1']);
    expect(Object.values(state.messages.c1 ?? {}).map((m) => markOf(state, m))).toEqual(['read']);
  });

  test('an ended contact does not come back by an older frame', () => {
    const at = (version: number, state: string) => frame({ type: 'contact', contact: { id: 'c1', agent: 'me', version, state } });
    expect(myContacts(fold([snapshot(), at(2, 'assigned'), at(4, 'ended'), at(3, 'wrapping')]))).toEqual([]);
  });

  test('an offer stops ringing once it is answered', () => {
    const offer = (state: string) => frame({ type: 'offer', offer: { id: 'o', state } });
    expect(ringing(fold([offer('offered')]))).toHaveLength(1);
    expect(ringing(fold([offer('offered'), offer('rescinded'), offer('offered')]))).toHaveLength(0);
  });

  test('unread counts what the customer said after the mark, and a conversation joins its contacts', () => {
    const said = (contact: string, n: number, author: string) =>
      frame({ type: 'message', contact, message: { id: `m${n}`, sequence: n, author, text: 'x' } });
    const contact = (id: string, state: string) =>
      frame({ type: 'contact', contact: { id, conversation: 'v', agent: 'me', version: 1, state } });
    const state = fold([
      contact('c1', 'ended'),
      contact('c2', 'assigned'),
      said('c2', 3, 'customer'),
      said('c1', 1, 'customer'),
      said('c2', 2, 'agent'),
      said('c2', 4, 'customer'),
    ]);
    const c2 = state.contacts.c2;
    if (!c2) throw new Error('no contact');
    expect(unread(state, c2, 3)).toBe(1);
    expect(inOrder(Object.values(conversationMessages(state, c2))).map((m) => m.sequence)).toEqual([1, 2, 3, 4]);
  });
});

test('a queue that was removed leaves the list', () => {
  const queue = (id: string, more: object = {}) => frame({ type: 'queue', queue: { id, ...more } });
  const left = fold([queue('q'), queue('r'), queue('q', { removed: true })]);
  expect(left.queues.map((q) => q.id)).toEqual(['r']);
  expect(fold([queue('q', { removed: true })], left).queues).toEqual(left.queues);
});

describe('frames', () => {
  test('nothing that a server may send breaks the reader', () => {
    fc.assert(fc.property(fc.json(), (raw) => void readFrame(raw)));
    const types = fc.constantFrom(
      'snapshot',
      'agent',
      'offer',
      'contact',
      'message',
      'marked',
      'queue',
      'accepted',
      'error',
      'pong',
      'toString',
    );
    fc.assert(
      fc.property(
        types,
        fc.dictionary(fc.constantFrom('agent', 'contacts', 'message', 'queues', 'offer'), fc.jsonValue()),
        (type, rest) => {
          const read = readFrame(JSON.stringify({ ...rest, type }));
          if (read) reduce(emptyDesk, read);
        },
      ),
    );
  });

  test('numbers written as strings and lists written as null are taken', () => {
    const read = frame({ type: 'contact', contact: { id: 'c', version: '7', messages: null } });
    expect(read).toMatchObject({ contact: { version: 7, messages: [] } });
  });

  test('an unknown type is null', () => {
    expect(readFrame('{"type":"later"}')).toBeNull();
    expect(readFrame('not json')).toBeNull();
  });
});
