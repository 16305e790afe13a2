// One kind of thing: a table of what there is, and a form for the one that is open.
import { useState } from 'preact/hooks';
import { Plus } from '../shell/icons';
import { Sheet } from '../shell/Sheet';
import { list, object, text } from '../wire/read';
import { useWords } from '../words';
import { cell, type Names } from './cell';
import { Fields, type Known } from './Fields';
import type { Item, Kind } from './schema';

interface Props {
  kind: Kind;
  objects: Item;
  change: (objects: Item) => void;
  known: Known;
  readOnly: boolean;
}

export function KindPage(props: Props) {
  const say = useWords();
  const { kind, objects, change, known, readOnly } = props;
  if (!kind.single) return <Many {...props} />;
  return (
    <>
      <h1>{say(kind.word)}</h1>
      <form class="set-form wide" onSubmit={(event) => event.preventDefault()}>
        <Fields
          fields={kind.fields}
          item={object(objects[kind.id])}
          change={(next) => change({ ...objects, [kind.id]: next })}
          known={known}
          readOnly={readOnly}
        />
      </form>
    </>
  );
}

function Many({ kind, objects, change, known, readOnly }: Props) {
  const say = useWords();
  const items = list(objects[kind.id], object);
  const [open, setOpen] = useState<number | null>(null);
  const [words, setWords] = useState('');
  const names: Names = {
    of: (of, id) => known.of(of).find((one) => one.id === id)?.name ?? id,
    code: say.code,
  };
  const fieldOf = (name: string) => kind.fields.find((f) => f.name === name);
  const put = (next: Item[]) => change({ ...objects, [kind.id]: next });
  const shown = items
    .map((item, at) => ({ item, at }))
    .filter(({ item }) => JSON.stringify(item).toLowerCase().includes(words.trim().toLowerCase()));
  const editing = open === null ? null : (items[open] ?? {});
  return (
    <>
      <header class="set-head">
        <h1>
          {say(kind.word)} <span class="count">{items.length}</span>
        </h1>
        <label>
          <span class="hidden">{say('set.find')}</span>
          <input type="search" value={words} placeholder={say('set.find')} onInput={(e) => setWords(e.currentTarget.value)} />
        </label>
        {!readOnly && (
          <button type="button" class="button" onClick={() => setOpen(items.length)} data-testid="set-add">
            <Plus /> {say('add')}
          </button>
        )}
      </header>
      <div class="card table-frame">
        <table>
          <thead>
            <tr>
              <th scope="col">{say('set.id')}</th>
              {kind.columns.map((name) => (
                <th key={name} scope="col">
                  {say(fieldOf(name)?.word ?? 'set.id')}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {shown.map(({ item, at }) => (
              <tr key={`${at}-${text(item.id)}`} data-testid="set-row" data-id={text(item.id)}>
                <th scope="row">
                  <button type="button" class="link-button row-act mono" onClick={() => setOpen(at)}>
                    {text(item.id) || '–'}
                  </button>
                </th>
                {kind.columns.map((name) => (
                  <td key={name}>{cell(fieldOf(name), item[name], names)}</td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
        {shown.length === 0 && <p class="quiet pad">{say('floor.none')}</p>}
      </div>
      {editing && open !== null && (
        <Edit
          key={open}
          kind={kind}
          item={editing}
          known={known}
          readOnly={readOnly}
          close={() => setOpen(null)}
          save={(next) => put(open < items.length ? items.with(open, next) : [...items, next])}
          remove={open < items.length ? () => put(items.filter((_, i) => i !== open)) : null}
        />
      )}
    </>
  );
}

interface EditProps {
  kind: Kind;
  item: Item;
  known: Known;
  readOnly: boolean;
  close: () => void;
  save: (item: Item) => void;
  remove: (() => void) | null;
}

function Edit({ kind, item, known, readOnly, close, save, remove }: EditProps) {
  const say = useWords();
  const [draft, setDraft] = useState(item);
  const strange = Object.keys(draft).filter((key) => !kind.fields.some((f) => f.name === key));
  return (
    <Sheet title={`${say(kind.word)} · ${text(item.id) || say('set.new')}`} close={close} testid="set-sheet" wide>
      <form
        class="set-form"
        onSubmit={(event) => {
          event.preventDefault();
          save(draft);
          close();
        }}
      >
        <Fields fields={kind.fields} item={draft} change={setDraft} known={known} readOnly={readOnly} />
        {strange.length > 0 && <p class="quiet small-print">{say('set.more', { names: strange.join(', ') })}</p>}
        {!readOnly && (
          <div class="sheet-foot">
            {remove && (
              <button
                type="button"
                class="button danger"
                data-testid="set-remove"
                onClick={() => {
                  remove();
                  close();
                }}
              >
                {say('remove')}
              </button>
            )}
            <span class="grow" />
            <button type="button" class="button" onClick={close}>
              {say('cancel')}
            </button>
            <button type="submit" class="button primary" data-testid="set-keep">
              {say('set.keep')}
            </button>
          </div>
        )}
      </form>
    </Sheet>
  );
}
