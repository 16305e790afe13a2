import type { DataSourceJsonData } from '@grafana/data';
import type { DataQuery } from '@grafana/schema';

/** What a query asks for: a named query, the live wallboard, or the versions that annotations mark. */
export type QueryKind = 'named' | 'wallboard' | 'annotations';

/** A parameter's value: a number, or text that may hold variables. A list stands only where a variable has several values. */
export type ParamValue = string | number | string[];

/** The stored model of a query; the Go backend reads the same. */
export interface TributaryQuery extends DataQuery {
  kind: QueryKind;
  /** The named query. */
  query?: string;
  params?: Record<string, ParamValue>;
  /** Rounds the time range to the interval, so that everybody who looks at a board shares one answer. */
  align?: boolean;
  /** How far the board's clock is ahead of UTC, so that rounded days begin at its midnight; filled in when the query is asked. */
  offset_ms?: number;
  /** Keeps one of the service levels of the answer and leaves out the others. */
  formula?: 'sl_connect' | 'sl_genesys' | 'sl_copc' | 'sl_late_abandons';
  format?: 'table' | 'series';
  /** For series: the columns that are drawn, and those that name each line. */
  value?: string[];
  label?: string[];
}

export interface TributaryOptions extends DataSourceJsonData {
  /** Where Grafana reaches Tributary's API. */
  url?: string;
  /** PEM of the authority that signed its certificate; empty for those the system trusts. */
  caCert?: string;
  /** Where people open Tributary in their browser; empty for the same as url. */
  pageUrl?: string;
}

export interface TributarySecureOptions {
  token?: string;
}

export interface Named {
  id: string;
  name: string;
}

export interface Intent extends Named {
  /** Its name by language: en, zh. */
  names?: Record<string, string>;
}

export interface Agent extends Named {
  team: string;
}

/** Answer of the resource `me`: what the signed-in user may see. */
export interface Me {
  tenant: string;
  login: string;
  /** Names the live channel that this user may follow: "all", or a hash of the teams. */
  scope: string;
  teams: Named[];
  queues: Named[];
  agents: Agent[];
  channels: string[];
  intents: Intent[];
  page_url: string;
}

export interface ParamInfo {
  name: string;
  type: string;
  help: string;
}

export interface ColumnInfo {
  name: string;
  help: string;
}

export interface QueryInfo {
  name: string;
  help: string;
  params: ParamInfo[];
  columns: ColumnInfo[];
}

/** What a dashboard variable lists; page_url is one value: where people open Tributary, for links of boards. */
export type VariableKind = 'queue' | 'team' | 'agent' | 'channel' | 'intent' | 'page_url';

export interface VariableQuery extends DataQuery {
  kind: VariableKind;
  /** For agents: only those of this team; may be a variable; empty for all. */
  team?: string;
}
