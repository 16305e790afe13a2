import {
  CoreApp,
  type DataQueryRequest,
  type DataQueryResponse,
  LoadingState,
  dateTime,
  type TimeZone,
} from '@grafana/data';
import { setBackendSrv, setGrafanaLiveSrv } from '@grafana/runtime';
import { NEVER, concat, lastValueFrom, of, take, toArray } from 'rxjs';
import { me, mockBackendSrv, mockLiveSrv, mockTemplateSrv, queries, settings } from '../testing/mockRuntime';
import { TributaryDataSource } from './datasource';
import type { TributaryQuery } from './types';

let backendSrv: ReturnType<typeof mockBackendSrv>;
let liveSrv: ReturnType<typeof mockLiveSrv>;

function answerWith(answers: Record<string, unknown>) {
  backendSrv = mockBackendSrv(answers);
  setBackendSrv(backendSrv);
}

function streamWith(streams: Parameters<typeof mockLiveSrv>[0]) {
  liveSrv = mockLiveSrv(streams);
  setGrafanaLiveSrv(liveSrv.service);
}

const variables = {
  queue: 'billing',
  both: ['billing', 'support'],
  all: '$__all',
  many: Array.from({ length: 21 }, (_, i) => `q${i}`),
};
const datasource = () =>
  new TributaryDataSource(settings({ url: 'https://t.example.com' }), mockTemplateSrv(variables));

function request(targets: TributaryQuery[], timezone: TimeZone = 'utc'): DataQueryRequest<TributaryQuery> {
  const range = {
    from: dateTime(1_700_000_000_000),
    to: dateTime(1_700_003_600_000),
    raw: { from: 'now-1h', to: 'now' },
  };
  return {
    targets,
    range,
    timezone,
    scopedVars: {},
    requestId: 'Q1',
    app: CoreApp.Dashboard,
    interval: '15s',
    intervalMs: 15_000,
    maxDataPoints: 500,
    startTime: 0,
  };
}

const named = (queue: string | number): TributaryQuery => ({
  refId: 'A',
  kind: 'named',
  query: 'queue_now',
  params: { queue },
});

/** What the backend answers: a table with one row for each query, which says its queue. */
const answering = ({ data: { queries } }: { data: { queries: TributaryQuery[] } }) => ({
  results: Object.fromEntries(
    queries.map(({ refId, params }) => [
      refId,
      {
        status: 200,
        frames: [
          {
            schema: { refId, fields: [{ name: 'queue', type: 'string', typeInfo: { frame: 'string' } }] },
            data: { values: [[params?.queue]] },
          },
        ],
      },
    ])
  ),
});

const last = (source: TributaryDataSource, targets: TributaryQuery[]): Promise<DataQueryResponse> =>
  lastValueFrom(source.query(request(targets)));

const asked = () => backendSrv.asked[0].data?.queries ?? [];

beforeEach(() => {
  answerWith({ '/api/ds/query': answering, '/resources/me': me, '/resources/queries': { queries } });
  streamWith([]);
});

describe('asking', () => {
  test('a named query goes to the backend with its variables put in', async () => {
    const response = await last(datasource(), [named('$queue')]);
    expect(asked()).toMatchObject([
      { refId: 'A', kind: 'named', query: 'queue_now', params: { queue: 'billing' }, offset_ms: 0 },
    ]);
    expect(response.data).toHaveLength(1);
    expect(response.data[0].meta?.notices).toBeUndefined();
  });

  test('All becomes empty, which Tributary reads as all that the user may see', async () => {
    await last(datasource(), [named('$all')]);
    expect(asked()[0].params).toEqual({ queue: '' });
  });

  test('several values are asked once for each, put together, and said so', async () => {
    const response = await last(datasource(), [named('$both'), { ...named('$queue'), refId: 'B' }]);
    expect(asked().map(({ refId, params }: TributaryQuery) => [refId, params?.queue])).toEqual([
      ['A', 'billing'],
      ['A/1', 'support'],
      ['B', 'billing'],
    ]);
    const [b, a] = response.data;
    expect([a.refId, b.refId]).toEqual(['A', 'B']);
    expect(a.fields[0].values).toEqual(['billing', 'support']);
    expect(a.meta.notices[0]).toMatchObject({ severity: 'info', text: expect.stringContaining('queue') });
  });

  test('too many values are refused with what to do, and the other queries are answered', async () => {
    const response = await last(datasource(), [named('$many'), { ...named('$queue'), refId: 'B' }]);
    expect(asked()).toHaveLength(1);
    expect(response.errors).toEqual([{ refId: 'A', message: expect.stringContaining('21') }]);
    expect(response.data.map(({ refId }) => refId)).toEqual(['B']);
    const alone = await last(datasource(), [named('$many')]);
    expect(alone).toMatchObject({ state: LoadingState.Error, errors: [{ refId: 'A' }] });
  });

  test('an error of one of the values is an error of the query', async () => {
    answerWith({
      '/api/ds/query': {
        results: {
          A: { status: 200, frames: [] },
          'A/1': { status: 403, error: 'forbidden: no such queue', frames: [] },
        },
      },
    });
    const response = await last(datasource(), [named('$both')]);
    expect(response.errors).toMatchObject([{ refId: 'A', message: 'forbidden: no such queue' }]);
  });

  test("the board's clock goes with the query, so that rounded days begin at its midnight", async () => {
    await lastValueFrom(datasource().query(request([named('$queue')], 'Asia/Shanghai')));
    expect(asked()[0].offset_ms).toBe(8 * 3_600_000);
  });

  test('nothing to ask is answered at once', async () => {
    expect(await last(datasource(), [])).toMatchObject({ data: [], state: LoadingState.Done });
  });

  test('the live wallboard and named queries of one panel come side by side', async () => {
    const live = of<DataQueryResponse>({ data: [{ fields: [], length: 0 }] });
    streamWith([concat(live, NEVER)]);
    const both = datasource().query(request([{ refId: 'L', kind: 'wallboard' }, named('$queue')]));
    const responses = await lastValueFrom(both.pipe(take(2), toArray()));
    expect(responses.flatMap(({ data }) => data.map(({ refId }) => refId)).sort()).toEqual(['A', 'L']);
    expect(liveSrv.getDataStream.mock.calls[0][0].addr).toMatchObject({ scope: 'ds', path: 'wallboard/all' });
    expect(asked()).toHaveLength(1);
  });
});

describe('a list of everybody', () => {
  const list = (params: TributaryQuery['params'] = {}): TributaryQuery => ({
    refId: 'A',
    kind: 'named',
    query: 'contacts_of',
    params: { queue: '$all', skip: 0, count: 100, ...params },
  });
  const seeing = (scope: string, numberOfQueues: number) => {
    const queues = Array.from({ length: numberOfQueues }, (_, i) => ({ id: `q${i}`, name: '' }));
    answerWith({ '/api/ds/query': answering, '/resources/me': { ...me, scope, queues } });
  };
  const askedOf = () =>
    backendSrv.asked.flatMap(({ data }) => data?.queries ?? []).map(({ params }: TributaryQuery) => params?.queue);

  test('is asked for each queue of who sees some teams, put together, and said so', async () => {
    seeing('0123456789abcdef', 3);
    const response = await last(datasource(), [list(), { ...named('$all'), refId: 'B' }]);
    expect(askedOf()).toEqual(['q0', 'q1', 'q2', '']);
    const a = response.data.find(({ refId }) => refId === 'A');
    expect(a.fields[0].values).toEqual(['q0', 'q1', 'q2']);
    expect(a.meta.notices).toEqual([
      { severity: 'info', text: expect.stringContaining('each queue that you see (3)') },
    ]);
  });

  test('is asked once by who sees one queue', async () => {
    seeing('0123456789abcdef', 1);
    const response = await last(datasource(), [list({ agent: '' })]);
    expect(askedOf()).toEqual(['q0']);
    expect(response.data[0].meta?.notices).toBeUndefined();
  });

  test('stays one query of who sees everything', async () => {
    seeing('all', 3);
    await last(datasource(), [list()]);
    expect(askedOf()).toEqual(['']);
  });

  test('does not ask who it is for where a queue or an agent is named, or where it takes no queue', async () => {
    seeing('0123456789abcdef', 3);
    const intents = { ...list(), query: 'intents_of', params: { intent: '', skip: 0, count: 100 }, refId: 'C' };
    await last(datasource(), [list({ queue: 'q1' }), { ...list({ agent: 'x' }), refId: 'B' }, intents]);
    expect(askedOf()).toEqual(['q1', '', undefined]);
    expect(backendSrv.asked).toHaveLength(1);
  });

  test('of more queues than are asked at once is refused with what to do', async () => {
    seeing('0123456789abcdef', 21);
    const response = await last(datasource(), [list(), { ...named('$queue'), refId: 'B' }]);
    expect(askedOf()).toEqual(['billing']);
    expect(response.errors).toEqual([{ refId: 'A', message: expect.stringMatching(/21 queries.*at most 20/) }]);
  });

  test('is left to Tributary to refuse where it is not known who asks', async () => {
    answerWith({ '/api/ds/query': answering, '/resources/me': new Error('away') });
    await last(datasource(), [list()]);
    expect(askedOf()).toEqual(['']);
  });
});

describe('queries', () => {
  test('without anything chosen are not asked', () => {
    const source = datasource();
    expect(source.filterQuery({ refId: 'A', kind: 'named' })).toBe(false);
    expect(source.filterQuery(named('x'))).toBe(true);
    expect(source.filterQuery({ refId: 'A', kind: 'wallboard' })).toBe(true);
    expect(source.filterQuery({ refId: 'A', kind: 'annotations' })).toBe(true);
  });

  test('start as one that answers', () => {
    expect(datasource().getDefaultQuery(CoreApp.Dashboard)).toMatchObject({
      kind: 'named',
      query: 'queue_by_interval',
      align: true,
    });
  });

  test('of alert rules and expressions keep a list, which the backend refuses with a reason', () => {
    const [query] = datasource().interpolateVariablesInQueries([named('$both')], {});
    expect(query.params).toEqual({ queue: ['billing', 'support'] });
  });
});

describe('resources', () => {
  test('are asked once by all who ask at the same time', async () => {
    const source = datasource();
    await Promise.all([source.me(), source.me(), source.queries(), source.queries()]);
    expect(backendSrv.asked.map(({ url }) => url)).toEqual([
      '/api/datasources/uid/tributary/resources/me',
      '/api/datasources/uid/tributary/resources/queries',
    ]);
  });
});
