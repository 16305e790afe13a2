// The mock's setup: it writes things as text, knows one kind of fault (whatever says "nowhere"), and keeps versions.
type Json = (status: number, body: object) => void;
type Item = Record<string, unknown>;

const start: Item = {
  tenant: 'demo',
  settings: { silence: '24h', reopen: '24h' },
  skills: [
    { id: 'chinese', name: '中文' },
    { id: 'english', name: 'English' },
    { id: 'pottery', name: 'Pottery' },
  ],
  teams: [
    { id: 'floor', name: 'Floor' },
    { id: 'vip', name: '贵宾组' },
  ],
  hours: [
    {
      id: 'office',
      name: 'Office hours',
      zone: 'Asia/Shanghai',
      open: [{ days: [1, 2, 3, 4, 5], from: '09:00', to: '18:00' }],
      holidays: [{ day: '2027-01-01' }],
    },
  ],
  queues: [
    { id: 'orders', name: 'Orders', target: '20s', target_percent: 80, wrap_up: '2m', hours: 'office', overflow: 'returns' },
    { id: 'returns', name: 'Returns', target: '30s', target_percent: 80 },
    { id: 'vip', name: '贵宾服务', target: '10s', target_percent: 90, priority: 5 },
  ],
  agents: [
    {
      id: 'mei',
      name: 'Mei Chen',
      team: 'floor',
      queues: ['orders', 'returns'],
      skills: [{ skill: 'chinese', level: 5 }],
      chat_capacity: 3,
    },
    {
      id: 'tom',
      name: 'Tom Baker',
      team: 'floor',
      queues: ['orders'],
      skills: [{ skill: 'english', level: 5 }],
      chat_capacity: 4,
      capacities: { voice: 1, email: 5 },
    },
    {
      id: 'bo',
      name: '王博',
      team: 'vip',
      queues: ['vip'],
      skills: [
        { skill: 'chinese', level: 5 },
        { skill: 'pottery', level: 4 },
      ],
    },
  ],
  wrap_up_codes: [
    { id: 'resolved', name: 'Resolved' },
    { id: 'refund', name: 'Refund', queues: ['returns'] },
  ],
  status_reasons: [
    { id: 'lunch', name: 'Lunch' },
    { id: 'training', name: 'Training', productive: true },
  ],
  quick_replies: [{ id: 'hello', title: 'Greeting', text: 'Hello {customer.name}, this is {agent.name}.', language: 'en' }],
  entry_points: [
    { id: 'shop', channel: 'webchat', queue: 'orders', greeting: 'Hello! 您好！', intent_model: 'shop', survey: true },
  ],
  policy: {
    fallback: 'orders',
    rules: [
      {
        name: 'cracked goods to people who know pottery',
        when: 'contact.intent == "cracked_on_arrival" && contact.confidence >= 600',
        queue: 'orders',
        priority: 2,
        steps: [{ need: 'pottery >= 3 && chinese >= 2', for: '30s' }, { need: 'pottery >= 1' }],
      },
      { name: 'gold first', when: 'contact.tier == "gold"', priority: 5, head_start: '60s', last_agent: '20s' },
    ],
  },
};

function scalar(value: unknown): string {
  const word = String(value);
  return typeof value !== 'string' || /^[\w\u4e00-\u9fff][\w\u4e00-\u9fff .-]*$/.test(word) ? word : JSON.stringify(word);
}

function flow(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(flow).join(', ')}]`;
  if (value && typeof value === 'object')
    return `{${Object.entries(value)
      .map(([name, one]) => `${name}: ${flow(one)}`)
      .join(', ')}}`;
  return scalar(value);
}

/** Things as the file would say them: a line for each. */
export function toYaml(objects: Item): string {
  return Object.entries(objects)
    .map(([name, value]) => {
      if (Array.isArray(value)) return `${name}:\n${value.map((one) => `  - ${flow(one)}\n`).join('')}`;
      if (name !== 'policy') return `${name}: ${flow(value)}\n`;
      const { rules, ...rest } = value as { rules: Item[] };
      const head = Object.entries(rest).map(([key, one]) => `  ${key}: ${flow(one)}\n`);
      const lines = (rules ?? []).map((rule) =>
        Object.entries(rule)
          .map(([key, one], i) => `    ${i === 0 ? '- ' : '  '}${key}: ${flow(one)}\n`)
          .join(''),
      );
      return `policy:\n${head.join('')}  rules:\n${lines.join('')}`;
    })
    .join('');
}

export class MockConfig {
  version = 7;
  /** The setup is open to others alone. */
  denied = false;
  objects: Item = start;
  yaml = toYaml(start);
  readonly accounts = [
    { login: 'lin', account: 'acc-1', agent: 'lin', roles: ['agent'], teams: [], disabled: false },
    { login: 'boss', account: 'acc-2', agent: '', roles: ['supervisor', 'admin'], teams: [], disabled: false },
    { login: 'boards', account: 'acc-4', agent: '', roles: ['dashboards'], teams: [], disabled: false },
    { login: 'ana', account: 'acc-3', agent: 'ana', roles: ['agent', 'qa'], teams: ['vip', 'floor'], disabled: true },
  ];

  private faults(yaml: string): object[] {
    return yaml.split('\n').flatMap((line, i) => {
      const column = line.indexOf('nowhere') + 1;
      return column > 0 ? [{ line: i + 1, column, path: 'queues[0].overflow', text: 'there is no queue "nowhere"' }] : [];
    });
  }

  /** Answers what is about setup; says whether it was. */
  take(method: string, path: string, body: Item, json: Json, fault: (what: string) => void): boolean {
    const yaml = typeof body.yaml === 'string' ? body.yaml : body.objects ? toYaml(body.objects as Item) : '';
    switch (`${method} ${path}`) {
      case 'GET /api/config':
        if (this.denied) json(403, { code: 'denied', text: 'the configuration is open to administrators' });
        else json(200, { version: this.version, yaml: this.yaml, objects: this.objects });
        return true;
      case 'POST /api/config/check': {
        if ((body.yaml === undefined) === (body.objects === undefined)) fault('a check has yaml or objects');
        const faults = this.faults(yaml);
        json(200, { ok: faults.length === 0, yaml, faults });
        return true;
      }
      case 'POST /api/config': {
        if (body.base_version !== this.version) {
          json(409, { code: 'changed', text: 'changed', version: this.version });
          return true;
        }
        const faults = this.faults(yaml);
        if (faults.length > 0) json(422, { code: 'invalid', text: 'invalid', faults });
        else {
          this.version += 1;
          this.yaml = yaml;
          if (body.objects) this.objects = body.objects as Item;
          json(200, { version: this.version });
        }
        return true;
      }
      case 'GET /api/accounts':
        json(200, { accounts: this.accounts });
        return true;
      case 'POST /api/accounts': {
        const { login, agent, roles } = body as { login: string; agent: string; roles: string[] };
        this.accounts.push({ login, account: `acc-${this.accounts.length + 1}`, agent, roles, teams: [], disabled: false });
        json(200, { link: 'https://desk.example/first#link=4f1c0a' });
        return true;
      }
    }
    const found = path.startsWith('/api/accounts/') && this.accounts.find((a) => a.login === decodeURIComponent(path.slice(14)));
    if (!found || method !== 'POST') return false;
    if (found.login === 'lin') {
      json(409, { code: 'conflict', text: "nobody changes the own account's rights; ask another administrator" });
      return true;
    }
    Object.assign(found, body);
    json(200, found);
    return true;
  }
}
