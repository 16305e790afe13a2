// The fields of a form, as the schema says them. Whether a value is in order is the server's word; the form only helps to write it.
import { useId } from 'preact/hooks';
import { Cross, Plus } from '../shell/icons';
import { list, object, text } from '../wire/read';
import { type Say, useWords } from '../words';
import { type Field, type Item, type KindId, withField } from './schema';

export interface Known {
  /** The ids there are of a kind, with their names. */
  of: (kind: KindId) => { id: string; name: string }[];
}

interface FieldsProps {
  fields: readonly Field[];
  item: Item;
  change: (item: Item) => void;
  known: Known;
  readOnly: boolean;
}

export function Fields({ fields, item, change, known, readOnly }: FieldsProps) {
  return (
    <>
      {fields.map((field) => (
        <OneField
          key={field.name}
          field={field}
          value={item[field.name]}
          set={(value) => change(withField(item, field.name, value))}
          known={known}
          readOnly={readOnly}
        />
      ))}
    </>
  );
}

interface OneProps {
  field: Field;
  value: unknown;
  set: (value: unknown) => void;
  known: Known;
  readOnly: boolean;
}

function OneField(props: OneProps) {
  const say = useWords();
  const { field, value, set, readOnly } = props;
  const id = useId();
  switch (field.kind) {
    case 'rows':
      return <Rows {...props} field={field} />;
    case 'many':
      return <Many {...props} of={field.of} />;
    case 'numbers':
      return <Numbers {...props} field={field} />;
    case 'days':
      return <Days {...props} />;
    case 'flag':
      return (
        <label class="check">
          <input type="checkbox" checked={value === true} disabled={readOnly} onChange={(e) => set(e.currentTarget.checked)} />
          <span>
            {say(field.word)}
            {field.hint && <span class="quiet small-print under">{say(field.hint)}</span>}
          </span>
        </label>
      );
    default:
      return (
        <label class="field" htmlFor={id} data-kind={field.kind} data-long={field.kind === 'text' && field.long === true}>
          <span>{say(field.word)}</span>
          {control({ ...props, say, id })}
        </label>
      );
  }
}

function control({ field, value, set, known, readOnly, say, id }: OneProps & { say: Say; id: string }) {
  const same = { id, disabled: readOnly, required: field.required === true, name: field.name };
  switch (field.kind) {
    case 'number':
      return (
        <input
          {...same}
          type="number"
          min={field.min}
          max={field.max}
          value={typeof value === 'number' ? value : ''}
          onInput={(e) => set(e.currentTarget.value === '' ? undefined : Math.round(Number(e.currentTarget.value)))}
        />
      );
    case 'one':
    case 'choice': {
      const all =
        field.kind === 'one'
          ? known.of(field.of)
          : field.of.map((id) => ({ id, name: field.family ? say.code(field.family, id) : id }));
      const now = text(value);
      return (
        <select {...same} value={now} onChange={(e) => set(e.currentTarget.value)}>
          <option value="">–</option>
          {now && !all.some((one) => one.id === now) && <option value={now}>{now}</option>}
          {all.map((one) => (
            <option key={one.id} value={one.id}>
              {one.name}
            </option>
          ))}
        </select>
      );
    }
    case 'words':
      return (
        <input
          {...same}
          value={list(value, text).join(', ')}
          onChange={(e) =>
            set(
              e.currentTarget.value
                .split(/[,，;；]/)
                .map((word) => word.trim())
                .filter(Boolean),
            )
          }
        />
      );
    default: {
      const long = field.kind === 'text' && field.long;
      if (long) return <textarea {...same} rows={3} value={text(value)} onInput={(e) => set(e.currentTarget.value)} />;
      return (
        <input
          {...same}
          class={field.kind === 'code' ? 'mono' : ''}
          value={text(value)}
          placeholder={field.kind === 'duration' ? '20s · 2m · 24h' : ''}
          spellcheck={field.kind === 'text'}
          autocomplete="off"
          onInput={(e) => set(e.currentTarget.value)}
        />
      );
    }
  }
}

function Many({ field, value, set, known, readOnly, of }: OneProps & { of: KindId }) {
  const say = useWords();
  const chosen = list(value, text);
  const all = known.of(of);
  const strange = chosen.filter((id) => !all.some((one) => one.id === id)).map((id) => ({ id, name: id }));
  return (
    <fieldset class="many">
      <legend>{say(field.word)}</legend>
      {[...all, ...strange].map((one) => (
        <label class="check" key={one.id}>
          <input
            type="checkbox"
            disabled={readOnly}
            checked={chosen.includes(one.id)}
            onChange={(e) => set(e.currentTarget.checked ? [...chosen, one.id] : chosen.filter((id) => id !== one.id))}
          />
          {one.name}
        </label>
      ))}
    </fieldset>
  );
}

function Numbers({ field, value, set, readOnly }: OneProps & { field: Extract<Field, { kind: 'numbers' }> }) {
  const say = useWords();
  const now = object(value);
  const free = field.of.filter((code) => !(code in now));
  return (
    <fieldset class="rows">
      <legend>{say(field.word)}</legend>
      {Object.entries(now).map(([code, n]) => (
        <div class="row" key={code} data-testid="set-number" data-code={code}>
          <label class="field row-fields">
            <span>{say.code(field.family, code)}</span>
            <input
              type="number"
              min={field.min}
              max={field.max}
              required
              disabled={readOnly}
              value={typeof n === 'number' ? n : ''}
              onInput={(e) => {
                const typed = e.currentTarget.value;
                set({ ...now, [code]: typed === '' ? '' : Math.round(Number(typed)) });
              }}
            />
          </label>
          {!readOnly && (
            <div class="row-tools">
              <button
                type="button"
                class="button ghost icon-only small"
                onClick={() => set(Object.fromEntries(Object.entries(now).filter(([one]) => one !== code)))}
                aria-label={say('remove.named', { name: say.code(field.family, code) })}
              >
                <Cross />
              </button>
            </div>
          )}
        </div>
      ))}
      {!readOnly && free.length > 0 && (
        <label class="field">
          <span class="hidden">{`${say(field.word)}: ${say('add')}`}</span>
          <select
            value=""
            data-testid={`set-add-${field.name}`}
            onChange={(e) => {
              const code = e.currentTarget.value;
              e.currentTarget.value = '';
              if (code) set({ ...now, [code]: 1 });
            }}
          >
            <option value="">+ {say('add')}</option>
            {free.map((code) => (
              <option key={code} value={code}>
                {say.code(field.family, code)}
              </option>
            ))}
          </select>
        </label>
      )}
    </fieldset>
  );
}

function Days({ field, value, set, readOnly }: OneProps) {
  const say = useWords();
  const chosen = list(value, Number);
  // The first of January 2024 was a Monday.
  const name = new Intl.DateTimeFormat(say.language === 'zh' ? 'zh-CN' : 'en', { weekday: 'short', timeZone: 'UTC' });
  return (
    <fieldset class="many days">
      <legend>{say(field.word)}</legend>
      {[1, 2, 3, 4, 5, 6, 7].map((day) => (
        <label class="check" key={day}>
          <input
            type="checkbox"
            disabled={readOnly}
            checked={chosen.includes(day)}
            onChange={(e) => set((e.currentTarget.checked ? [...chosen, day] : chosen.filter((d) => d !== day)).sort())}
          />
          {name.format(Date.UTC(2024, 0, day))}
        </label>
      ))}
    </fieldset>
  );
}

function Rows({ field, value, set, known, readOnly }: OneProps & { field: Extract<Field, { kind: 'rows' }> }) {
  const say = useWords();
  const rows = list(value, object);
  const move = (from: number, to: number) => {
    const next = [...rows];
    const [one] = next.splice(from, 1);
    if (one) next.splice(to, 0, one);
    set(next);
  };
  return (
    <fieldset class="rows">
      <legend>{say(field.word)}</legend>
      {rows.map((row, i) => (
        <div class="row" key={String(i)}>
          <div class="row-fields">
            <Fields fields={field.of} item={row} change={(next) => set(rows.with(i, next))} known={known} readOnly={readOnly} />
          </div>
          {!readOnly && (
            <div class="row-tools">
              <button
                type="button"
                class="button ghost icon-only small"
                disabled={i === 0}
                onClick={() => move(i, i - 1)}
                aria-label={say('set.up')}
              >
                ↑
              </button>
              <button
                type="button"
                class="button ghost icon-only small"
                disabled={i === rows.length - 1}
                onClick={() => move(i, i + 1)}
                aria-label={say('set.down')}
              >
                ↓
              </button>
              <button
                type="button"
                class="button ghost icon-only small"
                onClick={() => set(rows.filter((_, at) => at !== i))}
                aria-label={say('remove')}
              >
                <Cross />
              </button>
            </div>
          )}
        </div>
      ))}
      {!readOnly && (
        <button type="button" class="button ghost small" onClick={() => set([...rows, {}])}>
          <Plus /> {say('add')}
        </button>
      )}
    </fieldset>
  );
}
