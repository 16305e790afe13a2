// A value in a cell of a table, by the names that the forms show. Pure.
import { list, object, text } from '../wire/read';
import { brief, type Field, type KindId } from './schema';

/** How a table calls things: those of a kind by their ids, and codes by their family. */
export interface Names {
  of: (kind: KindId, id: string) => string;
  code: (family: string, code: string) => string;
}

export function cell(field: Field | undefined, value: unknown, names: Names): string {
  switch (field?.kind) {
    case 'one':
      return text(value) && names.of(field.of, text(value));
    case 'many':
      return list(value, (id) => names.of(field.of, text(id))).join(', ');
    case 'choice':
      return text(value) && field.family ? names.code(field.family, text(value)) : text(value);
    case 'rows':
      return list(value, object)
        .map((row) =>
          field.of
            .map((one) => cell(one, row[one.name], names))
            .filter(Boolean)
            .join(' '),
        )
        .join(', ');
    default:
      return brief(value);
  }
}
