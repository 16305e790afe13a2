import type { DataQueryError, DataQueryResponse } from '@grafana/data';

/** The errors of an answer, as Grafana reads them: the list, and the first one where older parts look for it. */
export function faults(errors: DataQueryError[]): Pick<DataQueryResponse, 'errors'> {
  return errors.length > 0 ? { errors, ...{ error: errors[0] } } : {};
}

/** The first error of an answer, wherever it stands. */
export function faultOf(response: DataQueryResponse): DataQueryError | undefined {
  return response.errors?.[0] ?? ('error' in response ? (response as { error?: DataQueryError }).error : undefined);
}
