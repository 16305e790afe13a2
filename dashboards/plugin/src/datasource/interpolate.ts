import type { ScopedVars } from '@grafana/data';
import type { TemplateSrv } from '@grafana/runtime';
import type { ParamValue, TributaryQuery } from './types';

/** What a dashboard's "All" stands for where a variable has no value of its own for it. */
const ALL = '$__all';

/** One call of the API takes at most so many queries; a panel that needs more has to select less. */
export const MOST_VALUES = 20;

/**
 * Puts variables into a query's parameters. A parameter takes one value, so: "All" becomes empty, which every query reads as all
 * that the user may see; one selected value becomes that value; several stay a list, which `spread` takes apart.
 */
export function interpolate(query: TributaryQuery, scopedVars: ScopedVars, templateSrv: TemplateSrv): TributaryQuery {
  if (!query.params) {
    return query;
  }
  const params = Object.fromEntries(
    Object.entries(query.params).map(([name, value]) => [name, interpolateValue(value, scopedVars, templateSrv)])
  );
  return { ...query, params };
}

function interpolateValue(value: ParamValue, scopedVars: ScopedVars, templateSrv: TemplateSrv): ParamValue {
  if (typeof value !== 'string' || !value.includes('$')) {
    return value;
  }
  let several: string[] | undefined;
  const text = templateSrv.replace(value, scopedVars, (selected: string | string[], variable?: { name?: string }) => {
    if (isAll(selected, variable?.name, scopedVars, templateSrv)) {
      return '';
    }
    if (Array.isArray(selected)) {
      if (selected.length > 1) {
        several = selected;
      }
      return selected.join(',');
    }
    return selected;
  });
  return several ?? text;
}

function isAll(
  selected: string | string[],
  name: string | undefined,
  scopedVars: ScopedVars,
  templateSrv: TemplateSrv
) {
  if (isWordForAll(selected) || !name) {
    return isWordForAll(selected);
  }
  if (scopedVars[name]) {
    return isWordForAll(scopedVars[name]?.value);
  }
  const variable = templateSrv.getVariables().find((one) => one.name === name);
  const current: unknown = variable && 'current' in variable ? variable.current : undefined;
  const value = current && typeof current === 'object' && 'value' in current ? current.value : undefined;
  return isWordForAll(value);
}

function isWordForAll(value: unknown): boolean {
  return value === ALL || (Array.isArray(value) && value.includes(ALL));
}

/** One query for each combination of the lists among its parameters; a query without lists is returned alone. */
export function spread(query: TributaryQuery): TributaryQuery[] {
  let all: TributaryQuery[] = [query];
  for (const [name, value] of Object.entries(query.params ?? {})) {
    if (Array.isArray(value)) {
      all = all.flatMap((one) => value.map((single) => ({ ...one, params: { ...one.params, [name]: single } })));
    }
  }
  return all;
}

/** The parameters of a query that hold several values. */
export function listed(query: TributaryQuery): string[] {
  return Object.entries(query.params ?? {})
    .filter(([, value]) => Array.isArray(value))
    .map(([name]) => name);
}

/**
 * Tells a list of rows that names neither a queue nor an agent. Tributary gives it only to who sees everything: of a page of everybody's
 * rows, nobody could tell how many are left to others. One that takes no queue counts the whole company, and is left alone.
 */
export function listsEverybody({ kind, params = {} }: TributaryQuery): boolean {
  return kind === 'named' && 'skip' in params && params.queue === '' && (params.agent ?? '') === '';
}

/** The query for each of these queues, where it lists everybody; without queues, and otherwise, the query itself. */
export function forEachQueue(query: TributaryQuery, queues: string[]): TributaryQuery {
  if (queues.length === 0 || !listsEverybody(query)) {
    return query;
  }
  return { ...query, params: { ...query.params, queue: queues.length === 1 ? queues[0] : queues } };
}
