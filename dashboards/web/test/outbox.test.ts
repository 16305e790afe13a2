import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import * as outbox from '../src/desk/outbox';

const send = (request: string) => outbox.wish(request, { type: 'send', contact: 'c', text: request }, 1);

describe('the outbox', () => {
  test('whatever is lost on the way, each message takes effect once and in order, and in the end none is left', () => {
    // A server that drops repeats by id, behind a line that loses questions and answers and breaks at random.
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 8 }),
        fc.array(fc.constantFrom('ok', 'lostQuestion', 'lostAnswer', 'break'), { maxLength: 60 }),
        (n, luck) => {
          let box: outbox.Outbox = [];
          for (let i = 0; i < n; i++) box = outbox.add(box, send(`r${i}`));
          const effects: string[] = [];
          let now = 0;
          for (let round = 0; round < 200 && box.some((w) => w.state === 'pending'); round++) {
            now += 10_000;
            for (const w of outbox.due(box, now)) {
              box = outbox.wentOut(box, w.request, now);
              const fate = luck.shift() ?? 'ok';
              if (fate !== 'lostQuestion' && !effects.includes(w.request)) effects.push(w.request);
              if (fate === 'ok') box = outbox.accepted(box, w.request, now);
              if (fate === 'break') box = outbox.reconnected(box, now);
            }
          }
          expect(effects).toEqual(Array.from({ length: n }, (_, i) => `r${i}`));
          expect(outbox.arrived(box, new Set(effects))).toEqual([]);
        },
      ),
    );
  });

  test('a wish goes again later and later, and at once on a new socket', () => {
    let box = outbox.add([], send('a'));
    expect(outbox.due(box, 0)).toHaveLength(1);
    box = outbox.wentOut(box, 'a', 0);
    expect(outbox.due(box, 3_999)).toHaveLength(0);
    box = outbox.wentOut(box, 'a', 4_000);
    expect(outbox.due(box, 11_999)).toHaveLength(0);
    expect(outbox.due(box, 12_000)).toHaveLength(1);
    expect(outbox.due(outbox.reconnected(box, 4_001), 4_001)).toHaveLength(1);
  });

  test('a passing refusal is tried again, another fails and can be tried by hand under its id', () => {
    let box = outbox.wentOut(outbox.add([], send('a')), 'a', 0);
    box = outbox.refused(box, 'a', 'unavailable', '', 0);
    expect(box[0]?.state).toBe('pending');
    box = outbox.refused(box, 'a', 'invalid', 'too long', 0);
    expect(box[0]).toMatchObject({ state: 'failed', text: 'too long', request: 'a' });
    expect(outbox.due(outbox.retry(box, 'a'), 0)[0]?.request).toBe('a');
  });

  test('what is said waits for what was said before, an end and a transfer too, and no other conversation does', () => {
    const end = outbox.wish('end', { type: 'end', contact: 'c' }, 1);
    const other = outbox.wish('other', { type: 'send', contact: 'd', text: 'x' }, 1);
    let box = [send('a'), send('b'), end, other].reduce<outbox.Outbox>(outbox.add, []);
    const out = (now: number) => outbox.due(box, now).map((w) => w.request);
    expect(out(0)).toEqual(['a', 'other']);
    box = outbox.refused(outbox.wentOut(box, 'a', 0), 'a', 'rate', '', 0);
    expect(out(1_000)).toEqual(['other']);
    expect(out(2_000)).toEqual(['a', 'other']);
    box = outbox.accepted(box, 'a', 2_000);
    expect(out(2_000)).toEqual(['b', 'other']);
    box = outbox.refused(box, 'b', 'invalid', '', 2_000);
    expect(out(2_000)).toEqual(['end', 'other']);
  });

  test('what is accepted and never seen fails, and is done if it is seen after all', () => {
    let box = outbox.accepted(outbox.add([], send('a')), 'a', 1_000);
    expect(outbox.overdue(box, 1_000 + outbox.seenWithin - 1)).toBe(box);
    box = outbox.reconnected(box, 5_000); // after a break the snapshot has its own time
    expect(outbox.overdue(box, 1_000 + outbox.seenWithin)).toBe(box);
    box = outbox.overdue(box, 5_000 + outbox.seenWithin);
    expect(box).toMatchObject([{ request: 'a', state: 'failed', code: 'unseen' }]);
    expect(outbox.due(outbox.retry(box, 'a'), 0)[0]?.request).toBe('a');
    expect(outbox.arrived(box, new Set(['a']))).toEqual([]);
  });

  test('a refusal counts whether it comes after the acceptance or overtakes it', () => {
    const late = (box: outbox.Outbox) => outbox.refused(box, 'a', 'refused', 'ended', 0, 'over');
    const after = late(outbox.accepted(outbox.add([], send('a')), 'a', 0));
    const before = outbox.accepted(late(outbox.add([], send('a'))), 'a', 0);
    for (const box of [after, before]) expect(box).toMatchObject([{ state: 'failed', code: 'refused', reason: 'over' }]);
    expect(outbox.accepted(outbox.retry(before, 'a'), 'a', 0)).toMatchObject([{ state: 'accepted', code: '', reason: '' }]);
  });

  test('what lasts over a reload is what was said and done', () => {
    const status = outbox.wish('s', { type: 'status', status: 'break', reason: '' }, 1);
    expect(outbox.lasting([send('a'), status]).map((w) => w.request)).toEqual(['a']);
  });
});
