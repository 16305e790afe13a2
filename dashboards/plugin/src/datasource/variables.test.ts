import type { DataQueryRequest } from '@grafana/data';
import { config } from '@grafana/runtime';
import { lastValueFrom } from 'rxjs';
import { me, mockTemplateSrv } from '../testing/mockRuntime';
import type { TributaryDataSource } from './datasource';
import type { VariableKind, VariableQuery } from './types';
import { TributaryVariables } from './variables';

const templateSrv = mockTemplateSrv({ team: 'day', every: '$__all', several: ['day', 'night'] });
const datasource = { me: async () => me, pageUrl: 'https://t.example.com/' } as TributaryDataSource;

async function list(kind: VariableKind, team?: string) {
  const request = {
    targets: [{ refId: 'V', kind, team }],
    scopedVars: {},
  } as unknown as DataQueryRequest<VariableQuery>;
  return (await lastValueFrom(new TributaryVariables(datasource, templateSrv).query(request))).data;
}

test.each<[VariableKind, Array<[string, string]>]>([
  [
    'queue',
    [
      ['Billing', 'billing'],
      ['技术支持', 'support'],
    ],
  ],
  ['team', [['Day', 'day']]],
  [
    'agent',
    [
      ['Chen Wei', 'a-1'],
      ['a-2', 'a-2'],
    ],
  ],
  [
    'channel',
    [
      ['chat', 'chat'],
      ['voice', 'voice'],
    ],
  ],
  ['intent', [['Refund', 'refund']]],
  ['page_url', [['https://t.example.com/', 'https://t.example.com']]],
])('%s lists what the user may see: names are shown, ids are the values', async (kind, wanted) => {
  expect(await list(kind)).toEqual(wanted.map(([text, value]) => ({ text, value })));
});

test.each([
  ['$team', ['a-1']],
  ['day', ['a-1']],
  ['$every', ['a-1', 'a-2']],
  ['$several', ['a-1', 'a-2']],
  ['nobody', []],
])('agents of the team %s', async (team, wanted) => {
  expect((await list('agent', team)).map(({ value }) => value)).toEqual(wanted);
});

test("Tributary's own word for its address goes before that of the settings", async () => {
  const told = {
    ...datasource,
    me: async () => ({ ...me, page_url: 'https://open.example.com' }),
  } as TributaryDataSource;
  const request = {
    targets: [{ refId: 'V', kind: 'page_url' }],
    scopedVars: {},
  } as unknown as DataQueryRequest<VariableQuery>;
  const { data } = await lastValueFrom(new TributaryVariables(told, templateSrv).query(request));
  expect(data).toEqual([{ text: 'https://open.example.com', value: 'https://open.example.com' }]);
});

test("intents are named in the reader's language", async () => {
  config.bootData = { user: { language: 'zh-Hans' } } as never;
  expect(await list('intent')).toEqual([{ text: '退款', value: 'refund' }]);
});

test('a new variable lists queues', () => {
  expect(new TributaryVariables(datasource, templateSrv).getDefaultQuery()).toEqual({ kind: 'queue' });
});
