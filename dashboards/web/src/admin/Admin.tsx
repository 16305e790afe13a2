// Setup: a table and a form for each kind of thing, or the whole file as text. Nothing is in force before its difference was seen.
import { useEffect, useMemo, useState } from 'preact/hooks';
import { type DeskKeys, handleKey } from '../desk/keys';
import { type Me, Refused } from '../shell/http';
import { mayChange, useHash } from '../shell/routes';
import { list, object, text } from '../wire/read';
import { useWords, type Word } from '../words';
import { Accounts } from './Accounts';
import type { Known } from './Fields';
import { type Config, getConfig } from './http';
import { KindPage } from './KindPage';
import { Review } from './Review';
import { type Item, type KindId, kinds } from './schema';
import { Yaml } from './Yaml';

interface Props {
  me: Me;
  common: Pick<DeskKeys, 'accept' | 'decline' | 'help' | 'page'>;
}

const nothing = () => {};

/** What is reviewed before it is applied. */
export type Pending = { yaml: string } | { objects: Item };

export function Admin({ me, common }: Props) {
  const say = useWords();
  const hash = useHash();
  const [config, setConfig] = useState<Config | null>(null);
  const [failed, setFailed] = useState<'' | 'denied' | 'failed'>('');
  const [objects, setObjects] = useState<Item>({});
  const [pending, setPending] = useState<Pending | null>(null);
  const [told, setTold] = useState(0);
  const write = mayChange(me);
  useEffect(() => setTold(0), [hash]);
  const load = async (keep: boolean) => {
    try {
      const fresh = await getConfig();
      setConfig(fresh);
      if (!keep) setObjects(fresh.objects);
      setFailed('');
    } catch (error) {
      setFailed(error instanceof Refused && error.status === 403 ? 'denied' : 'failed');
    }
  };
  useEffect(() => void load(false), []);
  useEffect(() => {
    const none = { step: nothing, nth: nothing, end: nothing, write: nothing, note: nothing, replies: nothing, attach: nothing };
    const rest = { transfer: nothing, profile: nothing, column: nothing, columns: nothing, status: nothing };
    const handler = (event: KeyboardEvent) => handleKey(event, { ...none, ...rest, ...common });
    addEventListener('keydown', handler);
    return () => removeEventListener('keydown', handler);
  });
  const known = useMemo<Known>(
    () => ({
      of: (kind: KindId) =>
        list(objects[kind], (item) => {
          const one = object(item);
          return { id: text(one.id), name: text(one.name) || text(one.id) };
        }).filter((one) => one.id),
    }),
    [objects],
  );
  const changed = config !== null && JSON.stringify(objects) !== JSON.stringify(config.objects);
  const at = hash.split('/')[2] || (write ? 'people' : 'agents');
  const kind = kinds.find((k) => k.id === at);
  const applied = async (version: number) => {
    setPending(null);
    setTold(version);
    await load(false);
  };
  return (
    <main class="page admin" data-testid="admin" data-ready={config !== null}>
      <Nav at={at} people={write} />
      <div class="admin-body">
        {failed === 'denied' && (
          <p class="fault" role="alert" data-testid="set-denied">
            {say('set.denied')}
          </p>
        )}
        {failed === 'failed' && (
          <p class="fault" role="alert">
            {say('set.failed')}{' '}
            <button type="button" class="button small" onClick={() => load(true)}>
              {say('talk.again')}
            </button>
          </p>
        )}
        {told > 0 && (
          <p class="told good" role="status" data-testid="applied">
            {say('set.applied', { n: told })}
          </p>
        )}
        {!write && config && <p class="quiet">{say('set.look')}</p>}
        {at === 'people' && write && <Accounts agents={known.of('agents')} teams={known.of('teams')} />}
        {config && at === 'yaml' && <Yaml config={config} readOnly={!write} review={(yaml) => setPending({ yaml })} />}
        {config && kind && (
          <KindPage key={kind.id} kind={kind} objects={objects} change={setObjects} known={known} readOnly={!write} />
        )}
        {changed && at !== 'yaml' && (
          <div class="changes" data-testid="changes">
            <p>{say('set.changed')}</p>
            <button type="button" class="button" onClick={() => config && setObjects(config.objects)}>
              {say('mark.discard')}
            </button>
            <button type="button" class="button primary" onClick={() => setPending({ objects })} data-testid="review">
              {say('set.review')}
            </button>
          </div>
        )}
      </div>
      {pending && config && (
        <Review config={config} draft={pending} reload={() => load(true)} applied={applied} close={() => setPending(null)} />
      )}
    </main>
  );
}

function Nav({ at, people }: { at: string; people: boolean }) {
  const say = useWords();
  const entries: [string, Word][] = [
    ...(people ? [['people', 'set.people'] as [string, Word]] : []),
    ...kinds.map((kind): [string, Word] => [kind.id, kind.word]),
    ['yaml', 'set.yaml'],
  ];
  return (
    <nav class="admin-nav" aria-label={say('page.admin')}>
      <ul>
        {entries.map(([id, word]) => (
          <li key={id}>
            <a href={`#/admin/${id}`} aria-current={id === at ? 'page' : undefined} data-testid={`set-${id}`}>
              {say(word)}
            </a>
          </li>
        ))}
      </ul>
    </nav>
  );
}
