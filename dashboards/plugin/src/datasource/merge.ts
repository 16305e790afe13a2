import { type DataFrame, FieldType, type QueryResultMetaNotice } from '@grafana/data';

/** Says something above the panel that shows these frames. */
export function withNotice(frames: DataFrame[], notice: QueryResultMetaNotice): DataFrame[] {
  return frames.map((frame, i) =>
    i === 0 ? { ...frame, meta: { ...frame.meta, notices: [...(frame.meta?.notices ?? []), notice] } } : frame
  );
}

/**
 * Puts the answers of one query, asked once for each value of a variable, together: tables with the same columns become one, in
 * the order of their first time column; anything else (lines of a graph) stays side by side. Nothing is summed: each row is as
 * Tributary answered it.
 */
export function together(answers: DataFrame[]): DataFrame[] {
  const [first, ...rest] = answers;
  if (!first || rest.length === 0 || answers.some((frame) => !sameColumns(first, frame) || hasLabels(frame))) {
    return answers;
  }
  const rows = answers.flatMap((frame) => Array.from({ length: frame.length }, (_, i) => ({ frame, i })));
  const time = first.fields.findIndex((field) => field.type === FieldType.time);
  if (time >= 0) {
    const sign = falls(answers.map((frame) => frame.fields[time].values)) ? -1 : 1;
    const at = ({ frame, i }: { frame: DataFrame; i: number }) => Number(frame.fields[time].values[i] ?? 0);
    rows.sort((a, b) => sign * (at(a) - at(b)));
  }
  const fields = first.fields.map((field, column) => ({
    ...field,
    values: rows.map(({ frame, i }) => frame.fields[column].values[i]),
    state: undefined,
  }));
  return [{ ...first, meta: withNoticesOf(answers), fields, length: rows.length }];
}

/** The first answer's, with what stands above each of them, once: that one of them is cut is true of all. */
function withNoticesOf(answers: DataFrame[]): DataFrame['meta'] {
  const notices = new Map(answers.flatMap(({ meta }) => meta?.notices ?? []).map((one) => [one.text, one]));
  return notices.size > 0 ? { ...answers[0].meta, notices: [...notices.values()] } : answers[0].meta;
}

function sameColumns(a: DataFrame, b: DataFrame): boolean {
  return a.fields.length === b.fields.length && a.fields.every((field, i) => field.name === b.fields[i].name);
}

function hasLabels(frame: DataFrame): boolean {
  return frame.fields.some((field) => Object.keys(field.labels ?? {}).length > 0);
}

/** Tells whether the times go down, as in lists whose newest row stands first. */
function falls(columns: unknown[][]): boolean {
  const longest = columns.find((values) => values.length > 1 && values[0] !== values[values.length - 1]);
  return longest !== undefined && Number(longest[0]) > Number(longest[longest.length - 1]);
}
