// My status: what I am now, what I shall be after this chat, and who set it.
import type { RefObject } from 'preact';
import type { AgentView, Status, StatusReason } from '../wire/frames';
import { type Say, useWords } from '../words';
import type { DeskClient } from './client';
import { useNow } from './now';
import type { Outbox } from './outbox';
import type { ContactFacts, DeskState } from './state';

interface Props {
  client: DeskClient;
  desk: DeskState;
  box: Outbox;
  contacts: readonly ContactFacts[];
  statusBox: RefObject<HTMLSelectElement | null>;
}

/** One choice of the list: status, reason, and whether it waits for the end of the last chat. */
function code(status: Status, reason: string, later = false): string {
  return `${later ? 'later:' : ''}${status}${reason ? `:${reason}` : ''}`;
}

export function reasonName(say: Say, reasons: readonly StatusReason[], reason: string): string {
  return reasons.find((one) => one.id === reason)?.name ?? say.code('status.reason', reason);
}

export function MyStatus({ client, desk, box, statusBox, contacts }: Props) {
  const say = useWords();
  const now = useNow(1_000);
  const agent = desk.agent;
  // What was chosen shows at once; the server's word replaces it.
  const asked = box.findLast((w) => w.command.type === 'status' && w.state === 'pending')?.command;
  const at = asked?.type === 'status' && !asked.when_free ? asked : agent;
  const status: Status = at?.status ?? 'offline';
  const reason = status === 'break' ? (at?.reason ?? '') : '';
  const choose = (value: string) => {
    const later = value.startsWith('later:');
    const [next, why = ''] = value.replace('later:', '').split(':');
    client.ask({ type: 'status', status: next as Status, reason: why, ...(later ? { when_free: true as const } : {}) });
  };
  const known = reason === '' || desk.reasons.some((one) => one.id === reason);
  return (
    <section class="my-status" aria-label={say('status.label')}>
      <div class="status-line" data-status={status}>
        <span class="dot" />
        <select
          ref={statusBox}
          data-testid="status-select"
          aria-label={say('status.label')}
          value={code(status, reason)}
          disabled={!desk.ready}
          onChange={(event) => choose(event.currentTarget.value)}
        >
          <option value="available">{say('status.available')}</option>
          <option value="break">{say('status.break')}</option>
          {!known && <option value={code('break', reason)}>{`${say('status.break')} · ${reason}`}</option>}
          {desk.reasons.map((one) => (
            <option key={one.id} value={code('break', one.id)}>
              {say('status.break')} · {one.name}
            </option>
          ))}
          <option value="offline">{say('status.offline')}</option>
          {status === 'away' && <option value="away">{say('status.away')}</option>}
          {contacts.length > 0 && <Later reasons={desk.reasons} />}
        </select>
        <span class="timer" title={agent ? say.day(agent.since_ms) : ''}>
          {agent && agent.since_ms > 0 && say.span(now - agent.since_ms)}
        </span>
      </div>
      <p class="activity" data-testid="activity">
        <span>{say.code('activity', agent?.activity ?? 'idle')}</span>
        {agent && agent.capacity > 0 && <span>{say('capacity', { n: contacts.length, of: agent.capacity })}</span>}
      </p>
      {agent?.next_status && <Next say={say} agent={agent} reasons={desk.reasons} back={() => choose(code(status, reason))} />}
      {agent?.by && (
        <p class="status-note" role="status" data-testid="status-by">
          {say('status.by', { name: agent.by })}
        </p>
      )}
      {status === 'away' && (
        <p class="away" role="alert">
          <span>{say('status.away.why')}</span>
          <button type="button" class="button small" onClick={() => choose('available')} data-testid="status-back">
            {say('status.away.back')}
          </button>
        </p>
      )}
    </section>
  );
}

function Later({ reasons }: { reasons: readonly StatusReason[] }) {
  const say = useWords();
  return (
    <optgroup label={say('status.later')}>
      <option value={code('break', '', true)}>{say('status.break.later')}</option>
      {reasons.map((one) => (
        <option key={one.id} value={code('break', one.id, true)}>
          {say('status.break.later')} · {one.name}
        </option>
      ))}
      <option value={code('offline', '', true)}>{say('status.offline.later')}</option>
    </optgroup>
  );
}

interface NextProps {
  say: Say;
  agent: AgentView;
  reasons: readonly StatusReason[];
  back: () => void;
}

function Next({ say, agent, reasons, back }: NextProps) {
  const why = agent.next_reason ? ` · ${reasonName(say, reasons, agent.next_reason)}` : '';
  return (
    <p class="status-note" data-testid="status-next">
      <span>{say('status.next', { status: say.code('status', agent.next_status) + why })}</span>
      <button type="button" class="button ghost small" onClick={back}>
        {say('status.next.back')}
      </button>
    </p>
  );
}
