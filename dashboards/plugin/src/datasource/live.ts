import {
  type DataFrame,
  type DataFrameJSON,
  type DataQueryResponse,
  type LiveChannelAddress,
  type LiveChannelEvent,
  LoadingState,
  type QueryResultMetaNotice,
  StreamingFrameAction,
  isLiveChannelMessageEvent,
  isLiveChannelStatusEvent,
  parseLiveChannelAddress,
} from '@grafana/data';
import { t } from '@grafana/i18n';
import type { GrafanaLiveSrv } from '@grafana/runtime';
import {
  EMPTY,
  type Observable,
  catchError,
  combineLatest,
  concat,
  defer,
  distinctUntilChanged,
  endWith,
  exhaustMap,
  filter,
  interval,
  map,
  of,
  repeat,
  startWith,
  switchMap,
  takeWhile,
  tap,
  throwError,
  timer,
} from 'rxjs';
import { faultOf, faults } from './faults';
import { withNotice } from './merge';
import type { Me } from './types';

/** The waits before the stream is asked for again, the last one for every later try. */
export const WAITS_MS = [1000, 2000, 5000, 10_000, 30_000];

/** How often it is asked who the user is while the stream runs: it was opened for what they might see then. */
export const ME_AGAIN_MS = 60_000;

/** More queues than this a board does not show; Grafana keeps no more rows of a packet than the buffer takes. */
const MOST_ROWS = 2000;

interface Live {
  uid: string;
  refId: string;
  key: string;
  /** Who the user is; asked again before each try and while the stream runs, as their teams, and so their channel, may have changed. */
  me: () => Promise<Me>;
  service: GrafanaLiveSrv;
}

/**
 * The wallboard as it is, and then whenever it changes. When the stream breaks it is asked for again; only a user who is refused is not
 * asked for any more.
 */
export function wallboard(live: Live): Observable<DataQueryResponse> {
  const follower = new Follower(live);
  return combineLatest([follower.follow(), live.service.getConnectionState().pipe(startWith(true))]).pipe(
    map(([response, connected]) => (connected ? response : unconnected(response)))
  );
}

class Follower {
  private latest: DataFrame[] = [];
  private failures = 0;
  private scope?: string;
  private refused = false;

  constructor(private readonly live: Live) {}

  follow(): Observable<DataQueryResponse> {
    const { uid, key, service } = this.live;
    return this.scopes().pipe(
      switchMap((scope) => {
        const addr = parseLiveChannelAddress(`ds/${uid}/wallboard/${scope}`);
        if (!addr) {
          return throwError(() => new Error(`no live channel for the scope ${JSON.stringify(scope)}`));
        }
        const rows = service.getDataStream({
          addr,
          key,
          buffer: { action: StreamingFrameAction.Replace, maxLength: MOST_ROWS },
        });
        return concat(this.entered(scope), combineLatest([this.notices(addr), rows.pipe(endWith(undefined))]));
      }),
      // The notices end with the rows.
      takeWhile((both): both is [QueryResultMetaNotice[], DataQueryResponse] => both[1] !== undefined),
      map(([notices, response]) => this.taken(response, notices)),
      catchError((error: unknown) => of(this.failed(error))),
      // A stream that ends was shut down, after an error or by a restart of Grafana or of the plugin.
      repeat({ delay: () => (this.refused ? EMPTY : timer(WAITS_MS[Math.min(this.failures++, WAITS_MS.length - 1)])) })
    );
  }

  /** The user's scope, and then each other one they get. It fails when they are refused; while nobody answers, it stays as it was. */
  private scopes(): Observable<string> {
    const me = defer(this.live.me).pipe(tap({ error: (error: unknown) => (this.refused = isRefusal(error)) }));
    const again = interval(ME_AGAIN_MS).pipe(
      exhaustMap(() => me.pipe(catchError((error: unknown) => (this.refused ? throwError(() => error) : EMPTY))))
    );
    return concat(me, again).pipe(
      map(({ scope }) => scope),
      distinctUntilChanged()
    );
  }

  /** What another scope showed may not be seen any more: an empty board takes its place until the rows of this one come. */
  private entered(scope: string): Observable<[QueryResultMetaNotice[], DataQueryResponse]> {
    const other = this.scope !== undefined && this.scope !== scope;
    this.scope = scope;
    return other ? of([[], { data: [] }]) : EMPTY;
  }

  /**
   * What the backend says above its rows, such as that Tributary is away. Grafana hands it on only where the columns change too, so it is
   * read from the messages themselves.
   */
  private notices(addr: LiveChannelAddress): Observable<QueryResultMetaNotice[]> {
    return this.live.service.getStream<DataFrameJSON>(addr).pipe(
      map(noticesOf),
      filter((notices) => notices !== undefined),
      startWith([]),
      distinctUntilChanged((a, b) => JSON.stringify(a) === JSON.stringify(b))
    );
  }

  private taken(response: DataQueryResponse, notices: QueryResultMetaNotice[]): DataQueryResponse {
    const { refId, key } = this.live;
    const fault = faultOf(response);
    if (fault) {
      // Grafana does not try again by itself where it was refused; who has got other teams since may ask for their own channel.
      throw new Error(reason(fault));
    }
    this.failures = 0;
    this.latest = response.data.map((frame: DataFrame) => copy(frame, notices, refId));
    return { data: this.latest, key, state: LoadingState.Streaming };
  }

  /** What was last known stays on the board, with the reason why it is not newer; but not for a user who is refused. */
  private failed(error: unknown): DataQueryResponse {
    const { refId, key } = this.live;
    const fault = { message: reason(error), refId };
    if (this.refused) {
      this.latest = [];
    }
    return { data: this.latest, key, state: LoadingState.Error, ...faults([fault]) };
  }
}

/** The notices that a message of the channel says stand from now on; undefined where it says nothing of them. */
function noticesOf(event: LiveChannelEvent<DataFrameJSON>): QueryResultMetaNotice[] | undefined {
  const message: DataFrameJSON | undefined =
    isLiveChannelMessageEvent(event) || isLiveChannelStatusEvent(event) ? event.message : undefined;
  return message?.schema ? (message.schema.meta?.notices ?? []) : undefined;
}

/** A frame of its own: the one Grafana streams is changed in place, and says no refId. */
function copy(frame: DataFrame, notices: QueryResultMetaNotice[], refId: string): DataFrame {
  return {
    name: frame.name,
    refId,
    meta: { ...frame.meta, notices: notices.length > 0 ? notices : undefined },
    fields: frame.fields.map(({ name, type, config, labels, values }) => ({
      name,
      type,
      config,
      labels,
      values: Array.from(values),
    })),
    length: frame.length,
  };
}

function unconnected(response: DataQueryResponse): DataQueryResponse {
  return {
    ...response,
    data: withNotice(response.data, {
      severity: 'warning',
      text: t('live.unconnected', 'Not connected: these numbers stand still until the connection is back.'),
    }),
  };
}

/** Tells an answer of the resource `me` that refuses the user from one that did not come. */
function isRefusal(error: unknown): boolean {
  const { status, data } = (error ?? {}) as { status?: unknown; data?: { code?: unknown } };
  return status === 403 || data?.code === 'unknown_user';
}

function reason(error: unknown): string {
  if (error && typeof error === 'object') {
    if ('message' in error && typeof error.message === 'string' && error.message) {
      return error.message;
    }
    if ('data' in error && error.data && typeof error.data === 'object' && 'message' in error.data) {
      return String(error.data.message);
    }
  }
  return t('live.failed', 'The live wallboard could not be followed; it is tried again.');
}
