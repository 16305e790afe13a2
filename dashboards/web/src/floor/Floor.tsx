// The floor for supervisors: who does what, who waits where, and what can be done about it.
import { useEffect, useState } from 'preact/hooks';
import type { DeskClient } from '../desk/client';
import { type DeskKeys, handleKey } from '../desk/keys';
import { useNow } from '../desk/now';
import type { Me } from '../shell/http';
import { mayAct } from '../shell/routes';
import { useStore } from '../wire/store';
import { useWords } from '../words';
import { AgentSheet, ContactSheet } from './Actions';
import { type Filter, type Floor as FloorState, noFilter } from './state';
import { AgentTable, ContactTable, QueueTable } from './tables';

interface Props {
  me: Me;
  client: DeskClient;
  common: Pick<DeskKeys, 'accept' | 'decline' | 'help' | 'page'>;
}

const nothing = () => {};

export function Floor({ me, client, common }: Props) {
  const say = useWords();
  const floor = useStore(client.floor);
  const [filter, setFilter] = useState<Filter>(noFilter);
  const [agent, setAgent] = useState('');
  const [contact, setContact] = useState('');
  useEffect(() => {
    client.watchFloor(true);
    return () => client.watchFloor(false);
  }, [client]);
  useEffect(() => {
    const none = { step: nothing, nth: nothing, end: nothing, write: nothing, note: nothing, replies: nothing, attach: nothing };
    const rest = { transfer: nothing, profile: nothing, column: nothing, columns: nothing, status: nothing };
    const handler = (event: KeyboardEvent) => handleKey(event, { ...none, ...rest, ...common });
    addEventListener('keydown', handler);
    return () => removeEventListener('keydown', handler);
  });
  const act = mayAct(me);
  return (
    <main class="page floor" data-testid="floor" data-ready={floor.ready}>
      <header class="page-head">
        <h1>{say('page.floor')}</h1>
        <Summary floor={floor} />
        <Filters floor={floor} filter={filter} change={setFilter} />
      </header>
      {!floor.ready && <p class="quiet pad">{say('loading')}</p>}
      {!act && floor.ready && <p class="quiet">{say('floor.look')}</p>}
      <div class="floor-grid">
        <QueueTable floor={floor} filter={filter} choose={(queue) => setFilter({ ...filter, queue })} />
        <AgentTable floor={floor} filter={filter} act={act ? setAgent : null} />
        <ContactTable floor={floor} filter={filter} act={act ? setContact : null} />
      </div>
      {agent && <AgentSheet id={agent} floor={floor} client={client} close={() => setAgent('')} />}
      {contact && <ContactSheet id={contact} floor={floor} client={client} close={() => setContact('')} />}
    </main>
  );
}

function Summary({ floor }: { floor: FloorState }) {
  const say = useWords();
  const now = useNow(1_000);
  const agents = Object.values(floor.agents);
  const waits = Object.values(floor.queues).filter((q) => q.waiting > 0 && q.oldest_ms > 0);
  const oldest = Math.min(...waits.map((q) => q.oldest_ms));
  const figures: [string, string | number][] = [
    [say('floor.waiting'), Object.values(floor.queues).reduce((sum, q) => sum + q.waiting, 0)],
    [say('floor.longest'), waits.length > 0 ? say.span(now - oldest) : '–'],
    [say('floor.free'), agents.filter((a) => a.status === 'available' && a.activity === 'idle').length],
    [say('floor.busy'), agents.filter((a) => a.activity !== 'idle').length],
    [say('floor.break'), agents.filter((a) => a.status === 'break' || a.status === 'away').length],
  ];
  return (
    <dl class="figures">
      {figures.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

interface FiltersProps {
  floor: FloorState;
  filter: Filter;
  change: (filter: Filter) => void;
}

function Filters({ floor, filter, change }: FiltersProps) {
  const say = useWords();
  return (
    <div class="filters">
      <label>
        <span class="hidden">{say('floor.team')}</span>
        <select
          value={filter.team}
          onChange={(e) => change({ ...filter, team: e.currentTarget.value })}
          data-testid="filter-team"
        >
          <option value="">{say('floor.team.all')}</option>
          {floor.teams.map((team) => (
            <option key={team.id} value={team.id}>
              {team.name}
            </option>
          ))}
        </select>
      </label>
      <label>
        <span class="hidden">{say('info.queue')}</span>
        <select
          value={filter.queue}
          onChange={(e) => change({ ...filter, queue: e.currentTarget.value })}
          data-testid="filter-queue"
        >
          <option value="">{say('floor.queue.all')}</option>
          {Object.values(floor.queues).map((queue) => (
            <option key={queue.id} value={queue.id}>
              {queue.name}
            </option>
          ))}
        </select>
      </label>
      <label>
        <span class="hidden">{say('floor.find')}</span>
        <input
          type="search"
          value={filter.words}
          placeholder={say('floor.find')}
          onInput={(e) => change({ ...filter, words: e.currentTarget.value })}
          data-testid="filter-words"
        />
      </label>
    </div>
  );
}
