import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { diff } from '../src/admin/diff';
import { withField } from '../src/admin/schema';
import { agentsOf, contactsOf, emptyFloor, isElsewhere, noFilter, queuesOf, takeFloor } from '../src/floor/state';
import { readFloor } from '../src/wire/floor';

const whole = readFloor({
  whole: true,
  agents: [
    { id: 'a', name: 'Ann', team: 't1', status: 'available', queues: ['q'] },
    { id: 'b', name: 'Bo', team: 't2', status: 'offline', queues: ['r'] },
  ],
  queues: [
    { id: 'q', waiting: 1, oldest_ms: 500 },
    { id: 'r', waiting: 3, oldest_ms: 100 },
    { id: 's', waiting: 0 },
  ],
  contacts: [
    { id: 'c1', queue: 'q', state: 'queued', priority: 0, enqueued_ms: 10 },
    { id: 'c2', queue: 'q', state: 'queued', priority: 5, enqueued_ms: 20 },
    { id: 'c3', queue: 'r', state: 'assigned', agent: 'b', assigned_ms: 5 },
  ],
  teams: [{ id: 't1' }, { id: 't2' }],
});

describe('the floor', () => {
  const floor = takeFloor(emptyFloor, whole);
  test('the longest wait and the highest priority come first, the idle before the absent', () => {
    expect(queuesOf(floor, noFilter).map((q) => q.id)).toEqual(['r', 'q', 's']);
    expect(contactsOf(floor, noFilter).map((c) => c.id)).toEqual(['c2', 'c1', 'c3']);
    expect(agentsOf(floor, noFilter).map((a) => a.id)).toEqual(['a', 'b']);
  });

  test('filters narrow by team, queue and name', () => {
    expect(agentsOf(floor, { ...noFilter, team: 't2' }).map((a) => a.id)).toEqual(['b']);
    expect(contactsOf(floor, { ...noFilter, team: 't1' }).map((c) => c.id)).toEqual(['c2', 'c1']);
    expect(contactsOf(floor, { ...noFilter, queue: 'r' }).map((c) => c.id)).toEqual(['c3']);
    expect(agentsOf(floor, { ...noFilter, words: 'an' }).map((a) => a.id)).toEqual(['a']);
  });

  test('what another team holds is told apart from what waits, and is of no team here', () => {
    const more = takeFloor(floor, readFloor({ contacts: [{ id: 'c4', queue: 'q', state: 'assigned', agent: '' }] }));
    expect(
      Object.values(more.contacts)
        .filter(isElsewhere)
        .map((c) => c.id),
    ).toEqual(['c4']);
    expect(contactsOf(more, { ...noFilter, team: 't1' }).map((c) => c.id)).toEqual(['c2', 'c1']);
  });

  test('an older server tells no time at which a queue was entered', () => {
    const times = readFloor({ contacts: [{ enqueued_ms: 5 }, { enqueued_ms: 5, entered_ms: 9 }] }).contacts;
    expect(times.map((c) => c.entered_ms)).toEqual([5, 9]);
  });

  test('what ended leaves, what is not named stays, a whole frame replaces', () => {
    const next = takeFloor(
      floor,
      readFloor({ contacts: [{ id: 'c1', state: 'ended' }], agents: [{ id: 'a', status: 'break' }] }),
    );
    expect(Object.keys(next.contacts).sort()).toEqual(['c2', 'c3']);
    expect(next.agents.a?.status).toBe('break');
    expect(next.teams).toHaveLength(2);
    expect(takeFloor(next, readFloor({ whole: true })).agents).toEqual({});
  });
});

describe('the difference of two texts', () => {
  const text = fc.array(fc.constantFrom('a', 'b', 'c', 'd'), { maxLength: 20 }).map((lines) => lines.join('\n'));
  test('removed lines are of the old text and added ones of the new, in order, and nothing differs from itself', () => {
    fc.assert(
      fc.property(text, text, (was, now) => {
        const out = diff(was, now);
        const of = (kind: string) => out.filter((line) => line.kind === kind);
        for (const line of of('added')) expect(now.split('\n')[line.at - 1]).toBe(line.text);
        for (const line of of('removed')) expect(was.split('\n')[line.at - 1]).toBe(line.text);
        const kept = (all: string, kind: string) => {
          const gone = new Set(of(kind).map((line) => line.at));
          return all.split('\n').filter((_, i) => !gone.has(i + 1));
        };
        expect(kept(was, 'removed')).toEqual(kept(now, 'added'));
        expect(diff(was, was)).toEqual([]);
      }),
    );
  });

  test('far lines are left out', () => {
    const many = Array.from({ length: 30 }, (_, i) => `line ${i}`);
    const out = diff(many.join('\n'), many.with(3, 'x').with(25, 'y').join('\n'));
    expect(out.filter((line) => line.kind === 'gap')).toHaveLength(1);
    expect(out.length).toBeLessThan(16);
  });
});

test('a field without a value is left out, others keep their place', () => {
  expect(Object.keys(withField({ id: 'a', name: 'b', own: 1 }, 'name', 'c'))).toEqual(['id', 'name', 'own']);
  expect(withField({ id: 'a', flag: true }, 'flag', false)).toEqual({ id: 'a' });
});
