import { type DataFrame, FieldType, createDataFrame } from '@grafana/data';
import { together, withNotice } from './merge';

const table = (times: number[], queue: string): DataFrame =>
  createDataFrame({
    refId: 'A',
    fields: [
      { name: 'interval_ms', type: FieldType.time, values: times },
      { name: 'queue', type: FieldType.string, values: times.map(() => queue) },
    ],
  });

const rows = (frame: DataFrame) => frame.fields[0].values.map((time, i) => `${time} ${frame.fields[1].values[i]}`);

describe('answers put together', () => {
  test('tables with the same columns become one, in the order of time', () => {
    const [frame, ...rest] = together([table([1, 3], 'a'), table([2, 4], 'b')]);
    expect(rest).toEqual([]);
    expect(rows(frame)).toEqual(['1 a', '2 b', '3 a', '4 b']);
    expect(frame.length).toBe(4);
  });

  test('what stands above one of them stands above all, once', () => {
    const cut = (queue: string, ...texts: string[]): DataFrame => ({
      ...table([1], queue),
      meta: { custom: { queue }, notices: texts.map((text) => ({ severity: 'info', text })) },
    });
    const [{ meta }] = together([cut('a'), cut('b', 'the first 9', 'more'), cut('c', 'the first 9')]);
    expect(meta?.notices?.map(({ text }) => text)).toEqual(['the first 9', 'more']);
    expect(meta?.custom).toEqual({ queue: 'a' });
  });

  test('lists whose newest row stands first stay so', () => {
    expect(rows(together([table([9, 3], 'a'), table([7, 1], 'b')])[0])).toEqual(['9 a', '7 b', '3 a', '1 b']);
  });

  test('lines of a graph stay side by side', () => {
    const line = (queue: string) =>
      createDataFrame({ fields: [{ name: 'v', type: FieldType.number, labels: { queue }, values: [1] }] });
    const lines = [line('a'), line('b')];
    expect(together(lines)).toBe(lines);
  });

  test('tables with other columns stay side by side', () => {
    const other = createDataFrame({ fields: [{ name: 'x', values: [1] }] });
    expect(together([table([1], 'a'), other])).toHaveLength(2);
  });

  test('nothing stays nothing', () => {
    expect(together([])).toEqual([]);
    expect(withNotice([], { severity: 'info', text: 'x' })).toEqual([]);
  });

  test('a notice is added to those that are there, on the first frame', () => {
    const frame = { ...table([1], 'a'), meta: { notices: [{ severity: 'info' as const, text: 'before' }] } };
    const [first, second] = withNotice([frame, frame], { severity: 'warning', text: 'now' });
    expect(first.meta?.notices?.map(({ text }) => text)).toEqual(['before', 'now']);
    expect(second).toBe(frame);
  });
});
