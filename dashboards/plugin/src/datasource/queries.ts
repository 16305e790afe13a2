import type { ParamInfo, ParamValue, QueryInfo, TributaryQuery } from './types';

/** A new query: the contacts of each queue, by interval. */
export const DEFAULT_QUERY: Partial<TributaryQuery> = {
  kind: 'named',
  query: 'queue_by_interval',
  params: {
    queue: '',
    target_ms: 20_000,
    short_ms: 5000,
    flow_outs: 0,
    short_abandons: 1,
    abandons: 1,
  },
  align: true,
  format: 'table',
};

/** The parameters that the panel's time range fills, unless the query gives them. */
export const FROM_TIME_RANGE = ['from_ms', 'to_ms', 'interval_ms', 'at_ms'];

/** What a parameter starts with; a text starts empty, which every query reads as all. */
const STARTS: Record<string, ParamValue> = { ...DEFAULT_QUERY.params, count: 100, skip: 0 };

export function isFromTimeRange(param: ParamInfo): boolean {
  return FROM_TIME_RANGE.includes(param.name);
}

export function isNumber(param: ParamInfo): boolean {
  return /^(U?Int|Float|Decimal)/.test(param.type);
}

/** The parameters of another query: what both know stays as it was, what is new starts with what is usual. */
export function paramsFor(info: QueryInfo, before: TributaryQuery['params'] = {}): Record<string, ParamValue> {
  const params: Record<string, ParamValue> = {};
  for (const param of info.params) {
    if (param.name in before) {
      params[param.name] = before[param.name];
    } else if (!isFromTimeRange(param)) {
      params[param.name] = STARTS[param.name] ?? (isNumber(param) ? 0 : '');
    }
  }
  return params;
}

/**
 * What is wrong with the text of a parameter, before it is asked: a number must be one, unless a variable stands for it.
 * Tributary checks again, and says it all.
 */
export function isMistyped(param: ParamInfo, value: ParamValue | undefined): boolean {
  if (!isNumber(param) || typeof value !== 'string' || value.includes('$') || value === '') {
    return false;
  }
  const whole = /^U?Int/.test(param.type) ? /^-?\d+$/ : /^-?\d+(\.\d+)?$/;
  return !whole.test(value.trim()) || (param.type.startsWith('UInt') && value.trim().startsWith('-'));
}

/** The value that is stored for what was typed: a number as a number, what holds a variable as text. */
export function typed(param: ParamInfo, text: string): ParamValue {
  const trimmed = text.trim();
  return isNumber(param) && trimmed !== '' && !isMistyped(param, trimmed) && !trimmed.includes('$')
    ? Number(trimmed)
    : trimmed;
}
