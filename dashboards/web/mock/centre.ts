// A mock contact centre in memory, for tests and pictures of the pages: one agent, queues, customers. It is NOT the product: it
// keeps nothing, decides nothing, and knows only what the contract of the sockets says.
import type { AgentView, Contact, Message, MessageState, Offer, Queue } from '../src/wire/frames';

export type Push = (frame: object) => void;

const rank: MessageState[] = ['', 'sent', 'delivered', 'read'];
let count = 0;
const id = (kind: string) => `${kind}-${(++count).toString(36).padStart(4, '0')}`;

export class MockCentre {
  readonly agent: AgentView = {
    id: 'agent-lin',
    name: 'Lin Yue',
    status: 'offline',
    reason: '',
    connected: true,
    activity: 'idle',
    contacts: [],
    since_ms: Date.now() - 125_000,
    capacity: 3,
  };
  readonly queues: Queue[] = [
    { id: 'orders', name: 'Orders', waiting: 0, oldest_ms: 0 },
    { id: 'returns', name: 'Returns', waiting: 2, oldest_ms: Date.now() - 95_000 },
    { id: 'vip', name: '贵宾服务', waiting: 0, oldest_ms: 0 },
  ];
  readonly contacts = new Map<string, Contact>();
  readonly offers = new Map<string, Offer>();
  /** Requests that are in the log: a repeat is accepted again and does nothing. */
  readonly done = new Set<string>();
  /** Every text an agent said, in the order it took effect. */
  readonly said: string[] = [];
  offerMs = 20_000;
  private readonly agents = new Set<Push>();
  private readonly customers = new Map<string, Set<Push>>();

  watchAgent(push: Push): () => void {
    this.agents.add(push);
    return () => this.agents.delete(push);
  }

  watchCustomer(customer: string, push: Push): () => void {
    const set = this.customers.get(customer) ?? new Set();
    this.customers.set(customer, set.add(push));
    return () => set.delete(push);
  }

  snapshot(): object {
    return {
      type: 'snapshot',
      cursor: String(count),
      agent: this.agent,
      offers: [...this.offers.values()].filter((o) => o.state === 'offered'),
      contacts: [...this.contacts.values()].filter((c) => c.state === 'assigned' || c.state === 'wrapping'),
      queues: this.queues,
    };
  }

  open(customer: string): Contact | undefined {
    return [...this.contacts.values()].find((c) => c.customer === customer && (c.state === 'queued' || c.state === 'assigned'));
  }

  messagesOf(customer: string): Message[] {
    return [...this.contacts.values()].filter((c) => c.customer === customer).flatMap((c) => c.messages);
  }

  customerSays(customer: string, text: string, client = '', queue = 'orders', at = Date.now()): Message {
    const contact = this.open(customer) ?? this.begin(customer, queue, at);
    const message = this.add(contact, 'customer', text, client, at);
    this.route();
    return message;
  }

  agentSays(contact: Contact, text: string, client = id('said'), at = Date.now()): Message {
    this.said.push(text);
    return this.add(contact, 'agent', text, client, at);
  }

  mark(contact: Contact, message: string, state: MessageState): void {
    const found = contact.messages.find((m) => m.id === message);
    if (!found || found.author === 'customer' || rank.indexOf(found.state) >= rank.indexOf(state)) return;
    found.state = state;
    this.toAgents({ type: 'marked', conversation: contact.conversation, message, state });
  }

  setStatus(status: AgentView['status']): void {
    Object.assign(this.agent, { status, since_ms: Date.now() });
    this.tellAgent();
    this.route();
  }

  answer(offerId: string, accept: boolean): void {
    const offer = this.offers.get(offerId);
    if (offer?.state !== 'offered') return;
    this.settleOffer(offer, accept ? 'accepted' : 'rejected');
    const contact = this.contacts.get(offer.contact);
    if (accept && contact) this.assign(contact);
    this.tellAgent();
  }

  end(contact: Contact, reason = 'agent'): void {
    if (contact.state === 'queued') this.change(contact, { state: 'ended', ended_ms: Date.now(), end_reason: reason });
    else if (contact.state === 'assigned') this.change(contact, { state: 'wrapping', ended_ms: Date.now(), end_reason: reason });
    else return;
    this.toCustomer(contact.customer, { type: 'state', state: 'ended' });
    this.tellAgent();
  }

  wrapUp(contact: Contact): void {
    if (contact.state !== 'wrapping') return;
    this.change(contact, { state: 'ended' });
    this.tellAgent();
    this.route();
  }

  transfer(contact: Contact, queue: string): void {
    this.change(contact, { state: 'ended', ended_ms: Date.now(), end_reason: 'transfer' });
    const next = this.begin(contact.customer, queue);
    Object.assign(next, { conversation: contact.conversation });
    this.tellAgent();
  }

  /** Takes a queued contact straight to the agent. */
  assign(contact: Contact): void {
    this.change(contact, { state: 'assigned', agent: this.agent.id, assigned_ms: Date.now() });
    this.toCustomer(contact.customer, { type: 'state', state: 'assigned' });
    this.tellAgent();
  }

  connection(customer: string, connected: boolean): void {
    const contact = this.open(customer);
    if (contact && contact.connected !== connected) this.change(contact, { connected });
  }

  private begin(customer: string, queue: string, at = Date.now()): Contact {
    const before = [...this.contacts.values()].findLast((c) => c.customer === customer);
    const contact: Contact = {
      id: id('contact'),
      conversation: before?.conversation ?? id('conversation'),
      customer,
      address: `pseudonym-${customer}`,
      channel: 'webchat',
      entry_point: 'shop',
      queue,
      queue_name: this.queues.find((q) => q.id === queue)?.name ?? queue,
      agent: '',
      state: 'queued',
      connected: true,
      started_ms: at,
      enqueued_ms: at,
      assigned_ms: 0,
      ended_ms: 0,
      end_reason: '',
      version: 1,
      messages: [],
    };
    this.contacts.set(contact.id, contact);
    this.toCustomer(customer, { type: 'state', state: 'waiting' });
    this.countQueues();
    return contact;
  }

  private add(contact: Contact, author: Message['author'], text: string, client: string, at: number): Message {
    const sequence = this.messagesOf(contact.customer).length + 1;
    const agent = author === 'agent' ? this.agent.id : '';
    const message: Message = { id: id('message'), sequence, author, agent, text, sent_ms: at, state: 'sent', client_id: client };
    contact.messages.push(message);
    this.toAgents({ type: 'message', contact: contact.id, message });
    this.toCustomer(contact.customer, { ...message, state: undefined, type: 'message' });
    return message;
  }

  private route(): void {
    const busy = [...this.offers.values()].some((o) => o.state === 'offered');
    if (this.agent.status !== 'available' || busy || this.agent.contacts.length >= this.agent.capacity) return;
    const next = [...this.contacts.values()].find((c) => c.state === 'queued');
    if (next) this.offer(next);
  }

  private offer(contact: Contact): void {
    const now = Date.now();
    const offer: Offer = {
      id: id('offer'),
      contact: contact.id,
      conversation: contact.conversation,
      queue: contact.queue,
      queue_name: contact.queue_name,
      channel: contact.channel,
      state: 'offered',
      offered_ms: now,
      expires_ms: now + this.offerMs,
      customer: contact.customer,
      why: [
        { agent: this.agent.id, chosen: true, reason: 'chosen', score: 185_000 },
        { agent: 'agent-mei', chosen: false, reason: 'idle_shorter', score: 42_000 },
        { agent: 'agent-tom', chosen: false, reason: 'no_capacity', score: 0 },
      ],
    };
    this.offers.set(offer.id, offer);
    this.toAgents({ type: 'offer', offer });
    this.tellAgent();
    setTimeout(() => {
      if (offer.state !== 'offered') return;
      this.settleOffer(offer, 'timed_out');
      this.setStatus('away');
    }, this.offerMs).unref();
  }

  private settleOffer(offer: Offer, state: Offer['state']): void {
    offer.state = state;
    this.toAgents({ type: 'offer', offer });
  }

  private change(contact: Contact, to: Partial<Contact>): void {
    Object.assign(contact, to, { version: contact.version + 1 });
    this.toAgents({ type: 'contact', contact });
    this.countQueues();
  }

  private countQueues(): void {
    for (const queue of this.queues) {
      const waiting = [...this.contacts.values()].filter((c) => c.state === 'queued' && c.queue === queue.id);
      if (queue.id === 'returns' && waiting.length === 0) continue;
      queue.waiting = waiting.length;
      queue.oldest_ms = Math.min(...waiting.map((c) => c.enqueued_ms), Number.MAX_SAFE_INTEGER) % Number.MAX_SAFE_INTEGER;
      this.toAgents({ type: 'queue', queue });
    }
  }

  private tellAgent(): void {
    const mine = [...this.contacts.values()].filter((c) => c.state === 'assigned' || c.state === 'wrapping');
    const offered = [...this.offers.values()].some((o) => o.state === 'offered');
    this.agent.contacts = mine.map((c) => c.id);
    const talking = mine.some((c) => c.state === 'assigned');
    this.agent.activity = offered ? 'offered' : talking ? 'busy' : mine.length > 0 ? 'wrapping' : 'idle';
    this.toAgents({ type: 'agent', agent: this.agent });
  }

  private toAgents(frame: object): void {
    for (const push of this.agents) push(frame);
  }

  private toCustomer(customer: string, frame: object): void {
    for (const push of this.customers.get(customer) ?? []) push(frame);
  }
}
