// The customers' door for the widget's tests: the contract's frames and nothing else; what is not of the contract is a fault.
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';

type Frame = Record<string, unknown> & { type: string };

/** Fields of each frame; one with a question mark may be missing. */
const fields: Record<string, string[]> = {
  hello: ['token', 'last', 'conversation?', 'visitor?'],
  send: ['id', 'text', 'attachments?', 'form?', 'left?'],
  ack: ['ids'],
  read: ['sequence'],
  end: ['id'],
  typing: [],
  seen: ['id', 'kind', 'page', 'ago_ms', 'name?', 'fields?'],
  survey: ['contact', 'score', 'id', 'comment?'],
  ping: [],
};

// As strict as a careful shop's page: pictures from itself alone, nothing inline.
const policy =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; require-trusted-types-for 'script'";

export class WidgetDoor {
  readonly faults: string[] = [];
  readonly frames: Frame[] = [];
  readonly sessions: Record<string, unknown>[] = [];
  readonly files = new Map<string, { type: string; bytes: Buffer }>();
  /** What the session says besides the token. */
  session: Record<string, unknown> = { form: [], open: true, files: true, survey: true };
  /** Answers a session with this instead. */
  refuse: { status: number; code: string; text: string } | null = null;
  refuseForm: Record<string, string> | null = null;
  history: object[] = [];
  state = 'none';
  mute = false;
  private sequence = 0;
  private readonly sockets = new Set<WebSocket>();
  private readonly server: Server;

  constructor() {
    const upgrades = new WebSocketServer({ noServer: true });
    this.server = createServer((request, response) => void this.serve(request, response));
    this.server.on('upgrade', (request, socket, head) => {
      if (this.mute) return socket.destroy();
      upgrades.handleUpgrade(request, socket, head, (ws) => this.join(ws));
    });
  }

  async start(): Promise<string> {
    await new Promise<void>((done) => this.server.listen(0, '127.0.0.1', done));
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.hangUp();
    this.server.closeAllConnections();
    await new Promise((done) => this.server.close(done));
  }

  hangUp(): void {
    for (const ws of this.sockets) ws.terminate();
  }

  push(frame: object): void {
    for (const ws of this.sockets) ws.send(JSON.stringify(frame));
  }

  become(state: string): void {
    this.state = state;
    this.push({ type: 'state', state });
  }

  say(author: string, text: string, more: object = {}): void {
    this.sequence += 1;
    const at = Date.now();
    const message = {
      id: `m${this.sequence}`,
      sequence: this.sequence,
      author,
      text,
      sent_ms: at,
      client_id: '',
      conversation: 'v1',
      ...more,
    };
    this.history.push(message);
    this.push({ type: 'message', ...message });
  }

  /** The frames of a kind so far. */
  of(type: string): Frame[] {
    return this.frames.filter((f) => f.type === type);
  }

  private join(ws: WebSocket): void {
    this.sockets.add(ws);
    ws.on('close', () => this.sockets.delete(ws));
    ws.on('message', (raw) => {
      if (this.mute) return;
      const frame = JSON.parse(String(raw)) as Frame;
      const known = Object.hasOwn(fields, frame.type) ? fields[frame.type] : undefined;
      const got = Object.keys(frame).filter((k) => k !== 'type');
      const allowed = known?.map((f) => f.replace('?', '')) ?? [];
      if (!known || got.some((k) => !allowed.includes(k)) || known.some((f) => !f.endsWith('?') && !got.includes(f)))
        this.faults.push(`frame ${String(raw)}`);
      if (frame.type !== 'ping') this.frames.push(frame);
      this.take(frame, (answer) => ws.send(JSON.stringify(answer)));
    });
  }

  private take(frame: Frame, answer: (frame: object) => void): void {
    if (frame.type === 'ping') answer({ type: 'pong' });
    if (frame.type === 'hello')
      answer({ type: 'history', state: this.state, messages: this.history, open: this.session.open !== false });
    if (['seen', 'survey', 'end'].includes(frame.type)) answer({ type: 'accepted', id: frame.id });
    if (frame.type !== 'send') return;
    if (this.refuseForm) {
      answer({ type: 'error', id: frame.id, code: 'form', text: 'no', ...this.refuseForm });
      this.refuseForm = null;
      return;
    }
    answer({ type: 'accepted', id: frame.id });
    const sent = (frame.attachments ?? []) as { file: string; name: string }[];
    const attachments = sent.map(({ file, name }) => {
      const kept = this.files.get(file);
      if (!kept) this.faults.push(`a message names the file ${file}`);
      return { file, name, media_type: kept?.type, size: kept?.bytes.length };
    });
    this.say('customer', String(frame.text), { client_id: frame.id, attachments });
    if (this.state !== 'assigned') this.become('waiting');
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const body = Buffer.concat(parts);
    const path = (request.url ?? '/').split('?')[0] ?? '/';
    const json = (status: number, value: object) => {
      response.writeHead(status, { 'Content-Type': 'application/json' });
      response.end(JSON.stringify(value));
    };
    if (path === '/webchat/session') {
      const asked = JSON.parse(String(body)) as Record<string, unknown>;
      this.sessions.push(asked);
      if (this.refuse && asked.visitor) return json(this.refuse.status, this.refuse);
      return json(200, {
        token: asked.token ?? `t${this.sessions.length}`,
        expires_ms: Date.now() + 864e5,
        greeting: 'Hello! 您好！',
        language: '',
        ...this.session,
      });
    }
    if (path.startsWith('/webchat/files')) return this.file(request, path, body, response, json);
    const file =
      path === '/webchat/widget.js'
        ? (process.env.WIDGET ?? 'dist/widget.js')
        : `public${path.endsWith('/') ? `${path}index.html` : path}`;
    const types: Record<string, string> = { html: 'text/html', js: 'text/javascript', css: 'text/css' };
    try {
      const text = readFileSync(file);
      response.writeHead(200, {
        'Content-Type': types[file.split('.').at(-1) ?? ''] ?? 'text/plain',
        'Content-Security-Policy': policy,
      });
      response.end(text);
    } catch {
      json(404, {});
    }
  }

  private file(
    request: IncomingMessage,
    path: string,
    body: Buffer,
    response: ServerResponse,
    json: (status: number, value: object) => void,
  ): void {
    if (!/^Bearer t\d+$/.test(request.headers.authorization ?? '')) return json(401, { code: 'token' });
    if (request.method === 'POST') {
      const png = body.subarray(1, 4).toString() === 'PNG';
      const pdf = body.subarray(0, 4).toString() === '%PDF';
      if (!png && !pdf) return json(415, { code: 'media_type', text: 'no' });
      const file = `file${this.files.size + 1}`;
      this.files.set(file, { type: png ? 'image/png' : 'application/pdf', bytes: body });
      return json(200, { file, media_type: png ? 'image/png' : 'application/pdf', size: body.length });
    }
    const kept = this.files.get(path.split('/').at(-1) ?? '');
    if (!kept) return json(404, { code: 'not_found' });
    response.writeHead(200, { 'Content-Type': kept.type });
    response.end(kept.bytes);
  }
}
