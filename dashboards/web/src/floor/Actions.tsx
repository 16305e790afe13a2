// What a supervisor can do to an agent or a contact. Each is asked about once more, and written down by the server.
import { useEffect, useRef, useState } from 'preact/hooks';
import type { DeskClient } from '../desk/client';
import { customerName } from '../desk/Face';
import { Sheet } from '../shell/Sheet';
import type { Command, Status } from '../wire/frames';
import { useWords } from '../words';
import { type Floor, isElsewhere } from './state';

interface Props {
  id: string;
  floor: Floor;
  client: DeskClient;
  close: () => void;
}

interface Plan {
  lead: string;
  go: string;
  command: Command;
}

/** The second look at a plan; the answer that changes nothing has the keyboard. */
function Confirm({ plan, client, back, close }: { plan: Plan; client: DeskClient; back: () => void; close: () => void }) {
  const say = useWords();
  const safe = useRef<HTMLButtonElement>(null);
  useEffect(() => safe.current?.focus(), []);
  return (
    <div data-testid="confirm">
      <p>{plan.lead}</p>
      <p class="quiet small-print">{say('floor.recorded')}</p>
      <div class="sheet-foot">
        <button type="button" class="button" onClick={back} ref={safe}>
          {say('cancel')}
        </button>
        <button
          type="button"
          class="button danger"
          data-testid="confirm-yes"
          onClick={() => {
            client.ask(plan.command);
            close();
          }}
        >
          {plan.go}
        </button>
      </div>
    </div>
  );
}

export function AgentSheet({ id, floor, client, close }: Props) {
  const say = useWords();
  const [plan, setPlan] = useState<Plan | null>(null);
  const [status, setStatus] = useState<Status>('available');
  const agent = floor.agents[id];
  if (!agent) return null;
  const named = { name: agent.name, n: agent.contacts.length };
  const change = () =>
    setPlan({
      lead: say('floor.status.sure', { name: agent.name, status: say.code('status', status) }),
      go: say('floor.status.set'),
      command: { type: 'set_status', agent: id, status },
    });
  const logOut = () =>
    setPlan({
      lead: say('floor.logout.sure', named),
      go: say('floor.logout'),
      command: { type: 'set_status', agent: id, status: 'offline', log_out: true },
    });
  return (
    <Sheet title={agent.name} close={close} testid="agent-sheet">
      {plan ? (
        <Confirm plan={plan} client={client} back={() => setPlan(null)} close={close} />
      ) : (
        <>
          <p class="quiet">
            {say.code('status', agent.status)} · {say.code('activity', agent.activity)} ·{' '}
            {say('capacity', { n: agent.contacts.length, of: agent.capacity })}
          </p>
          <ul class="held">
            {agent.contacts.map((contact) => {
              const c = floor.contacts[contact];
              return c ? (
                <li key={contact}>
                  {customerName(say, c.customer, c.customer_name)}{' '}
                  <span class="quiet">{floor.queues[c.queue]?.name ?? c.queue}</span>
                </li>
              ) : null;
            })}
          </ul>
          <div class="act-line">
            <label class="field">
              <span>{say('floor.status.to')}</span>
              <select
                value={status}
                onChange={(event) => setStatus(event.currentTarget.value as Status)}
                data-testid="agent-status"
                autofocus
              >
                <option value="available">{say('status.available')}</option>
                <option value="break">{say('status.break')}</option>
                <option value="offline">{say('status.offline')}</option>
              </select>
            </label>
            <button type="button" class="button" onClick={change} data-testid="agent-status-go">
              {say('floor.status.set')}
            </button>
          </div>
          <div class="sheet-foot">
            <button type="button" class="button danger" onClick={logOut} data-testid="agent-logout">
              {say('floor.logout')}
            </button>
          </div>
        </>
      )}
    </Sheet>
  );
}

export function ContactSheet({ id, floor, client, close }: Props) {
  const say = useWords();
  const contact = floor.contacts[id];
  const [plan, setPlan] = useState<Plan | null>(null);
  const [queue, setQueue] = useState('');
  const [priority, setPriority] = useState(contact?.priority ?? 0);
  if (!contact) return null;
  const name = customerName(say, contact.customer, contact.customer_name);
  const held = contact.state === 'assigned';
  const elsewhere = isElsewhere(contact);
  const move = () =>
    setPlan({
      lead: say(held ? 'floor.move.held' : 'floor.move.sure', {
        name,
        queue: floor.queues[queue]?.name ?? queue,
        agent: floor.agents[contact.agent]?.name ?? contact.agent,
      }),
      go: say('floor.move'),
      command: { type: 'move', contact: id, queue },
    });
  const prioritise = () =>
    setPlan({
      lead: say('floor.priority.sure', { name, was: contact.priority, n: priority }),
      go: say('floor.priority.set'),
      command: { type: 'priority', contact: id, priority },
    });
  return (
    <Sheet title={name} close={close} testid="contact-sheet">
      {plan ? (
        <Confirm plan={plan} client={client} back={() => setPlan(null)} close={close} />
      ) : (
        <>
          <p class="quiet">
            {floor.queues[contact.queue]?.name ?? contact.queue}
            {contact.offered_to && !held
              ? ` · ${say('floor.offered', { name: floor.agents[contact.offered_to]?.name ?? contact.offered_to })}`
              : contact.reason && !held && ` · ${say.code('waits', contact.reason)}`}
          </p>
          {elsewhere && <p>{say('floor.elsewhere.why')}</p>}
          {!elsewhere && (
            <div class="act-line">
              <label class="field">
                <span>{say('floor.move.to')}</span>
                <select
                  value={queue}
                  onChange={(event) => setQueue(event.currentTarget.value)}
                  data-testid="move-queue"
                  autofocus
                >
                  <option value="" disabled>
                    {say('wrap.choose')}
                  </option>
                  {Object.values(floor.queues)
                    .filter((q) => q.id !== contact.queue)
                    .map((q) => (
                      <option key={q.id} value={q.id}>
                        {q.name}
                        {q.open ? '' : ` (${say('transfer.closed')})`}
                      </option>
                    ))}
                </select>
              </label>
              <button type="button" class="button" disabled={!queue} onClick={move} data-testid="move-go">
                {say('floor.move')}
              </button>
            </div>
          )}
          {!held && (
            <div class="act-line">
              <label class="field">
                <span>{say('floor.priority')}</span>
                <input
                  type="number"
                  min={-100}
                  max={100}
                  value={priority}
                  onInput={(event) => setPriority(Math.round(Number(event.currentTarget.value)) || 0)}
                  data-testid="priority"
                />
              </label>
              <button
                type="button"
                class="button"
                disabled={priority === contact.priority}
                onClick={prioritise}
                data-testid="priority-go"
              >
                {say('floor.priority.set')}
              </button>
            </div>
          )}
        </>
      )}
    </Sheet>
  );
}
