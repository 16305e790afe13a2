import { queries } from '../testing/mockRuntime';
import { isMistyped, paramsFor, typed } from './queries';

const [byInterval, handled] = queries;
const param = (name: string, type: string) => ({ name, type, help: '' });

test('another query keeps what both know and starts with what is usual', () => {
  expect(paramsFor(byInterval)).toEqual({ queue: '', target_ms: 20_000, flow_outs: 0 });
  expect(paramsFor(handled, { queue: '$queue', target_ms: 5 })).toEqual({
    agent: '',
    queue: '$queue',
    count: 100,
    code: '',
  });
});

test('what the time range fills is left out, unless it was given', () => {
  expect(paramsFor(byInterval, { interval_ms: '$interval' })).toMatchObject({ interval_ms: '$interval' });
  expect(paramsFor(byInterval)).not.toHaveProperty('from_ms');
});

test.each([
  ['Int64', '20 s', true],
  ['Int64', '-5', false],
  ['UInt8', '-5', true],
  ['UInt32', '1.5', true],
  ['Float64', '1.5', false],
  ['Int64', '$target', false],
  ['Int64', '', false],
  ['String', '20 s', false],
])('a %s of %s is mistyped: %s', (type, value, wanted) => {
  expect(isMistyped(param('p', type), value)).toBe(wanted);
});

test('a number is stored as a number, a variable as text', () => {
  expect(typed(param('p', 'Int64'), ' 30000 ')).toBe(30_000);
  expect(typed(param('p', 'Int64'), '$target')).toBe('$target');
  expect(typed(param('p', 'String'), '30000')).toBe('30000');
});
