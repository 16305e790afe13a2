// The three tables of the floor. Arrows move between the rows that can be acted on; Enter opens what can be done.
import type { ComponentChildren } from 'preact';
import { customerName } from '../desk/Face';
import { useNow } from '../desk/now';
import { ChannelIcon } from '../shell/icons';
import { useWords, type Word } from '../words';
import { agentsOf, contactsOf, type Filter, type Floor, isElsewhere, queuesOf } from './state';

interface Props {
  floor: Floor;
  filter: Filter;
}

/** Longer tables cost more than they tell: the filters are for that. */
const mostRows = 300;

function Table({ title, head, count, children }: { title: Word; head: Word[]; count: number; children: ComponentChildren }) {
  const say = useWords();
  const move = (event: KeyboardEvent) => {
    if (event.key !== 'ArrowDown' && event.key !== 'ArrowUp') return;
    const rows = [...(event.currentTarget as HTMLElement).querySelectorAll<HTMLElement>('button.row-act')];
    const at = rows.indexOf(document.activeElement as HTMLElement);
    const next = rows[at + (event.key === 'ArrowDown' ? 1 : -1)];
    if (at < 0 || !next) return;
    event.preventDefault();
    next.focus();
  };
  return (
    <section class="card" data-of={title}>
      <h2>
        {say(title)} <span class="count">{count}</span>
      </h2>
      <section class="table-frame" tabIndex={0} aria-label={say(title)}>
        <table onKeyDown={move}>
          <thead>
            <tr>
              {head.map((word) => (
                <th key={word} scope="col">
                  {say(word)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>{children}</tbody>
        </table>
      </section>
      {count === 0 && <p class="quiet pad">{say('floor.none')}</p>}
      {count > mostRows && <p class="quiet pad">{say('floor.cut', { n: mostRows })}</p>}
    </section>
  );
}

export function QueueTable({ floor, filter, choose }: Props & { choose: (queue: string) => void }) {
  const say = useWords();
  const now = useNow(1_000);
  const queues = queuesOf(floor, filter);
  return (
    <Table title="floor.queues" head={['info.queue', 'floor.waiting', 'floor.longest', 'floor.staffed']} count={queues.length}>
      {queues.map((q) => (
        <tr key={q.id} data-testid="floor-queue" data-queue={q.id}>
          <th scope="row">
            <button type="button" class="link-button row-act" onClick={() => choose(filter.queue === q.id ? '' : q.id)}>
              {q.name}
            </button>
            {!q.open && <span class="tag off">{say('transfer.closed')}</span>}
          </th>
          <td class="n">{q.waiting}</td>
          <td class="n" data-late={q.waiting > 0 && now - q.oldest_ms > 120_000}>
            {q.waiting > 0 && q.oldest_ms > 0 ? say.span(now - q.oldest_ms) : '–'}
          </td>
          <td class="n" data-late={q.open && q.staffed === 0}>
            {q.staffed}
          </td>
        </tr>
      ))}
    </Table>
  );
}

export function ContactTable({ floor, filter, act }: Props & { act: ((contact: string) => void) | null }) {
  const say = useWords();
  const now = useNow(1_000);
  const contacts = contactsOf(floor, filter);
  return (
    <Table
      title="floor.contacts"
      head={['customer', 'info.queue', 'floor.with', 'floor.time', 'floor.priority']}
      count={contacts.length}
    >
      {contacts.slice(0, mostRows).map((c) => {
        const waiting = c.state === 'queued';
        const name = customerName(say, c.customer, c.customer_name);
        return (
          <tr key={c.id} data-testid="floor-contact" data-contact={c.id}>
            <th scope="row">
              <ChannelIcon channel={c.channel} />{' '}
              {act ? (
                <button type="button" class="link-button row-act" onClick={() => act(c.id)} data-testid="contact-act">
                  {name}
                </button>
              ) : (
                name
              )}
              <span class="row-tags">
                {c.tier && <span class="tag">{say.code('tier', c.tier)}</span>}
                {c.language && <span class="tag">{say.code('lang', c.language)}</span>}
                {c.intent && <span class="tag">{say.code('intent', c.intent)}</span>}
              </span>
            </th>
            <td>{floor.queues[c.queue]?.name ?? c.queue}</td>
            <td>
              {waiting && c.offered_to ? (
                <span class="quiet" data-testid="offered-to">
                  {say('floor.offered', { name: floor.agents[c.offered_to]?.name ?? c.offered_to })}
                </span>
              ) : waiting ? (
                <span class="quiet">{c.reason ? say.code('waits', c.reason) : say('floor.waits')}</span>
              ) : isElsewhere(c) ? (
                <span class="quiet" title={say('floor.elsewhere.why')} data-testid="elsewhere">
                  {say('floor.elsewhere')}
                </span>
              ) : (
                (floor.agents[c.agent]?.name ?? c.agent)
              )}
            </td>
            <td class="n time" data-late={waiting && now - c.entered_ms > 120_000}>
              {say.span(now - (waiting ? c.entered_ms : c.assigned_ms))}
              {waiting && c.enqueued_ms < c.entered_ms && (
                <span class="quiet in-all" data-testid="in-all">
                  {say('floor.all', { time: say.span(now - c.enqueued_ms) })}
                </span>
              )}
            </td>
            <td class="n" data-label={say('floor.priority')} data-none={c.priority === 0}>
              {c.priority}
            </td>
          </tr>
        );
      })}
    </Table>
  );
}

export function AgentTable({ floor, filter, act }: Props & { act: ((agent: string) => void) | null }) {
  const say = useWords();
  const now = useNow(1_000);
  const agents = agentsOf(floor, filter);
  const teams = Object.fromEntries(floor.teams.map((t) => [t.id, t.name]));
  return (
    <Table
      title="floor.agents"
      head={['author.agent', 'floor.team', 'floor.status', 'activity.label', 'floor.chats', 'floor.since']}
      count={agents.length}
    >
      {agents.slice(0, mostRows).map((a) => (
        <tr key={a.id} data-testid="floor-agent" data-agent={a.id} data-status={a.status}>
          <th scope="row">
            {act ? (
              <button type="button" class="link-button row-act" onClick={() => act(a.id)} data-testid="agent-act">
                {a.name}
              </button>
            ) : (
              a.name
            )}
          </th>
          <td>{teams[a.team] ?? a.team}</td>
          <td class="choice-status" data-status={a.status}>
            <span class="dot" />
            {say.code('status', a.status)}
            {a.reason && a.status === 'break' && ` · ${say.code('status.reason', a.reason)}`}
            {a.next_status && <span class="quiet"> → {say.code('status', a.next_status)}</span>}
            {!a.connected && a.status !== 'offline' && <span class="tag off">{say('floor.unconnected')}</span>}
          </td>
          <td data-none={a.status === 'offline'}>{a.status === 'offline' ? '–' : say.code('activity', a.activity)}</td>
          <td class="n" data-label={say('floor.chats')}>
            {a.contacts.length}/{a.capacity}
          </td>
          <td class="n time">{a.since_ms > 0 ? say.span(now - a.since_ms) : '–'}</td>
        </tr>
      ))}
    </Table>
  );
}
