// What `npm run look` takes pictures of.
export interface Scene {
  name: string;
  of: 'app' | 'datasource';
  part: 'page' | 'config' | 'query' | 'variable' | 'annotation';
  value?: unknown;
  boards?: Array<{ uid: string; url: string; title: string }>;
  sources?: Array<{ uid: string; name: string }>;
  health?: { status: string; message: string };
  /** Opens what stands under this selector before the picture. */
  open?: string;
}

const boards = ['wallboard', 'queues', 'contacts'].flatMap((name) => [
  { uid: `tributary-${name}`, url: `/d/tributary-${name}`, title: name },
  { uid: `tributary-${name}-zh`, url: `/d/tributary-${name}-zh`, title: name },
]);
const source = { uid: 'tributary', name: 'Tributary' };
const params = { queue: '$queue', target_ms: 20000, short_ms: 5000, flow_outs: 0, short_abandons: 1, abandons: 1 };
const named = { refId: 'A', kind: 'named', query: 'queue_by_interval', params, align: true, format: 'table' };

export const scenes: Scene[] = [
  { name: 'page', of: 'app', part: 'page', boards, sources: [source] },
  { name: 'page-new', of: 'app', part: 'page' },
  {
    name: 'page-broken',
    of: 'app',
    part: 'page',
    boards,
    sources: [source],
    health: {
      status: 'ERROR',
      message:
        'Tributary refuses the token: it was revoked or belongs to nobody. Make a new one: tributary user token grafana.',
    },
  },
  { name: 'app-config', of: 'app', part: 'config' },
  { name: 'config-new', of: 'datasource', part: 'config', value: { jsonData: {}, secureJsonFields: {} } },
  {
    name: 'config-wrong',
    of: 'datasource',
    part: 'config',
    value: { jsonData: { url: 'tributary.example.com', caCert: 'abc' }, secureJsonFields: {} },
  },
  {
    name: 'config-provisioned',
    of: 'datasource',
    part: 'config',
    value: { readOnly: true, jsonData: { url: 'https://tributary.example.com' }, secureJsonFields: { token: true } },
  },
  { name: 'query-table', of: 'datasource', part: 'query', value: named },
  {
    name: 'query-series',
    of: 'datasource',
    part: 'query',
    value: { ...named, format: 'series', value: ['sl_connect', 'sl_late_abandons'], label: ['queue'] },
  },
  { name: 'query-open', of: 'datasource', part: 'query', value: named, open: '#param-A-queue' },
  {
    name: 'query-wrong',
    of: 'datasource',
    part: 'query',
    value: { ...named, params: { ...params, target_ms: '20 s' } },
  },
  { name: 'query-unknown', of: 'datasource', part: 'query', value: { ...named, query: 'queue_by_week' } },
  { name: 'query-wallboard', of: 'datasource', part: 'query', value: { refId: 'A', kind: 'wallboard' } },
  { name: 'variable', of: 'datasource', part: 'variable', value: { refId: 'V', kind: 'agent', team: '$team' } },
  { name: 'annotation', of: 'datasource', part: 'annotation', value: { refId: 'Anno', kind: 'annotations' } },
];
