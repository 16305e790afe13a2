import {
  type DataQueryResponse,
  type DataSourceInstanceSettings,
  type LiveChannelEvent,
  PluginType,
} from '@grafana/data';
import type { BackendSrv, GrafanaLiveSrv, TemplateSrv } from '@grafana/runtime';
import { BehaviorSubject, type Observable, Subject, of, throwError } from 'rxjs';
import type { Me, QueryInfo, TributaryOptions } from '../datasource/types';

// Mocks of the services that Grafana gives a plugin at run time. Each answers what a test tells it to and throws at anything else.

type Selected = string | string[];

/** A mock of TemplateSrv with these variables; one that is a list has several values, '$__all' is Grafana's "All". */
export function mockTemplateSrv(variables: Record<string, Selected>): TemplateSrv {
  type Format = (value: Selected, variable: { name: string }) => string;
  return {
    getVariables: () => Object.entries(variables).map(([name, value]) => ({ name, current: { value } })) as never,
    replace: (target = '', scopedVars, format) =>
      target.replace(/\$\{?(\w+)\}?/g, (match, name: string) => {
        const value: Selected | undefined = scopedVars?.[name]?.value ?? variables[name];
        if (value === undefined) {
          return match;
        }
        // As in Grafana: the values of "All" are handed on, not the word for it.
        const handed = value === '$__all' ? ['every', 'one'] : value;
        return typeof format === 'function' ? (format as Format)(handed, { name }) : String(handed);
      }),
    containsTemplate: (target = '') => target.includes('$'),
    updateTimeRange: () => undefined,
  };
}

/** A mock of BackendSrv whose answers are by the end of the path; an Error among them is thrown. */
export function mockBackendSrv(
  answers: Record<string, unknown>
): BackendSrv & { asked: Array<{ url: string; data?: any }> } {
  const asked: Array<{ url: string; data?: any }> = [];
  const find = (url: string) => {
    const path = Object.keys(answers).find((end) => url.split('?')[0].endsWith(end));
    if (!path) {
      throw new Error(`the mock answers nothing for ${url}`);
    }
    const answer = answers[path];
    return typeof answer === 'function' ? answer(asked[asked.length - 1]) : answer;
  };
  const get = async (url: string) => {
    asked.push({ url });
    const answer = find(url);
    if (answer instanceof Error) {
      throw answer;
    }
    return answer;
  };
  const fetch = (options: { url: string; data?: unknown }): Observable<unknown> => {
    asked.push(options);
    const answer = find(options.url);
    return answer instanceof Error ? throwError(() => answer) : of({ data: answer, status: 200, ok: true });
  };
  return { asked, get, fetch } as never;
}

/** A mock of GrafanaLiveSrv: `streams` says, try by try, what each subscription gets. */
export function mockLiveSrv(streams: Array<Observable<DataQueryResponse>>) {
  const connected = new BehaviorSubject(true);
  const events = new Subject<LiveChannelEvent>();
  const getDataStream = jest.fn((_: { addr: { path: string }; buffer?: unknown }) => {
    const stream = streams.shift();
    if (!stream) {
      throw new Error('the mock has no further stream');
    }
    return stream;
  });
  return {
    connected,
    events,
    getDataStream,
    service: {
      getDataStream,
      getConnectionState: () => connected,
      getStream: () => events,
    } as unknown as GrafanaLiveSrv,
  };
}

export const settings = (jsonData: TributaryOptions = {}): DataSourceInstanceSettings<TributaryOptions> => ({
  id: 1,
  uid: 'tributary',
  type: 'tributarycc-tributary-datasource',
  name: 'Tributary',
  access: 'proxy',
  readOnly: false,
  jsonData,
  meta: { id: 'tributarycc-tributary-datasource', type: PluginType.datasource } as never,
});

export const me: Me = {
  tenant: 'demo',
  login: 'li.na',
  scope: 'all',
  teams: [{ id: 'day', name: 'Day' }],
  queues: [
    { id: 'billing', name: 'Billing' },
    { id: 'support', name: '技术支持' },
  ],
  agents: [
    { id: 'a-1', name: 'Chen Wei', team: 'day' },
    { id: 'a-2', name: '', team: 'night' },
  ],
  channels: ['chat', 'voice'],
  intents: [{ id: 'refund', name: 'Refund', names: { en: 'Refund', zh: '退款' } }],
  page_url: '',
};

export const queries: QueryInfo[] = [
  {
    name: 'queue_by_interval',
    help: 'What became of the contacts enqueued in each interval.',
    params: [
      { name: 'queue', type: 'String', help: 'only this queue; empty for all' },
      { name: 'from_ms', type: 'Int64', help: 'the first moment' },
      { name: 'interval_ms', type: 'Int64', help: 'the length of an interval' },
      { name: 'target_ms', type: 'Int64', help: 'the wait T' },
      { name: 'flow_outs', type: 'UInt8', help: 'a switch' },
    ],
    columns: [
      { name: 'queue', help: 'the queue' },
      { name: 'queue_name', help: 'the name of that queue, or its id where no name is known' },
      { name: 'sl_connect', help: 'percent' },
    ],
  },
  {
    name: 'handled_of',
    help: 'The contacts that an agent handled.',
    params: [
      { name: 'agent', type: 'String', help: 'only this agent' },
      { name: 'queue', type: 'String', help: 'only this queue' },
      { name: 'count', type: 'UInt32', help: 'so many rows' },
      { name: 'code', type: 'String', help: 'only with this code' },
    ],
    columns: [{ name: 'contact', help: 'the contact' }],
  },
];

/** Mocks the sizes of elements and texts, without which the lists of @grafana/ui show no options in jsdom. */
export function mockSizes() {
  const size = { width: 120, height: 120, top: 0, left: 0, bottom: 0, right: 0, x: 0, y: 0, toJSON: () => ({}) };
  jest.spyOn(Element.prototype, 'getBoundingClientRect').mockReturnValue(size);
  for (const name of ['offsetHeight', 'offsetWidth', 'clientHeight', 'clientWidth']) {
    Object.defineProperty(HTMLElement.prototype, name, { configurable: true, value: 120 });
  }
  global.IntersectionObserver = class {
    observe() {}
    unobserve() {}
    disconnect() {}
  } as never;
  const canvas = { measureText: () => ({ width: 50 }) };
  jest.spyOn(HTMLCanvasElement.prototype, 'getContext').mockReturnValue(canvas as never);
}
