// A mock contact centre in memory, for tests and pictures of the pages: one agent, queues, customers. It is NOT the product: it
// keeps nothing, decides nothing, and knows only what the contract of the sockets says.
import type {
  AgentView,
  Attachment,
  Colleague,
  Contact,
  Message,
  MessageState,
  Offer,
  Profile,
  Queue,
  QuickReply,
  Route,
  StatusReason,
  WrapUpCode,
} from '../src/wire/frames';

export type Push = (frame: object) => void;

const rank: MessageState[] = ['', 'sent', 'delivered', 'read'];
let count = 0;
const id = (kind: string) => `${kind}-${(++count).toString(36).padStart(4, '0')}`;

export class MockCentre {
  readonly agent: AgentView = {
    id: 'agent-lin',
    name: 'Lin Yue',
    team: 'floor',
    status: 'offline',
    reason: '',
    next_status: '',
    next_reason: '',
    by: '',
    practice: false,
    connected: true,
    activity: 'idle',
    contacts: [],
    since_ms: Date.now() - 125_000,
    capacity: 3,
  };
  readonly queues: Queue[] = [
    { id: 'orders', name: 'Orders', waiting: 0, oldest_ms: 0, mine: true, open: true },
    { id: 'returns', name: 'Returns', waiting: 2, oldest_ms: Date.now() - 95_000, mine: true, open: true },
    { id: 'vip', name: '贵宾服务', waiting: 0, oldest_ms: 0, mine: true, open: true },
    { id: 'night', name: 'Night desk', waiting: 0, oldest_ms: 0, mine: false, open: false },
  ];
  readonly colleagues: Colleague[] = [
    { id: 'agent-mei', name: 'Mei Chen', team: 'floor', status: 'available', activity: 'idle' },
    { id: 'agent-tom', name: 'Tom Baker', team: 'floor', status: 'available', activity: 'busy' },
    { id: 'agent-bo', name: '王博', team: 'vip', status: 'break', activity: 'idle' },
    { id: 'agent-ana', name: 'Ana Ruiz', team: 'vip', status: 'offline', activity: 'idle' },
  ];
  readonly codes: WrapUpCode[] = [
    { id: 'resolved', name: 'Resolved · 已解决', queues: [] },
    { id: 'replacement', name: 'Replacement sent · 已换货', queues: ['orders', 'returns'] },
    { id: 'refund', name: 'Refund · 退款', queues: ['returns'] },
    { id: 'follow_up', name: 'Follow-up · 需跟进', queues: [] },
  ];
  readonly reasons: StatusReason[] = [
    { id: 'lunch', name: 'Lunch · 午餐', productive: false },
    { id: 'training', name: 'Training · 培训', productive: true },
  ];
  readonly replies: QuickReply[] = [
    {
      id: 'hello',
      title: 'Greeting',
      text: 'Hello {customer.name}, this is {agent.name}. How can I help?',
      language: 'en',
      team: '',
    },
    { id: 'nihao', title: '问候', text: '{customer.name}您好，我是{agent.name}，请问有什么可以帮您？', language: 'zh', team: '' },
    { id: 'arrive', title: 'Arrival', text: 'Your parcel {order.number} arrives on {order.day}.', language: 'en', team: '' },
    { id: 'daoda', title: '到货时间', text: '您的包裹{order.number}预计{order.day}送达。', language: 'zh', team: '' },
    { id: 'photo', title: 'Ask for a photo', text: 'Could you send a photo of it, please?', language: 'en', team: '' },
    { id: 'vip', title: 'For VIPs only', text: 'x', language: 'en', team: 'vip' },
  ];
  readonly profiles = new Map<string, Profile>();
  readonly files = new Map<string, { name: string; type: string; bytes: Buffer }>();
  /** What was shown without masks, by message. */
  readonly looked: string[] = [];
  /** Messages whose text is masked, and what is beneath. */
  readonly unmasked = new Map<string, string>();
  /** By customer: what the model read. */
  readonly intents = new Map<string, { intent: string; confidence: number; language: string }>();
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
      agents: this.colleagues,
      codes: this.codes,
      reasons: this.reasons,
      replies: this.replies,
      intents: [
        { id: 'cracked_on_arrival', names: { en: 'Cracked on arrival', zh: '到货破损' } },
        { id: 'refund_status', names: { en: 'Where is my refund', zh: '退款进度' } },
        { id: 'delivery_late', names: { en: 'Late delivery', zh: '配送延迟' } },
      ],
      profiles: [...this.profiles.values()],
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

  agentSays(contact: Contact, text: string, client = id('said'), at = Date.now(), more: Partial<Message> = {}): Message {
    this.said.push(text);
    return this.add(contact, 'agent', text, client, at, more);
  }

  /** A message of the customer with files, or with something masked. */
  customerSends(contact: Contact, text: string, more: Partial<Message>, beneath = ''): Message {
    const message = this.add(contact, 'customer', text, '', Date.now(), more);
    if (beneath) this.unmasked.set(message.id, beneath);
    return message;
  }

  customerTypes(contact: Contact): void {
    this.toAgents({ type: 'typing', contact: contact.id, author: 'customer', agent: '' });
  }

  keepFile(name: string, type: string, bytes: Buffer): Attachment {
    const file = id('file');
    this.files.set(file, { name, type, bytes });
    return { file, name, media_type: type, size: bytes.length };
  }

  setProfile(profile: Omit<Profile, 'version' | 'changed_ms'>): void {
    const version = (this.profiles.get(profile.customer)?.version ?? 0) + 1;
    const next = { ...profile, version, changed_ms: Date.now() };
    this.profiles.set(profile.customer, next);
    this.toAgents({ type: 'profile', profile: next });
  }

  setNext(status: AgentView['next_status'], reason: string): void {
    Object.assign(this.agent, { next_status: status, next_reason: reason });
    if (status && this.agent.contacts.length === 0) this.setStatus(status, reason);
    else this.tellAgent();
  }

  setPractice(on: boolean): void {
    this.agent.practice = on;
    this.tellAgent();
  }

  logOut(by: string): void {
    this.toAgents({ type: 'logged_out', by: 'boss', by_name: by });
  }

  tell(frame: object): void {
    this.toAgents(frame);
  }

  mark(contact: Contact, message: string, state: MessageState): void {
    const found = contact.messages.find((m) => m.id === message);
    if (!found || found.author === 'customer' || rank.indexOf(found.state) >= rank.indexOf(state)) return;
    found.state = state;
    this.toAgents({ type: 'marked', conversation: contact.conversation, message, state });
  }

  setStatus(status: AgentView['status'], reason = '', by = ''): void {
    Object.assign(this.agent, { status, reason, by, next_status: '', next_reason: '', since_ms: Date.now() });
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
    else if (contact.state === 'assigned') {
      const now = Date.now();
      this.change(contact, { state: 'wrapping', ended_ms: now, end_reason: reason, wrap_until_ms: now + 120_000 });
    } else return;
    this.toCustomer(contact.customer, { type: 'state', state: 'ended' });
    this.tellAgent();
  }

  wrapUp(contact: Contact, note: string): void {
    if (contact.state !== 'wrapping') return;
    if (note) this.add(contact, 'agent', note, id('note'), Date.now(), { internal: true, kind: 'wrap_up_note' });
    this.change(contact, { state: 'ended' });
    this.tellAgent();
    const { next_status, next_reason, contacts } = this.agent;
    if (next_status && contacts.length === 0) this.setStatus(next_status, next_reason);
    this.route();
  }

  transfer(contact: Contact, queue: string, note: string): void {
    this.change(contact, { state: 'ended', ended_ms: Date.now(), end_reason: 'transfer' });
    const next = this.begin(contact.customer, queue);
    Object.assign(next, { conversation: contact.conversation, initiation: 'transfer' });
    if (note) this.add(next, 'agent', note, id('note'), Date.now(), { internal: true, kind: 'transfer_note' });
    this.tellAgent();
  }

  /** Takes a queued contact straight to the agent. */
  assign(contact: Contact): void {
    const why = this.why(contact);
    this.change(contact, { state: 'assigned', agent: this.agent.id, assigned_ms: Date.now(), why });
    this.toCustomer(contact.customer, { type: 'state', state: 'assigned' });
    this.tellAgent();
  }

  connection(customer: string, connected: boolean): void {
    const contact = this.open(customer);
    if (contact && contact.connected !== connected) this.change(contact, { connected });
  }

  private begin(customer: string, queue: string, at = Date.now()): Contact {
    const read = this.intents.get(customer) ?? { intent: '', confidence: 0, language: '' };
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
      customer_name: '',
      initiation: 'inbound',
      ...read,
      guesses: read.intent
        ? [
            { intent: read.intent, confidence: read.confidence },
            { intent: 'refund_status', confidence: 41 },
            { intent: 'delivery_late', confidence: 18 },
          ]
        : [],
      tier: this.profiles.get(customer)?.tier ?? '',
      priority: 0,
      survey: 0,
      wrap_until_ms: 0,
      why: null,
      messages: [],
    };
    this.contacts.set(contact.id, contact);
    this.toCustomer(customer, { type: 'state', state: 'waiting' });
    this.countQueues();
    return contact;
  }

  private add(
    contact: Contact,
    author: Message['author'],
    text: string,
    client: string,
    at: number,
    more: Partial<Message> = {},
  ): Message {
    const sequence = this.messagesOf(contact.customer).length + 1;
    const agent = author === 'agent' ? this.agent.id : '';
    const message: Message = {
      id: id('message'),
      sequence,
      author,
      agent,
      agent_name: '',
      text,
      sent_ms: at,
      state: 'sent',
      client_id: client,
      attachments: [],
      internal: false,
      kind: '',
      masked: false,
      ...more,
    };
    contact.messages.push(message);
    this.toAgents({ type: 'message', contact: contact.id, message });
    if (!message.internal) {
      const { id, sequence, author, text, sent_ms, client_id } = message;
      this.toCustomer(contact.customer, { type: 'message', id, sequence, author, text, sent_ms, client_id });
    }
    return message;
  }

  private why(contact: Contact): Route {
    return {
      policy_version: 7,
      rule: 'cracked goods to people who know pottery',
      step: 2,
      need: 'pottery >= 3 && chinese >= 2',
      skills: {},
      intent: contact.intent,
      confidence: contact.confidence,
      language: contact.language,
      tier: contact.tier,
      priority: 2,
      virtual_age_ms: 80_000,
      preferred: 'last_agent',
      candidates: this.candidates(),
      passed_over: 14,
      flowed: contact.queue === 'orders' ? [] : [{ queue_name: 'Orders', reason: 'overflow' }],
    };
  }

  private candidates() {
    return [
      { agent: this.agent.id, name: this.agent.name, chosen: true, reason: 'chosen', score: 185_000 },
      { agent: 'agent-mei', name: 'Mei Chen', chosen: false, reason: 'idle_shorter', score: 42_000 },
      { agent: 'agent-bo', name: '王博', chosen: false, reason: 'lacks_skill', score: 0 },
      { agent: 'agent-tom', name: 'Tom Baker', chosen: false, reason: 'no_capacity', score: 0 },
    ];
  }

  private route(): void {
    const busy = [...this.offers.values()].some((o) => o.state === 'offered');
    if (this.agent.status !== 'available' || this.agent.next_status || busy || this.agent.contacts.length >= this.agent.capacity)
      return;
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
      reason: '',
      offered_ms: now,
      expires_ms: now + this.offerMs,
      customer: contact.customer,
      customer_name: '',
      intent: contact.intent,
      confidence: contact.confidence,
      language: contact.language,
      tier: contact.tier,
      route: null,
      why: this.candidates(),
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
