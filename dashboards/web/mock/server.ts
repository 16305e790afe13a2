// The doors of the mock contact centre, as the contract words them. A frame or a field that the contract does not know is a fault:
// it is written down and shouted, so that a test fails and no page comes to rely on it. Serves dist with the strict headers that the
// real door sends.

import { createReadStream, existsSync, statSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { extname, join, normalize } from 'node:path';
import { type WebSocket, WebSocketServer } from 'ws';
import type { Offer } from '../src/wire/frames';
import { MockCentre } from './centre';
import { MockConfig } from './config';
import { takeConversation } from './conversation';
import { MockFloor } from './floor';
import { takeAgentFrame, takeCustomerFrame } from './frames';
import { customerHistory, takePost } from './http';

export interface MockOptions {
  port?: number;
  /** Customers write by themselves. */
  lively?: boolean;
  /** Folder with the built pages. */
  dist?: string;
}

export class MockServer {
  readonly centre = new MockCentre();
  readonly faults: string[] = [];
  /** History answers "late". */
  historyLate = false;
  /** Takes frames and says nothing: a connection that died without a word. */
  mute = false;
  /** Carries out the next command but loses the answer and the connection. */
  loseNextAnswer = false;
  /** Refuses each send with this code. */
  refuseSends = '';
  /** Refuses each file with this code. */
  refuseFiles = '';
  /** Sends every frame to agents twice. */
  doubled = false;
  connections = 0;
  /** How often an agent said that they write. */
  typed = 0;
  roles = ['agent'];
  readonly floor = new MockFloor(this.centre);
  readonly config = new MockConfig();
  url = '';
  private readonly http: Server;
  private readonly sockets = new WebSocketServer({ noServer: true });
  private readonly loggedIn = new Set<string>();

  constructor(private readonly dist: string) {
    this.http = createServer((request, response) => void this.serve(request, response));
    this.http.on('upgrade', (request, socket, head) => {
      const url = new URL(request.url ?? '/', 'http://mock');
      const agent = url.pathname === '/api/ws';
      if (!agent && url.pathname !== '/webchat/ws') return this.fault(`upgrade of ${url.pathname}`);
      if (agent && !this.isIn(request)) {
        socket.end('HTTP/1.1 401 Unauthorized\r\n\r\n');
        return;
      }
      this.sockets.handleUpgrade(request, socket, head, (ws) => (agent ? this.agentSocket(ws) : this.customerSocket(ws)));
    });
  }

  async listen(port: number): Promise<void> {
    await new Promise<void>((done) => this.http.listen(port, '127.0.0.1', done));
    const address = this.http.address();
    this.url = `http://127.0.0.1:${typeof address === 'object' && address ? address.port : port}`;
  }

  async close(): Promise<void> {
    this.drop();
    this.http.closeAllConnections();
    await new Promise((done) => this.http.close(done));
  }

  /** Breaks every connection at once. */
  drop(): void {
    for (const ws of this.sockets.clients) ws.terminate();
  }

  fault(what: string): void {
    this.faults.push(what);
    console.error(`MOCK SERVER FAULT: ${what}`);
  }

  private isIn(request: IncomingMessage): boolean {
    return this.loggedIn.has(/tributary=(\w+)/.exec(request.headers.cookie ?? '')?.[1] ?? '');
  }

  private agentSocket(ws: WebSocket): void {
    this.connections += 1;
    const push = (frame: object) => {
      if (this.mute || ws.readyState !== ws.OPEN) return;
      ws.send(JSON.stringify(frame));
      if (this.doubled) ws.send(JSON.stringify(frame));
    };
    push(this.centre.snapshot());
    const stop = this.centre.watchAgent(push);
    ws.on('close', stop);
    ws.on('message', (raw) => {
      if (!this.mute) takeAgentFrame(this, String(raw), push, () => ws.terminate());
    });
  }

  private customerSocket(ws: WebSocket): void {
    const push = (frame: object) => {
      if (!this.mute && ws.readyState === ws.OPEN) ws.send(JSON.stringify(frame));
    };
    let customer = '';
    let stop = () => {};
    ws.on('close', () => {
      stop();
      if (customer) this.centre.connection(customer, false);
    });
    ws.on('message', (raw) => {
      if (this.mute) return;
      customer = takeCustomerFrame(
        this,
        String(raw),
        customer,
        push,
        () => ws.terminate(),
        (who) => {
          stop = this.centre.watchCustomer(who, push);
        },
      );
    });
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://mock');
    const json = (status: number, body: object, headers: Record<string, string> = {}) => {
      response.writeHead(status, { 'Content-Type': 'application/json', ...headers });
      response.end(JSON.stringify(body));
    };
    if (!url.pathname.startsWith('/api/') && url.pathname !== '/webchat/session') return this.file(url.pathname, response);
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const bytes = Buffer.concat(parts);
    if (url.pathname.startsWith('/api/files')) return this.files(request, url, bytes, response, json);
    const body = bytes.length > 0 ? (JSON.parse(String(bytes)) as Record<string, string>) : {};
    const me = {
      tenant: 'demo',
      account: 'lin',
      agent: this.centre.agent.id,
      name: this.centre.agent.name,
      roles: this.roles,
      practice: this.centre.agent.id !== '',
    };
    const code = (status: number, word: string) => json(status, { code: word, text: word });
    switch (`${request.method} ${url.pathname}`) {
      case 'POST /api/login': {
        if (body.password === 'wrong') return code(401, 'unauthenticated');
        const token = `t${Date.now().toString(36)}`;
        this.loggedIn.add(token);
        return json(200, { me, csrf: 'csrf-1' }, { 'Set-Cookie': `tributary=${token}; HttpOnly; SameSite=Strict; Path=/` });
      }
      case 'POST /api/first':
        return body.link === 'used' ? code(404, 'not_found') : json(200, {});
      case 'GET /api/me':
        return this.isIn(request) ? json(200, { me, csrf: 'csrf-1' }) : code(401, 'unauthenticated');
      case 'POST /api/logout':
        if (request.headers['x-tributary-csrf'] !== 'csrf-1') this.fault('logout without the CSRF header');
        this.loggedIn.clear();
        return json(200, {});
      case 'POST /webchat/session':
        return json(200, {
          token: body.token ?? `customer-${Math.random().toString(36).slice(2, 7)}`,
          expires_ms: Date.now() + 864e5,
          greeting: 'Hello! 您好！',
          language: '',
        });
    }
    if (request.method === 'POST' && request.headers['x-tributary-csrf'] !== 'csrf-1')
      this.fault(`${url.pathname} without the CSRF header`);
    if (this.config.take(request.method ?? '', url.pathname, body, json, (what) => this.fault(what))) return;
    if (takePost(this, request.method ?? '', url, body, json)) return;
    if (!this.historyLate && request.method === 'GET' && takeConversation(url, json)) return;
    return this.history(url, json);
  }

  private files(
    request: IncomingMessage,
    url: URL,
    bytes: Buffer,
    response: ServerResponse,
    json: (status: number, body: object) => void,
  ): void {
    if (request.method === 'POST') {
      if (request.headers['x-tributary-csrf'] !== 'csrf-1') this.fault('a file without the CSRF header');
      if (!this.centre.contacts.has(url.searchParams.get('contact') ?? '')) this.fault('a file for an unknown contact');
      if (this.refuseFiles) return json(415, { code: this.refuseFiles, text: this.refuseFiles });
      return json(200, this.centre.keepFile(url.searchParams.get('name') ?? '', request.headers['content-type'] ?? '', bytes));
    }
    const file = this.centre.files.get(url.pathname.split('/')[3] ?? '');
    if (!file) return json(404, { code: 'not_found', text: 'not found' });
    response.writeHead(200, { 'Content-Type': file.type, 'X-Content-Type-Options': 'nosniff' });
    response.end(file.bytes);
  }

  private history(url: URL, json: (status: number, body: object) => void): void {
    if (this.historyLate) return json(503, { code: 'history_late', text: 'history is late' });
    const [, , kind, key = '', what] = url.pathname.split('/');
    const hour = 3_600_000;
    const past = (n: number, text: string) => ({
      message: `old-${key}-${n}`,
      sequence: n,
      author: n % 2 ? 'customer' : 'agent',
      agent: 'agent-mei',
      text,
      sent_ms: Date.now() - 30 * hour + n * 60_000,
      state: 'read',
      client_id: '',
    });
    if (kind === 'conversations' && what === 'messages') {
      return json(200, {
        messages: [
          past(1, 'Has my parcel left yet?'),
          past(2, 'It left this morning and arrives on Thursday.'),
          past(3, 'Lovely, thank you!'),
        ],
      });
    }
    if (kind === 'customers' && what === 'messages') return json(200, customerHistory(key, url.searchParams.get('before') ?? ''));
    if (kind === 'customers' && !what) return json(200, this.centre.profiles.get(key) ?? { customer: key, version: 0 });
    if (kind === 'customers' && what === 'conversations') {
      const one = (n: number) => ({
        conversation: `past-${n}`,
        started_ms: Date.now() - n * 30 * hour,
        changed_ms: Date.now() - n * 29 * hour,
        channels: ['webchat'],
        queues: ['orders'],
        messages: 3,
      });
      return json(200, { conversations: [one(1), one(9)] });
    }
    if (kind === 'contacts' && what === 'decisions') {
      const rows = [...this.centre.offers.values()].filter((o) => o.contact === key);
      const row = (o: Offer) => ({
        offer: o.id,
        agent: this.centre.agent.id,
        queue: o.queue,
        state: o.state,
        reason: '',
        offered_ms: o.offered_ms,
        closed_ms: 0,
        candidate_agents: o.why.map((w) => w.agent),
        candidate_chosen: o.why.map((w) => w.chosen),
        candidate_reasons: o.why.map((w) => w.reason),
        candidate_scores: o.why.map((w) => w.score),
        passed_over: 0,
      });
      return json(200, { decisions: rows.map(row) });
    }
    this.fault(`request for ${url.pathname}`);
    json(404, { code: 'not_found', text: 'not found' });
  }

  private file(path: string, response: ServerResponse): void {
    const types: Record<string, string> = {
      '.html': 'text/html; charset=utf-8',
      '.js': 'text/javascript',
      '.css': 'text/css',
      '.svg': 'image/svg+xml',
    };
    const wanted = path === '/webchat/widget.js' ? '/widget.js' : path.endsWith('/') ? `${path}index.html` : path;
    let file = join(this.dist, normalize(wanted));
    if (!existsSync(file) || !statSync(file).isFile()) file = join(this.dist, 'index.html');
    const policy =
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; require-trusted-types-for 'script'";
    response.writeHead(200, {
      'Content-Type': types[extname(file)] ?? 'application/octet-stream',
      'Content-Security-Policy': policy,
    });
    createReadStream(file).pipe(response);
  }
}

export async function startMock(options: MockOptions = {}): Promise<MockServer> {
  const server = new MockServer(options.dist ?? 'dist');
  await server.listen(options.port ?? 0);
  if (options.lively) beLively(server.centre);
  return server;
}

function beLively(centre: MockCentre): void {
  const lines = [
    'Hello, is anybody there?',
    'My parcel has not come yet.',
    '请问可以换货吗？',
    'Thank you!',
    'The pot arrived with a crack.',
  ];
  setInterval(() => {
    const n = Math.floor(Math.random() * 4);
    centre.customerSays(
      `customer-${['7f3a2', 'b81c9', '04de5', 'c6a10'][n]}`,
      lines[Math.floor(Math.random() * lines.length)] ?? '',
    );
  }, 6_000);
}
