import fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import { answersOf, faultOfAnswer } from '../src/widget/answers';
import { faultOf } from '../src/widget/carry';
import type { Question } from '../src/widget/door';
import { type ChatFrame, readChatFrame } from '../src/widget/frames';
import { type Chat, emptyChat, inOrder, lastRead, newest, say, take } from '../src/widget/state';
import { eventStep, pageOf, Trail } from '../src/widget/trail';

const frame = (value: object): ChatFrame => {
  const read = readChatFrame(JSON.stringify(value));
  if (!read) throw new Error('unknown frame');
  return read;
};
const said = (n: number, conversation: string, author = 'customer') =>
  frame({ type: 'message', id: `${conversation}-${n}`, sequence: n, author, text: 'x', sent_ms: n, client_id: '', conversation });
const fold = (frames: readonly ChatFrame[], from: Chat = emptyChat) => frames.reduce(take, from);

describe('the widget hears', () => {
  test('what the agent has read, of this conversation alone', () => {
    let chat = fold([said(1, 'a'), said(2, 'a', 'agent'), said(3, 'a'), frame({ type: 'read', sequence: 2 })]);
    expect(lastRead(chat)).toBe('a-1');
    chat = fold([frame({ type: 'read', sequence: 3 }), frame({ type: 'read', sequence: 1 })], chat);
    expect(lastRead(chat)).toBe('a-3');
    const next = { id: 'b-1', sequence: 1, author: 'customer', sent_ms: 9, conversation: 'b' };
    expect(lastRead(fold([frame({ type: 'message', ...next })], chat))).toBe('');
    const history = { type: 'history', state: 'assigned', messages: [next], read: 1 };
    expect(lastRead(fold([frame(history)], chat))).toBe('b-1');
  });

  test('conversations apart by their names, whatever the clocks say', () => {
    const chat = fold([
      said(2, 'a'),
      said(1, 'a'),
      frame({ type: 'message', id: 'b', sequence: 7, sent_ms: 50, conversation: 'b' }),
    ]);
    expect(inOrder(chat).map((m) => m.id)).toEqual(['a-1', 'a-2', 'b']);
    expect(newest(chat)?.conversation).toBe('b');
  });

  test('an agent who writes, until the message is there', () => {
    const writes = fold([frame({ type: 'typing' }), frame({ type: 'typing' })]);
    expect(writes.typing % 2).toBe(1);
    expect(fold([said(1, 'a', 'customer')], writes).typing % 2).toBe(1);
    expect(fold([said(1, 'a', 'agent')], writes).typing % 2).toBe(0);
    expect(fold([frame({ type: 'state', state: 'ended' })], writes).typing % 2).toBe(0);
  });

  test('a question about the chat, until the next one begins', () => {
    const asked = fold([frame({ type: 'survey', contact: 'c' })]);
    expect(asked.survey).toBe('c');
    expect(fold([frame({ type: 'state', state: 'waiting' })], asked).survey).toBe('');
  });

  test('what is wrong with the form', () => {
    const sent = say(emptyChat, 'm', 'hi', 1, { form: { name: 'x' } });
    const wrong = fold([frame({ type: 'error', id: 'm', code: 'form', text: 'no', field: 'name' })], sent);
    expect(wrong.wrong).toEqual({ name: 'no' });
    expect(fold([frame({ type: 'accepted', id: 'm' })], wrong).wrong).toEqual({});
  });
});

describe('answers', () => {
  const ask = (kind: Question['kind'], required = false): Question => ({ name: 'q', label: '', kind, required, choices: ['a'] });
  test.each([
    ['text', '', ''],
    ['email', 'ann@example.com', ''],
    ['email', 'ann@example', 'noEmail'],
    ['email', 'a b@c.de', 'noEmail'],
    ['phone', '+86 138-0013-8000', ''],
    ['phone', '1234', 'noPhone'],
    ['phone', 'call me', 'noPhone'],
    ['choice', 'a', ''],
    ['choice', 'b', 'needed'],
    ['text', 'x'.repeat(501), 'tooLong'],
  ] as const)('%s: %s', (kind, answer, fault) => expect(faultOfAnswer(ask(kind), answer)).toBe(fault));
  test('what is needed, and what is empty', () => {
    expect(faultOfAnswer(ask('text', true), ' ')).toBe('needed');
    expect(answersOf([ask('text')], { q: ' ', other: 'x' })).toEqual({});
  });
  test('nothing breaks the check', () =>
    fc.assert(
      fc.property(
        fc.constantFrom('text', 'email', 'phone', 'choice'),
        fc.string(),
        (kind, s) => void faultOfAnswer(ask(kind), s),
      ),
    ));
});

test('files that the door would refuse are refused before', () => {
  const file = (size: number, type: string, name = 'f') => ({ size, type, name }) as File;
  expect(faultOf(file(1, 'image/png'))).toBe('');
  expect(faultOf(file(1, '', 'notes.TXT'))).toBe('');
  expect(faultOf(file(1, 'image/svg+xml'))).toBe('wrongType');
  expect(faultOf(file(0, 'image/png'))).toBe('wrongType');
  expect(faultOf(file(11 * 1024 * 1024, 'image/png'))).toBe('tooLarge');
});

describe('the trail', () => {
  const kept = new Map<string, string>();
  beforeEach(() => {
    kept.clear();
    const storage = { getItem: (k: string) => kept.get(k) ?? null, setItem: (k: string, v: string) => kept.set(k, v) };
    Object.assign(globalThis, { sessionStorage: storage });
  });
  const step = (name: string, at = 0) => {
    const made = eventStep(name, { a: 1, 'b c': 2, d: {} }, '/p', at);
    if (!made) throw new Error('no step');
    return made;
  };

  test('keeps the last twenty of half an hour, over a reload', () => {
    const trail = new Trail('t');
    for (let i = 0; i < 30; i++) trail.add(step(`e${i}`, i * 60_000));
    const again = new Trail('t').due(30 * 60_000 + 15 * 60_000);
    expect(again.map((s) => s.name)).toEqual(Array.from({ length: 14 }, (_, i) => `e${i + 16}`));
    expect(again[0]?.fields).toEqual({ a: '1' });
    expect(trail.drop(again[0]?.id ?? '')).toBe(true);
    expect(trail.drop('unknown')).toBe(false);
  });

  test('takes no free text for a name, and no secret of an address', () => {
    expect(eventStep('free text', {}, '', 0)).toBeNull();
    expect(eventStep(5, {}, '', 0)).toBeNull();
    expect(pageOf(new URL('https://shop.example/reset?token=secret#x') as unknown as Location)).toBe(
      'https://shop.example/reset',
    );
  });

  test('nothing that is kept breaks it', () =>
    fc.assert(
      fc.property(fc.json(), (raw) => {
        kept.set('t', raw);
        new Trail('t').due(0);
      }),
    ));
});
