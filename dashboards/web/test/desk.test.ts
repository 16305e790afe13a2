import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { arrive, current, nextColumn, onePlace, type Places, pick, refill, resize } from '../src/desk/places';
import { differences, formOf, profileFrom, rebased } from '../src/desk/profileForm';
import { fill, fitting, holes, nextHole, queryAt } from '../src/desk/replies';
import { codesOf, emptyDesk, reduce, waitingSince } from '../src/desk/state';
import { chapters, joinHistory, noHistory } from '../src/desk/timeline';
import { pageOf } from '../src/shell/history';
import { type Profile, type QuickReply, readContact, readFrame, readMessage, readProfile } from '../src/wire/frames';

describe('columns', () => {
  const steps = fc.array(
    fc.oneof(
      fc.integer({ min: 1, max: 3 }).map((n) => (p: Places) => resize(p, n)),
      fc.constantFrom('a', 'b', 'c', 'd').map((id) => (p: Places) => pick(p, id)),
      fc.tuple(fc.constantFrom('a', 'b', 'c', 'd'), fc.boolean()).map(
        ([id, w]) =>
          (p: Places) =>
            arrive(p, id, w),
      ),
      fc.subarray(['a', 'b', 'c', 'd']).map((live) => (p: Places) => refill(p, live, live)),
      fc.constant(nextColumn),
    ),
    { maxLength: 40 },
  );
  test('whatever happens, no chat stands twice and the keyboard is somewhere', () => {
    fc.assert(
      fc.property(steps, (all) => {
        const end = all.reduce((p, step) => step(p), onePlace);
        const shown = end.open.filter(Boolean);
        expect(new Set(shown).size).toBe(shown.length);
        expect(end.open[end.at]).toBeDefined();
        expect(end.open.length).toBeGreaterThan(0);
      }),
    );
  });

  test('what comes while somebody writes takes a free column, and never the keyboard', () => {
    const two = { open: ['a', ''], at: 0 };
    expect(arrive(two, 'b', true)).toEqual({ open: ['a', 'b'], at: 0 });
    expect(arrive({ open: ['a', 'b'], at: 0 }, 'c', true)).toEqual({ open: ['a', 'b'], at: 0 });
    expect(arrive({ open: ['a', 'b'], at: 0 }, 'c', false)).toEqual({ open: ['c', 'b'], at: 0 });
  });

  test('fewer columns keep the one with the keyboard; what is done gives way to what needs an answer', () => {
    expect(resize({ open: ['a', 'b', 'c'], at: 2 }, 1)).toEqual({ open: ['c'], at: 0 });
    expect(resize({ open: ['a', 'b', 'c'], at: 2 }, 2)).toEqual({ open: ['a', 'c'], at: 1 });
    expect(refill({ open: ['a', 'b'], at: 0 }, ['b', 'c'], ['c', 'b'])).toEqual({ open: ['c', 'b'], at: 0 });
    expect(current(nextColumn({ open: ['a', '', 'c'], at: 0 }))).toBe('c');
  });
});

describe('quick replies', () => {
  test('a slash opens the list at the beginning of a word only', () => {
    expect(queryAt('/he', 3)).toEqual({ from: 0, words: 'he' });
    expect(queryAt('Hi /he', 6)).toEqual({ from: 3, words: 'he' });
    expect(queryAt('、ni', 3)).toEqual({ from: 0, words: 'ni' });
    expect(queryAt('／你', 2)).toEqual({ from: 0, words: '你' });
    for (const text of ['https://a.b', 'and/or', '茶、杯', '/a b', '']) expect(queryAt(text, text.length), text).toBeNull();
  });

  test('the list is of the team, the language first, names before contents', () => {
    const reply = (id: string, more: Partial<QuickReply>): QuickReply => ({
      id,
      title: id,
      text: '',
      language: '',
      team: '',
      ...more,
    });
    const all = [
      reply('hello', { language: 'en' }),
      reply('nihao', { language: 'zh' }),
      reply('x', { team: 'vip' }),
      reply('y', { text: 'hello' }),
    ];
    expect(fitting(all, '', 'zh', 'floor').map((r) => r.id)).toEqual(['nihao', 'y', 'hello']);
    expect(fitting(all, 'hel', 'zh', 'vip').map((r) => r.id)).toEqual(['hello', 'y']);
  });

  test('what is known is filled, what is not stays to be filled', () => {
    const text = fill('Hello {customer.name}, {agent.name} here. {order.number} {x}', {
      'customer.name': 'Ida',
      'agent.name': '',
    });
    expect(text).toBe('Hello Ida, {agent.name} here. {order.number} {x}');
    expect(holes(text).map((h) => h.name)).toEqual(['agent.name', 'order.number']);
    expect(nextHole(text, 25)?.name).toBe('order.number');
    expect(nextHole(text, 60)?.name).toBe('agent.name');
  });
});

describe('profiles', () => {
  const base: Profile = readProfile({
    customer: 'c',
    name: 'Ida',
    tier: 'gold',
    tags: ['a'],
    fields: { size: 'M', city: 'Oslo' },
    version: 1,
  });
  test('my changes go upon theirs: what I did not touch is theirs', () => {
    const form = { ...formOf(base), tier: 'vip', fields: [['size', 'L']] as [string, string][] };
    const theirs: Profile = { ...base, name: 'Ida H', fields: { size: 'S', city: 'Bergen', car: 'none' }, version: 2 };
    const next = profileFrom(theirs, rebased(base, form, theirs));
    expect(next).toMatchObject({ name: 'Ida H', tier: 'vip', tags: ['a'], fields: { size: 'L', car: 'none' }, version: 2 });
    expect(
      differences(base, theirs)
        .map((d) => d.field)
        .sort(),
    ).toEqual(['car', 'city', 'name', 'size']);
  });

  test('an untouched form is no change, and tags are taken with any comma', () => {
    expect(differences(base, profileFrom(base, formOf(base)))).toEqual([]);
    expect(profileFrom(base, { ...formOf(base), tags: ' a，b、 c, a' }).tags).toEqual(['a', 'b', 'c']);
  });

  test('the newest version of a profile wins, in any order', () => {
    const frame = (version: number) => ({ type: 'profile' as const, profile: { ...base, version, name: `v${version}` } });
    const state = [frame(2), frame(3), frame(1)].reduce(reduce, emptyDesk);
    expect(state.profiles.c?.name).toBe('v3');
  });
});

describe('the story of a customer', () => {
  const contact = readContact({ id: 'now', customer: 'c', channel: 'webchat', state: 'assigned', version: 1, started_ms: 100 });
  const { messages: _, ...facts } = contact;
  const live = readFrame(
    JSON.stringify({
      type: 'message',
      contact: 'now',
      message: { id: 'm1', sequence: 1, author: 'customer', text: 'hi', sent_ms: 100 },
    }),
  );
  const desk = live ? reduce({ ...emptyDesk, contacts: { now: facts } }, live) : emptyDesk;
  const past = (contactId: string, id: string, sent_ms: number) => ({
    ...readMessage({ id, sequence: 1, author: 'customer', text: id, sent_ms }),
    contact: contactId,
    conversation: `v-${contactId}`,
    channel: 'email',
  });

  test('a page of history says of which conversation each message is', async () => {
    vi.stubGlobal('fetch', async () =>
      Response.json({ messages: [{ id: 'm', contact: 'a', conversation: 'v-a' }], contacts: [] }),
    );
    expect((await pageOf('c', '')).page.messages[0]?.conversation).toBe('v-a');
    vi.unstubAllGlobals();
  });

  test('contacts of before stand before the open one, and a message is there once', () => {
    const history = joinHistory(
      joinHistory(noHistory, { messages: [past('b', 'm3', 60), past('now', 'm1', 100)], contacts: [] }),
      {
        messages: [past('a', 'm2', 20)],
        contacts: [],
      },
    );
    const story = chapters(desk, facts, history);
    // By it the files of an earlier conversation open.
    expect(story.map((c) => c.conversation)).toEqual(['v-a', 'v-b', 'v-now']);
    expect(story.map((c) => c.contact)).toEqual(['a', 'b', 'now']);
    expect(story.at(-1)?.messages.map((m) => m.id)).toEqual(['m1']);
  });

  test('the wait for an answer begins with the first unanswered message, and a note is no answer', () => {
    const say = (id: string, sequence: number, author: string, sent_ms: number, internal = false) =>
      readFrame(
        JSON.stringify({ type: 'message', contact: 'now', message: { id, sequence, author, text: 'x', sent_ms, internal } }),
      );
    const told = (...frames: ReturnType<typeof say>[]) => frames.reduce((s, f) => (f ? reduce(s, f) : s), desk);
    expect(waitingSince(told(say('m2', 2, 'customer', 120), say('m3', 3, 'agent', 130, true)), facts)).toBe(100);
    expect(waitingSince(told(say('m2', 2, 'agent', 120)), facts)).toBe(0);
    expect(waitingSince(told(say('m2', 2, 'agent', 120), say('m3', 3, 'customer', 130)), facts)).toBe(130);
  });

  test('codes are those of the queue and those of all', () => {
    const codes = [
      { id: 'a', name: 'A', queues: [] },
      { id: 'b', name: 'B', queues: ['q'] },
      { id: 'c', name: 'C', queues: ['r'] },
    ];
    expect(codesOf({ ...emptyDesk, codes }, 'q').map((c) => c.id)).toEqual(['a', 'b']);
  });
});
