// The mock's one conversation of several contacts, for the page that shows it, and what is answered for others.
const hour = 3_600_000;
const minute = 60_000;

/** How many messages the long conversation has: more than two pages. */
const long = 230;

type Json = (status: number, body: object) => void;

function wait(queue: string, name: string, outcome: string, at: number, ms: number, more: object = {}) {
  return {
    queue,
    queue_name: name,
    outcome,
    reason: '',
    next_queue: '',
    next_queue_name: '',
    enqueued_ms: at,
    wait_ms: ms,
    ...more,
  };
}

export function conversationHead(id: string): object {
  const at = Date.now() - 26 * hour;
  const common = {
    conversation: id,
    channel: 'webchat',
    entry_point: 'shop',
    language: 'en',
    tier: 'gold',
    wrap_up_code: 'resolved',
  };
  return {
    id,
    customer: 'customer-7f3a2',
    intents: [{ id: 'parcel_late', names: { en: 'Parcel is late', zh: '包裹延误' } }],
    contacts: [
      {
        ...common,
        id: 'told-1',
        previous: '',
        initiation: 'inbound',
        state: 'ended',
        queue: 'orders',
        queue_name: 'Orders',
        agent: 'agent-mei',
        agent_name: 'Mei Chen',
        end_reason: 'transfer',
        wrap_up_name: 'Resolved · 已解决',
        intent: 'parcel_late',
        confidence: 914,
        guesses: [
          { intent: 'parcel_late', confidence: 914 },
          { intent: 'return_goods', confidence: 55 },
        ],
        survey: 0,
        started_ms: at,
        enqueued_ms: at + 2_000,
        assigned_ms: at + 50_000,
        ended_ms: at + 5 * minute,
        wrapped_ms: at + 6 * minute,
        waits: [
          wait('orders', 'Orders', 'flowed_out', at + 2_000, 30_000, {
            reason: 'too_long',
            next_queue: 'help',
            next_queue_name: 'Help',
          }),
          wait('help', 'Help', 'answered', at + 32_000, 18_000),
        ],
      },
      {
        ...common,
        id: 'told-2',
        previous: 'told-1',
        initiation: 'transfer',
        state: 'ended',
        queue: 'returns',
        queue_name: 'Returns',
        agent: 'agent-lin',
        agent_name: 'Lin Zhao',
        end_reason: 'customer',
        wrap_up_name: 'Resolved · 已解决',
        intent: '',
        confidence: 0,
        guesses: [],
        survey: 4,
        started_ms: at + 5 * minute,
        enqueued_ms: at + 5 * minute,
        assigned_ms: at + 5 * minute + 9_000,
        ended_ms: at + 14 * minute,
        wrapped_ms: at + 15 * minute,
        waits: [wait('returns', 'Returns', 'answered', at + 5 * minute, 9_000)],
      },
    ],
  };
}

const lines: [string, string, object?][] = [
  ['customer', 'Hello, my parcel was promised for Monday. Where is it? My number is 138****8000.', { masked: true }],
  ['agent', 'Good morning! One moment, I look it up.'],
  ['agent', 'It left the warehouse on Saturday and was sent back: the address was incomplete.'],
  ['customer', 'Then I would rather have my money back.'],
  [
    'agent',
    'Customer wants a refund, address was incomplete. Please check the stock first.',
    { internal: true, kind: 'transfer_note' },
  ],
  ['agent', 'I hand you over to Lin from returns.'],
  ['agent', 'Hello, this is Lin. The refund is on its way, it takes two days.'],
  ['customer', '谢谢！'],
];

export function conversationMessages(id: string, before: number): object {
  const at = Date.now() - 26 * hour;
  const count = id === 'long' ? long : lines.length;
  const all = Array.from({ length: count }, (_, i) => {
    const [author, text, more] = lines[i % lines.length] ?? ['customer', ''];
    const mei = i < 6;
    return {
      id: `told-m${i + 1}`,
      sequence: i + 1,
      author,
      agent: author === 'agent' ? (mei ? 'agent-mei' : 'agent-lin') : '',
      agent_name: author === 'agent' ? (mei ? 'Mei Chen' : 'Lin Zhao') : '',
      text: id === 'long' ? `${i + 1}: ${text}` : text,
      sent_ms: at + i * 55_000 + 1_000,
      state: author === 'agent' ? 'read' : '',
      client_id: '',
      attachments: [],
      ...more,
    };
  });
  const until = before > 0 ? all.filter((m) => m.sequence < before) : all;
  return { messages: until.slice(-100), more: until.length > 100 };
}

export function conversationDecisions(contact: string): object[] {
  const first = contact === 'told-1';
  const row = (offer: string, state: string, seconds: number, why: [string, string, boolean, string, number][]) => ({
    id: offer,
    contact,
    agent: why.find(([, , chosen]) => chosen)?.[0] ?? '',
    queue: first ? 'help' : 'returns',
    queue_name: first ? 'Help' : 'Returns',
    state,
    reason: '',
    offered_ms: Date.now() - 26 * hour + seconds * 1_000,
    closed_ms: 0,
    passed_over: 3,
    route: {
      policy_version: 7,
      rule: first ? 'late parcels' : '',
      step: 2,
      need: first ? 'parcels ≥ 2' : '',
      intent: first ? 'parcel_late' : '',
      confidence: first ? 914 : 0,
      language: 'en',
      tier: 'gold',
      priority: 2,
      virtual_age_ms: 60_000,
      preferred: first ? '' : 'to_agent',
      passed_over: 3,
    },
    why: why.map(([agent, name, chosen, reason, score]) => ({ agent, name, chosen, reason, score })),
  });
  return [
    row('o1', 'timed_out', 35, [
      ['agent-wang', 'Wang Fang', true, 'chosen', 240_000],
      ['agent-mei', 'Mei Chen', false, 'idle_shorter', 61_000],
      ['agent-ola', 'Ola Berg', false, 'no_capacity', 0],
    ]),
    row('o2', 'accepted', 48, [
      ['agent-mei', 'Mei Chen', true, 'chosen', 74_000],
      ['agent-wang', 'Wang Fang', false, 'just_missed', 0],
    ]),
  ];
}

/** Answers for conversations of these names: told and long are there, denied is not open, late is late, bare has messages alone. */
export function takeConversation(url: URL, json: Json): boolean {
  const [, , kind, key = '', what] = url.pathname.split('/');
  if (kind === 'contacts' && what === 'decisions' && key.startsWith('told-')) {
    json(200, { decisions: conversationDecisions(key) });
    return true;
  }
  if (kind === 'boards' && key === 'me') {
    json(403, { code: 'forbidden', text: 'boards are not open to this account' });
    return true;
  }
  if (kind !== 'conversations' || key.startsWith('past-')) return false;
  if (key === 'denied') json(403, { code: 'denied', text: 'denied' });
  else if (key === 'late') json(503, { code: 'history_late', text: 'history is late' });
  else if (what === 'messages' && (key === 'told' || key === 'long' || key === 'bare'))
    json(200, conversationMessages(key, Number(url.searchParams.get('before') ?? 0)));
  else if (what === 'messages') json(200, { messages: [], more: false });
  else if (!what && (key === 'told' || key === 'long')) json(200, conversationHead(key));
  else if (!what) json(404, { code: 'not_found', text: 'not found' });
  else return false;
  return true;
}
