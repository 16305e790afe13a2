import { type DataQueryResponse, FieldType, LiveChannelEventType, LoadingState, createDataFrame } from '@grafana/data';
import { EMPTY, NEVER, Subject, concat, of, throwError } from 'rxjs';
import { me, mockLiveSrv } from '../testing/mockRuntime';
import { ME_AGAIN_MS, WAITS_MS, wallboard } from './live';
import type { Me } from './types';

const frame = (waiting: number) =>
  createDataFrame({ fields: [{ name: 'waiting', type: FieldType.number, values: [waiting] }] });

/** Follows with a mock of Grafana Live; the clock is jest's. What is no text among the scopes is what `me` fails with. */
function follow(streams: Parameters<typeof mockLiveSrv>[0], scopes: Array<string | object> = ['all']) {
  const live = mockLiveSrv(streams);
  const seen: DataQueryResponse[] = [];
  const ask = jest.fn(async (): Promise<Me> => {
    const scope = scopes.length > 1 ? scopes.shift()! : scopes[0];
    return typeof scope === 'string' ? { ...me, scope } : Promise.reject(scope);
  });
  const subscription = wallboard({ uid: 'u1', refId: 'B', key: 'k', me: ask, service: live.service }).subscribe((one) =>
    seen.push(one)
  );
  return { ...live, ask, seen, subscription, last: () => seen[seen.length - 1] };
}

const paths = (live: { getDataStream: jest.Mock }) => live.getDataStream.mock.calls.map(([{ addr }]) => addr.path);

describe('the live wallboard', () => {
  beforeEach(() => jest.useFakeTimers());
  afterEach(() => jest.useRealTimers());

  test("asks for the channel of the user's scope and replaces the frame", async () => {
    const live = follow([concat(of({ data: [frame(3)] }), NEVER)], ['0123456789abcdef']);
    await jest.advanceTimersByTimeAsync(0);
    const [options] = live.getDataStream.mock.calls[0];
    expect(options.addr).toMatchObject({ scope: 'ds', path: 'wallboard/0123456789abcdef' });
    expect(options.buffer).toMatchObject({ action: 'replace' });
    expect(live.last()).toMatchObject({ state: LoadingState.Streaming, key: 'k', data: [{ refId: 'B', length: 1 }] });
    live.subscription.unsubscribe();
  });

  test("hands on a frame of its own, as Grafana's is changed in place", async () => {
    const stream = new Subject<DataQueryResponse>();
    const live = follow([stream]);
    await jest.advanceTimersByTimeAsync(0);
    const shared = frame(3);
    stream.next({ data: [shared] });
    shared.fields[0].values[0] = 4;
    expect(live.last().data[0].fields[0].values).toEqual([3]);
    live.subscription.unsubscribe();
  });

  test('is asked for again when it ends, each time after a longer wait and with the scope as it is then', async () => {
    const live = follow(
      [EMPTY, throwError(() => new Error('gone')), concat(of({ data: [frame(1)] }), NEVER)],
      ['all', 'all', '0123456789abcdef']
    );
    await jest.advanceTimersByTimeAsync(0);
    expect(paths(live)).toEqual(['wallboard/all']);
    await jest.advanceTimersByTimeAsync(WAITS_MS[0] - 1);
    expect(paths(live)).toHaveLength(1);
    await jest.advanceTimersByTimeAsync(1);
    expect(paths(live)).toHaveLength(2);
    expect(live.last()).toMatchObject({ state: LoadingState.Error, errors: [{ message: 'gone', refId: 'B' }] });
    await jest.advanceTimersByTimeAsync(WAITS_MS[1]);
    expect(paths(live)).toEqual(['wallboard/all', 'wallboard/all', 'wallboard/0123456789abcdef']);
    expect(live.last().state).toBe(LoadingState.Streaming);
    live.subscription.unsubscribe();
  });

  test('keeps what was last known when the stream reports an error, and leaves it to ask anew', async () => {
    const live = follow([
      concat(of({ data: [frame(3)] }, { data: [], errors: [{ message: 'permission denied' }] }), NEVER),
      concat(of({ data: [frame(4)] }), NEVER),
    ]);
    await jest.advanceTimersByTimeAsync(0);
    expect(live.last()).toMatchObject({
      state: LoadingState.Error,
      data: [{ length: 1 }],
      errors: [{ message: 'permission denied' }],
    });
    await jest.advanceTimersByTimeAsync(WAITS_MS[0]);
    expect(live.last()).toMatchObject({ state: LoadingState.Streaming, data: [{ fields: [{ values: [4] }] }] });
    live.subscription.unsubscribe();
  });

  test('says so when the connection to Grafana is lost, and no longer when it is back', async () => {
    const live = follow([concat(of({ data: [frame(3)] }), NEVER)]);
    await jest.advanceTimersByTimeAsync(0);
    live.connected.next(false);
    expect(live.last().data[0].meta.notices).toEqual([
      { severity: 'warning', text: expect.stringContaining('Not connected') },
    ]);
    live.connected.next(true);
    expect(live.last().data[0].meta.notices).toBeUndefined();
    live.subscription.unsubscribe();
  });

  test('shows what the backend says above its rows, also where no column changed, and no longer when it is over', async () => {
    const live = follow([concat(of({ data: [frame(3)] }), NEVER)]);
    await jest.advanceTimersByTimeAsync(0);
    const notices = [{ severity: 'error' as const, text: 'Not live: Tributary is away' }];
    const say = (meta?: object) =>
      live.events.next({ type: LiveChannelEventType.Message, message: { schema: { fields: [], meta } } });
    say({ notices });
    expect(live.last().data[0].meta.notices).toEqual(notices);
    live.events.next({ type: LiveChannelEventType.Message, message: { data: { values: [[4]] } } });
    expect(live.last().data[0].meta.notices).toEqual(notices);
    say();
    expect(live.last().data[0].meta.notices).toBeUndefined();
    live.subscription.unsubscribe();
  });

  test('an unreachable backend is an error with its own words', async () => {
    const live = mockLiveSrv([]);
    const seen: DataQueryResponse[] = [];
    const denied = async () => Promise.reject({ data: { message: 'unknown_user: no account li.na' } });
    const subscription = wallboard({ uid: 'u1', refId: 'B', key: 'k', me: denied, service: live.service }).subscribe(
      (one) => seen.push(one)
    );
    await jest.advanceTimersByTimeAsync(0);
    expect(seen[0].errors?.[0].message).toBe('unknown_user: no account li.na');
    subscription.unsubscribe();
  });

  test("the channel is another as soon as the user's scope is, and nothing of the old one stays", async () => {
    const old = new Subject<DataQueryResponse>();
    const now = new Subject<DataQueryResponse>();
    const live = follow([old, now], ['all', 'all', '0123456789abcdef']);
    await jest.advanceTimersByTimeAsync(0);
    old.next({ data: [frame(3)] });
    await jest.advanceTimersByTimeAsync(ME_AGAIN_MS);
    expect(paths(live)).toEqual(['wallboard/all']);
    expect(live.last().data).toHaveLength(1);
    await jest.advanceTimersByTimeAsync(ME_AGAIN_MS);
    expect(paths(live)).toEqual(['wallboard/all', 'wallboard/0123456789abcdef']);
    expect(old.observed).toBe(false);
    expect(live.last()).toEqual({ data: [], key: 'k', state: LoadingState.Streaming });
    now.next({ data: [frame(1)] });
    expect(live.last()).toMatchObject({ state: LoadingState.Streaming, data: [{ fields: [{ values: [1] }] }] });
    live.subscription.unsubscribe();
    expect(jest.getTimerCount()).toBe(0);
  });

  test.each([
    ['while the stream runs', ['all', { status: 403, data: { message: 'no such account' } }], 1],
    ['by its code alone', ['all', { status: 502, data: { code: 'unknown_user', message: 'no such account' } }], 1],
    ['from the start', [{ status: 403, data: { message: 'no such account' } }], 0],
  ])('who is refused %s sees why, no rows, and is not asked for again', async (_, scopes, streams) => {
    const stream = new Subject<DataQueryResponse>();
    const live = follow([stream], scopes);
    await jest.advanceTimersByTimeAsync(0);
    stream.next({ data: [frame(3)] });
    await jest.advanceTimersByTimeAsync(ME_AGAIN_MS);
    expect(live.last()).toMatchObject({
      state: LoadingState.Error,
      data: [],
      errors: [{ message: 'no such account', refId: 'B' }],
    });
    expect(stream.observed).toBe(false);
    const asked = live.ask.mock.calls.length;
    await jest.advanceTimersByTimeAsync(10 * ME_AGAIN_MS);
    expect(live.ask).toHaveBeenCalledTimes(asked);
    expect(paths(live)).toHaveLength(streams);
    expect(jest.getTimerCount()).toBe(0);
    live.subscription.unsubscribe();
  });

  test('goes on while nobody says who the user is', async () => {
    const stream = new Subject<DataQueryResponse>();
    const live = follow([stream], ['all', { status: 502, data: { message: 'away' } }, 'all']);
    await jest.advanceTimersByTimeAsync(0);
    await jest.advanceTimersByTimeAsync(2 * ME_AGAIN_MS);
    expect(live.ask).toHaveBeenCalledTimes(3);
    stream.next({ data: [frame(4)] });
    expect(live.last()).toMatchObject({ state: LoadingState.Streaming, data: [{ fields: [{ values: [4] }] }] });
    expect(paths(live)).toHaveLength(1);
    live.subscription.unsubscribe();
  });

  test('nothing is asked for any more once nobody looks', async () => {
    const live = follow([EMPTY]);
    await jest.advanceTimersByTimeAsync(0);
    live.subscription.unsubscribe();
    await jest.advanceTimersByTimeAsync(120_000);
    expect(paths(live)).toHaveLength(1);
    expect(jest.getTimerCount()).toBe(0);
  });
});
