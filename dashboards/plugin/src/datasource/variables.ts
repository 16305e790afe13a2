import {
  CustomVariableSupport,
  type DataQueryRequest,
  type DataQueryResponse,
  type DataSourceApi,
  type ScopedVars,
} from '@grafana/data';
import { type TemplateSrv, getTemplateSrv } from '@grafana/runtime';
import { type Observable, from, map } from 'rxjs';
import { VariableQueryEditor } from './components/VariableQueryEditor';
import { inLanguage } from './intents';
import { interpolate } from './interpolate';
import type { Me, TributaryOptions, TributaryQuery, VariableQuery } from './types';

/** What variables ask of the data source. */
interface Asked extends DataSourceApi<TributaryQuery, TributaryOptions> {
  me(): Promise<Me>;
  pageUrl: string;
}

/** Variables list what the signed-in user may see: the names are shown, the ids go into queries. */
export class TributaryVariables extends CustomVariableSupport<Asked, VariableQuery> {
  editor = VariableQueryEditor;

  constructor(
    private readonly datasource: Asked,
    private readonly templateSrv: TemplateSrv = getTemplateSrv()
  ) {
    super();
    this.query = this.query.bind(this);
  }

  getDefaultQuery() {
    const query: Partial<VariableQuery> = { kind: 'queue' };
    // The base class gives this the type of panels' queries, though Grafana hands it to the editor of variables.
    return query as Partial<TributaryQuery>;
  }

  query(request: DataQueryRequest<VariableQuery>): Observable<DataQueryResponse> {
    const [target] = request.targets;
    const teams = target?.team ? this.teams(target.team, request.scopedVars) : [];
    return from(this.datasource.me()).pipe(
      map((me) => ({ data: values(me, target?.kind ?? 'queue', teams, this.datasource.pageUrl) }))
    );
  }

  private teams(team: string, scopedVars: ScopedVars): string[] {
    const query = interpolate({ refId: '', kind: 'named', params: { team } }, scopedVars, this.templateSrv);
    const value = query.params?.team ?? '';
    return Array.isArray(value) ? value : value === '' ? [] : [String(value)];
  }
}

/** The values of one kind; agents only of these teams, where any are given. */
export function values(me: Me, kind: VariableQuery['kind'], teams: string[] = [], pageUrl = '') {
  switch (kind) {
    case 'queue':
      return me.queues.map(named);
    case 'team':
      return me.teams.map(named);
    case 'agent':
      return me.agents.filter((agent) => teams.length === 0 || teams.includes(agent.team)).map(named);
    case 'intent':
      return inLanguage(me.intents).map(named);
    case 'channel':
      return me.channels.map((channel) => ({ text: channel, value: channel }));
    case 'page_url':
      return [me.page_url || pageUrl].filter(Boolean).map((url) => ({ text: url, value: url.replace(/\/+$/, '') }));
    default:
      return [];
  }
}

function named({ id, name }: { id: string; name: string }) {
  return { text: name || id, value: id };
}
