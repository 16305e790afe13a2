import {
  type AnnotationSupport,
  type CoreApp,
  type DataFrame,
  type DataQueryRequest,
  type DataQueryResponse,
  type DataSourceInstanceSettings,
  LoadingState,
  type ScopedVars,
  dateTimeForTimeZone,
} from '@grafana/data';
import { t } from '@grafana/i18n';
import { DataSourceWithBackend, type TemplateSrv, config, getGrafanaLiveSrv, getTemplateSrv } from '@grafana/runtime';
import { type Observable, catchError, defer, map, merge, of, switchMap } from 'rxjs';
import { annotations } from './annotations';
import { faults } from './faults';
import { Kept } from './kept';
import { MOST_VALUES, forEachQueue, interpolate, listed, listsEverybody, spread } from './interpolate';
import { wallboard } from './live';
import { together, withNotice } from './merge';
import { DEFAULT_QUERY } from './queries';
import type { Me, QueryInfo, TributaryOptions, TributaryQuery } from './types';
import { TributaryVariables } from './variables';

/** How long the answer of a resource serves: people's teams change seldom, queries only with a new Tributary. */
const ME_MS = 30_000;
const QUERIES_MS = 5 * 60_000;

/** A failure is shown where it matters: the live wallboard asks each minute, and Grafana would say it above the page each time. */
const SHOWN_HERE = { showErrorAlert: false };

/** The query that an asked one stands for, and its parameters that have several values. */
interface Original {
  refId: string;
  several: string[];
  /** For how many queues it was asked because the user sees only these; 0 where the queues were selected. */
  queues: number;
}

/** Asks Tributary through the Go backend of this plugin; the live wallboard comes through Grafana Live. */
export class TributaryDataSource extends DataSourceWithBackend<TributaryQuery, TributaryOptions> {
  annotations: AnnotationSupport<TributaryQuery> = annotations;

  /** Where people open Tributary, by the settings; Tributary's own word (`me`) goes before it. */
  readonly pageUrl: string;

  private readonly keptMe = new Kept<Me>(() => this.getResource('me', undefined, SHOWN_HERE), ME_MS);
  private readonly keptQueries = new Kept<{ queries: QueryInfo[] }>(() => this.getResource('queries'), QUERIES_MS);

  constructor(
    settings: DataSourceInstanceSettings<TributaryOptions>,
    private readonly templateSrv: TemplateSrv = getTemplateSrv()
  ) {
    super(settings);
    this.pageUrl = settings.jsonData.pageUrl || settings.jsonData.url || '';
    this.variables = new TributaryVariables(this, templateSrv);
  }

  /** What the signed-in user may see. */
  me(): Promise<Me> {
    return this.keptMe.get();
  }

  /** The named queries that boards may ask. */
  async queries(): Promise<QueryInfo[]> {
    return (await this.keptQueries.get()).queries;
  }

  getDefaultQuery(_: CoreApp): Partial<TributaryQuery> {
    return DEFAULT_QUERY;
  }

  /** A query that nothing was chosen for yet is not asked. */
  filterQuery(query: TributaryQuery): boolean {
    return query.kind === 'wallboard' || query.kind === 'annotations' || Boolean(query.query);
  }

  applyTemplateVariables(query: TributaryQuery, scopedVars: ScopedVars): TributaryQuery {
    return interpolate(query, scopedVars, this.templateSrv);
  }

  query(request: DataQueryRequest<TributaryQuery>): Observable<DataQueryResponse> {
    // A public dashboard has no user and asks Grafana by the panel: nothing of the request would be read.
    if (config.publicDashboardAccessToken) {
      return super.query(request);
    }
    const live = request.targets.filter((target) => target.kind === 'wallboard');
    const asked = request.targets.filter((target) => target.kind !== 'wallboard');
    const answers = live.map((target) => this.follow(request, target));
    if (asked.length > 0) {
      answers.push(this.ask({ ...request, targets: asked }));
    }
    return answers.length > 0 ? merge(...answers) : of({ data: [], state: LoadingState.Done });
  }

  private follow(request: DataQueryRequest<TributaryQuery>, target: TributaryQuery): Observable<DataQueryResponse> {
    return wallboard({
      uid: this.uid,
      refId: target.refId,
      key: `${request.requestId}/${target.refId}`,
      me: () => this.me(),
      service: getGrafanaLiveSrv(),
    });
  }

  private ask(request: DataQueryRequest<TributaryQuery>): Observable<DataQueryResponse> {
    const targets = request.targets.map((target) => this.applyTemplateVariables(target, request.scopedVars));
    if (!targets.some(listsEverybody)) {
      return this.askEach(request, targets, []);
    }
    // Where it is not known who asks, Tributary says why when it refuses the query.
    return defer(() => this.me()).pipe(
      map(({ scope, queues }) => (scope === 'all' ? [] : queues.map(({ id }) => id))),
      catchError(() => of([])),
      switchMap((queues) => this.askEach(request, targets, queues))
    );
  }

  /**
   * Asks the backend: a query whose parameters have several values once for each, and puts the answers together. `queues` are those of a
   * user who does not see all: a list of everybody is asked for each of them.
   */
  private askEach(
    request: DataQueryRequest<TributaryQuery>,
    interpolated: TributaryQuery[],
    queues: string[]
  ): Observable<DataQueryResponse> {
    const originals = new Map<string, Original>();
    const refused: Array<{ refId: string; message: string }> = [];
    const targets = interpolated.flatMap((target) => {
      const query = forEachQueue(target, queues);
      const all = spread(query);
      const several = listed(query);
      const ofUser = query === target ? 0 : queues.length;
      if (all.length > MOST_VALUES) {
        refused.push({ refId: target.refId, message: tooMany(several, all.length, ofUser) });
        return [];
      }
      return all.map((one, i) => {
        const refId = i === 0 ? one.refId : `${one.refId}/${i}`;
        originals.set(refId, { refId: one.refId, several, queues: ofUser });
        return { offset_ms: offsetOf(request), ...one, refId };
      });
    });
    if (targets.length === 0 && refused.length > 0) {
      return of({ data: [], ...faults(refused), state: LoadingState.Error });
    }
    return super.query({ ...request, targets }).pipe(map((response) => gather(response, originals, refused)));
  }
}

/** How far the board's clock is ahead of UTC at the beginning of its time range. */
function offsetOf({ timezone, range }: DataQueryRequest<TributaryQuery>): number {
  return range ? dateTimeForTimeZone(timezone, range.from).utcOffset() * 60_000 : 0;
}

function gather(
  response: DataQueryResponse,
  originals: Map<string, Original>,
  refused: Array<{ refId: string; message: string }>
): DataQueryResponse {
  const data: DataFrame[] = [];
  const bySeveral = new Map<string, DataFrame[]>();
  for (const frame of response.data as DataFrame[]) {
    const original = originals.get(frame.refId ?? '');
    if (!original || original.several.length === 0) {
      data.push(frame);
      continue;
    }
    const { refId } = original;
    bySeveral.set(refId, [...(bySeveral.get(refId) ?? []), { ...frame, refId }]);
  }
  for (const [refId, frames] of bySeveral) {
    const original = originals.get(refId);
    data.push(...withNotice(together(frames), { severity: 'info', text: askedForEach(original) }));
  }
  const errors = [...(response.errors ?? []), ...refused].map((error) => ({
    ...error,
    refId: originals.get(error.refId ?? '')?.refId ?? error.refId,
  }));
  return { ...response, data, ...faults(errors) };
}

function askedForEach(original?: Original): string {
  const params = original?.several ?? [];
  if (original?.queues) {
    return t(
      'query.asked-for-each-queue',
      'The list was asked once for each queue that you see ({{number}}), and the rows stand together: at most as many of each queue as were asked for.',
      { number: original.queues }
    );
  }
  return t(
    'query.asked-for-each',
    'Several values are selected for {{params}}: the query was asked once for each, and the rows stand side by side. Choose All for one answer.',
    { params: params.join(', '), interpolation: { escapeValue: false } }
  );
}

function tooMany(params: string[], number: number, queues: number): string {
  if (queues > 0) {
    return t(
      'query.too-many-queues',
      'The list is asked for each queue that you see, which makes {{number}} queries; at most {{most}} are asked at once. Select fewer queues or values.',
      { number, most: MOST_VALUES }
    );
  }
  return t(
    'query.too-many',
    'The selected values of {{params}} make {{number}} queries; at most {{most}} are asked at once. Select fewer, or All.',
    { params: params.join(', '), number, most: MOST_VALUES, interpolation: { escapeValue: false } }
  );
}
