import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type ChatFrame, readChatFrame } from '../src/widget/frames';
import { type Chat, emptyChat, inOrder, resumeAt, say, take, unseen } from '../src/widget/state';

const frame = (value: object): ChatFrame => {
  const read = readChatFrame(JSON.stringify(value));
  if (!read) throw new Error('unknown frame');
  return read;
};
const said = (n: number, more: object = {}) =>
  frame({
    type: 'message',
    id: `m${n}`,
    sequence: n,
    author: n % 2 ? 'customer' : 'agent',
    text: `t${n}`,
    sent_ms: n * 10,
    client_id: '',
    ...more,
  });
const fold = (frames: readonly ChatFrame[], from: Chat = emptyChat) => frames.reduce(take, from);

describe('the widget', () => {
  test('any order of messages, with any of them repeated, gives the same chat', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 12 }), { maxLength: 40 }), (ns) => {
        const all = [...new Set(ns)].sort((a, b) => a - b);
        const chat = fold(ns.map((n) => said(n)));
        expect(inOrder(chat).map((m) => m.sequence)).toEqual(all);
        expect(chat.messages).toEqual(fold(all.map((n) => said(n))).messages);
      }),
    );
  });

  test('what I wrote is there once, before and after the server has it', () => {
    let chat = say(emptyChat, 'mine', 'hello', 5);
    chat = say(chat, 'mine', 'hello', 5);
    expect(chat.going).toHaveLength(1);
    chat = fold([frame({ type: 'accepted', id: 'mine' })], chat);
    expect(chat.going).toMatchObject([{ state: 'accepted' }]);
    chat = fold([said(1, { client_id: 'mine' }), said(1, { client_id: 'mine' })], chat);
    expect(chat.going).toHaveLength(0);
    expect(inOrder(chat)).toHaveLength(1);
  });

  test('a second conversation in one page stands behind the first, though its sequences begin again', () => {
    const first = [1, 2, 3].map((n) => said(n));
    const second = [1, 2].map((n) => said(n, { id: `n${n}`, sent_ms: 100_000 + n }));
    const chat = fold([...second.toReversed(), ...first]);
    expect(inOrder(chat).map((m) => m.id)).toEqual(['m1', 'm2', 'm3', 'n1', 'n2']);
    expect(resumeAt(chat)).toBe(0);
  });

  test('clocks of two servers that differ a little do not turn a conversation round', () => {
    const chat = fold([said(1, { sent_ms: 1_000 }), said(2, { sent_ms: 400 }), said(3, { sent_ms: 1_500 })]);
    expect(inOrder(chat).map((m) => m.sequence)).toEqual([1, 2, 3]);
  });

  test('unseen counts what others said since', () => {
    const chat = fold([1, 2, 3, 4].map((n) => said(n)));
    expect(unseen(chat)).toBe(2);
    expect(unseen({ ...chat, seen: 20 })).toBe(1);
  });

  test('nothing that a server may send breaks the reader', () => {
    fc.assert(fc.property(fc.json(), (raw) => void readChatFrame(raw)));
  });
});
