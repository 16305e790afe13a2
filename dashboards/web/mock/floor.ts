// The mock's floor: a few teams at work, so that a supervisor has something to look at and to act on.
import type { FloorAgent, FloorContact, FloorQueue } from '../src/wire/floor';
import type { MockCentre, Push } from './centre';

const minute = 60_000;

export class MockFloor {
  readonly agents: FloorAgent[];
  readonly queues: FloorQueue[];
  readonly contacts: FloorContact[];
  readonly teams = [
    { id: 'floor', name: 'Floor' },
    { id: 'vip', name: '贵宾组' },
  ];
  private readonly watchers = new Set<Push>();

  constructor(centre: MockCentre) {
    const now = Date.now();
    const agent = (id: string, name: string, team: string, more: Partial<FloorAgent>): FloorAgent => ({
      id,
      name,
      team,
      status: 'available',
      reason: '',
      next_status: '',
      activity: 'idle',
      connected: true,
      since_ms: now - 3 * minute,
      contacts: [],
      capacity: 3,
      by: '',
      queues: team === 'vip' ? ['vip'] : ['orders', 'returns'],
      ...more,
    });
    this.agents = [
      agent('agent-mei', 'Mei Chen', 'floor', { activity: 'busy', contacts: ['f-1', 'f-2'], since_ms: now - 14 * minute }),
      agent('agent-tom', 'Tom Baker', 'floor', { activity: 'busy', contacts: ['f-3'], next_status: 'break' }),
      agent('agent-lin', centre.agent.name, 'floor', { since_ms: now - minute }),
      agent('agent-eva', 'Eva Novak', 'floor', { activity: 'wrapping', since_ms: now - 2 * minute }),
      agent('agent-bo', '王博', 'vip', { status: 'break', reason: 'lunch', since_ms: now - 31 * minute }),
      agent('agent-li', '李思', 'vip', { activity: 'offered', since_ms: now - 9_000 }),
      agent('agent-sam', 'Sam Okoro', 'floor', { status: 'away', since_ms: now - 7 * minute }),
      agent('agent-ana', 'Ana Ruiz', 'vip', { status: 'offline', connected: false, since_ms: now - 200 * minute }),
    ];
    this.queues = [
      { id: 'orders', name: 'Orders', waiting: 2, oldest_ms: now - 4 * minute, staffed: 4, open: true },
      { id: 'returns', name: 'Returns', waiting: 1, oldest_ms: now - 95_000, staffed: 4, open: true },
      { id: 'vip', name: '贵宾服务', waiting: 0, oldest_ms: 0, staffed: 1, open: true },
      { id: 'night', name: 'Night desk', waiting: 0, oldest_ms: 0, staffed: 0, open: false },
    ];
    const contact = (id: string, queue: string, more: Partial<FloorContact>): FloorContact => ({
      id,
      customer: `customer-${id}ab`,
      customer_name: '',
      channel: 'webchat',
      queue,
      agent: '',
      state: 'queued',
      priority: 0,
      enqueued_ms: now - 2 * minute,
      entered_ms: more.enqueued_ms ?? now - 2 * minute,
      assigned_ms: 0,
      intent: '',
      language: 'en',
      tier: '',
      offered_to: '',
      reason: '',
      ...more,
    });
    const held = (id: string, queue: string, who: string, more: Partial<FloorContact> = {}) =>
      contact(id, queue, { state: 'assigned', agent: who, assigned_ms: now - 6 * minute, ...more });
    this.contacts = [
      contact('f-4', 'orders', {
        enqueued_ms: now - 4 * minute,
        intent: 'cracked_on_arrival',
        reason: 'nobody_fits',
        priority: 2,
      }),
      contact('f-5', 'orders', {
        language: 'zh',
        customer_name: '陈小姐',
        reason: 'all_busy',
        enqueued_ms: now - 9 * minute,
        entered_ms: now - 2 * minute,
      }),
      contact('f-6', 'returns', { enqueued_ms: now - 95_000, tier: 'gold', customer_name: 'Ida Holm', offered_to: 'agent-li' }),
      held('f-1', 'orders', 'agent-mei', { customer_name: 'Jon Aske' }),
      held('f-2', 'returns', 'agent-mei', { language: 'zh' }),
      held('f-3', 'orders', 'agent-tom', { intent: 'delivery_late' }),
      held('f-7', 'orders', ''),
    ];
  }

  whole(): object {
    const { agents, queues, contacts, teams } = this;
    return { type: 'floor', whole: true, agents, queues, contacts, teams };
  }

  watch(on: boolean, push: Push): void {
    if (!on) {
      this.watchers.delete(push);
      return;
    }
    this.watchers.add(push);
    push(this.whole());
  }

  setStatus(agent: string, status: FloorAgent['status'], logOut: boolean): void {
    const found = this.agents.find((a) => a.id === agent);
    if (!found) return;
    Object.assign(found, { status, since_ms: Date.now(), by: 'boss', connected: !logOut && found.connected });
    this.tell({ agents: [found] });
  }

  move(contact: string, queue: string): void {
    const found = this.contacts.find((c) => c.id === contact);
    if (!found) return;
    Object.assign(found, { queue, agent: '', state: 'queued' });
    this.tell({ contacts: [found] });
  }

  prioritise(contact: string, priority: number): void {
    const found = this.contacts.find((c) => c.id === contact);
    if (!found) return;
    found.priority = priority;
    this.tell({ contacts: [found] });
  }

  private tell(more: object): void {
    for (const push of this.watchers)
      push({ type: 'floor', whole: false, agents: [], queues: [], contacts: [], teams: [], ...more });
  }
}
