import { mockTemplateSrv } from '../testing/mockRuntime';
import { forEachQueue, interpolate, listed, spread } from './interpolate';
import type { ParamValue, TributaryQuery } from './types';

const query = (params: Record<string, ParamValue>): TributaryQuery => ({
  refId: 'A',
  kind: 'named',
  query: 'q',
  params,
});
const variables = mockTemplateSrv({
  queue: 'billing',
  both: ['billing', 'support'],
  one: ['billing'],
  all: '$__all',
  target: '30000',
});
const put = (value: ParamValue, scoped = {}) => interpolate(query({ p: value }), scoped, variables).params?.p;

describe('variables in parameters', () => {
  test.each([
    ['$queue', 'billing'],
    ['${queue}', 'billing'],
    ['$one', 'billing'],
    ['$all', ''],
    ['$target', '30000'],
    ['plain', 'plain'],
    ['$unknown', '$unknown'],
    ['', ''],
    [20_000, 20_000],
  ])('%s becomes %s', (value, wanted) => {
    expect(put(value)).toEqual(wanted);
  });

  test('several selected values stay a list', () => {
    expect(put('$both')).toEqual(['billing', 'support']);
  });

  test("the value of a repeated panel goes before the board's All", () => {
    expect(put('$all', { all: { text: 'Support', value: 'support' } })).toBe('support');
    expect(put('$all', { all: { text: 'All', value: '$__all' } })).toBe('');
  });

  test('a query without parameters is left alone', () => {
    const live: TributaryQuery = { refId: 'A', kind: 'wallboard' };
    expect(interpolate(live, {}, variables)).toBe(live);
  });
});

describe('lists among the parameters', () => {
  test('make one query for each combination', () => {
    const all = spread(query({ queue: ['a', 'b'], agent: ['x', 'y'], target_ms: 1 }));
    expect(all.map(({ params }) => [params?.queue, params?.agent, params?.target_ms])).toEqual([
      ['a', 'x', 1],
      ['a', 'y', 1],
      ['b', 'x', 1],
      ['b', 'y', 1],
    ]);
    expect(listed(query({ queue: ['a', 'b'], target_ms: 1 }))).toEqual(['queue']);
  });

  test('a query without them stays one', () => {
    expect(spread(query({ queue: 'a' }))).toHaveLength(1);
  });
});

describe('a list of everybody', () => {
  const put = (params: Record<string, ParamValue>, queues: string[]) =>
    forEachQueue(query({ skip: 0, count: 9, ...params }), queues).params?.queue;

  test("is asked for each of the user's queues", () => {
    expect(put({ queue: '' }, ['a', 'b'])).toEqual(['a', 'b']);
    expect(put({ queue: '', agent: '' }, ['a'])).toBe('a');
  });

  test('stays as it is where a queue or an agent is named, where it takes no queue, and where no queue is seen', () => {
    expect(put({ queue: 'c' }, ['a', 'b'])).toBe('c');
    expect(put({ queue: '', agent: 'x' }, ['a', 'b'])).toBe('');
    expect(put({ queue: '', agent: ['x', 'y'] }, ['a', 'b'])).toBe('');
    expect(put({ intent: '' }, ['a', 'b'])).toBeUndefined();
    expect(put({ queue: '' }, [])).toBe('');
    expect(forEachQueue(query({ queue: '' }), ['a', 'b']).params?.queue).toBe('');
  });
});
