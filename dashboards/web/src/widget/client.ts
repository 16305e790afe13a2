// The widget's client: a token from the door, one socket, and what must survive a reload. It promises that a message goes out
// until it is accepted or refused, that each received message is acknowledged by id, and that each is shown once. No cookies.
import { newId } from '../wire/ids';
import { forget, keep, kept } from '../wire/kept';
import { Link, type LinkState, pokeOnReturn } from '../wire/link';
import { list, object, parse, text } from '../wire/read';
import { createStore } from '../wire/store';
import { type ChatFrame, readChatFrame } from './frames';
import { type Chat, emptyChat, type Going, newest, resumeAt, say, sayAgain, take } from './state';

export const longest = 2_000;
const resendAfter = 5_000;
/** Refusals that pass: what they are about goes again. */
const passing = new Set(['unavailable', 'rate', 'internal']);
/** A refusal with one of these says that the token is worth nothing any more. */
const tokenGone = /token|unauth|expired|login/;

export interface Door {
  greeting: string;
  language: string;
  fault: '' | 'closed' | 'away';
}

export class ChatClient {
  readonly chat = createStore<Chat>(emptyChat);
  readonly link = createStore<LinkState>('idle');
  readonly door = createStore<Door>({ greeting: '', language: '', fault: '' });
  private readonly name: string;
  private readonly socket: Link;
  private token = '';
  private started = false;
  private live = false;
  private asking = false;
  private readonly sentAt = new Map<string, number>();
  private unacked: string[] = [];
  /** Every message that this tab ever held on its way. */
  private readonly known = new Set<string>();
  private readTo = '';
  private tries = 0;

  constructor(
    private readonly base: string,
    private readonly entryPoint: string,
  ) {
    this.name = `tributary.webchat.${entryPoint}.`;
    this.token = kept(`${this.name}token`);
    const going = this.savedGoing();
    for (const g of going) this.known.add(g.id);
    this.chat.set({ ...emptyChat, going, seen: Number(kept(`${this.name}seen`)) || 0 });
    this.socket = new Link(
      () => this.socketAddress(),
      () => '{"type":"ping"}',
      {
        opened: () => {
          this.live = false;
          this.socket.send(JSON.stringify({ type: 'hello', token: this.token, last: resumeAt(this.chat.get()) }));
        },
        frame: (raw) => this.take(readChatFrame(raw)),
        state: (state) => this.link.set(state),
        closed: (code, tries) => {
          this.live = false;
          // Perhaps the token is what is refused: let the door look at it.
          if (code === 4001 || code === 4401 || code === 1008 || tries % 4 === 3) void this.renew();
        },
      },
    );
  }

  /** Whether there was a chat here before, which should go on by itself. */
  get wasHere(): boolean {
    return this.token !== '' && kept(`${this.name}open`) !== '';
  }

  start(): void {
    if (this.started) return;
    this.started = true;
    pokeOnReturn(this.socket);
    setInterval(() => this.flush(), 500);
    void this.enter();
  }

  send(words: string): void {
    const cut = words.trim().slice(0, longest);
    if (!cut) return;
    this.change(say(this.chat.get(), newId(), cut, Date.now()));
    this.flush();
  }

  again(id: string): void {
    this.sentAt.delete(id);
    this.change(sayAgain(this.chat.get(), id));
    this.flush();
  }

  end(): void {
    if (this.chat.get().ending) return;
    this.change({ ...this.chat.get(), ending: newId() });
    this.flush();
  }

  /** The customer sees the newest message. */
  see(): void {
    const chat = this.chat.get();
    const at = Math.max(0, ...Object.values(chat.messages).map((m) => m.sent_ms));
    if (at > chat.seen) {
      keep(`${this.name}seen`, String(at));
      this.chat.set({ ...chat, seen: at });
    }
    this.sendRead();
  }

  private sendRead(): void {
    const last = newest(this.chat.get());
    if (!this.live || !last || last.sent_ms > this.chat.get().seen || last.id === this.readTo) return;
    if (this.socket.send(JSON.stringify({ type: 'read', sequence: last.sequence }))) this.readTo = last.id;
  }

  private socketAddress(): string {
    const url = new URL('ws', this.base);
    url.protocol = url.protocol.replace('http', 'ws');
    url.searchParams.set('entry_point', this.entryPoint);
    return url.href;
  }

  private async enter(): Promise<void> {
    if (await this.renew()) {
      this.socket.start();
      return;
    }
    if (this.door.get().fault === 'closed') return;
    this.tries += 1;
    setTimeout(() => void this.enter(), Math.min(15_000, 500 * 2 ** this.tries) * (0.5 + Math.random() / 2));
  }

  private async renew(): Promise<boolean> {
    if (this.asking) return false;
    this.asking = true;
    try {
      const body = JSON.stringify({ entry_point: this.entryPoint, ...(this.token ? { token: this.token } : {}) });
      const headers = { 'Content-Type': 'application/json' };
      const init: RequestInit = { method: 'POST', headers, body, credentials: 'omit', signal: AbortSignal.timeout(10_000) };
      const answer = await fetch(new URL('session', this.base), init);
      if (answer.status === 401 && this.token) this.begin();
      if (!answer.ok) {
        const closed = answer.status === 403 || answer.status === 404;
        this.door.set((door) => ({ ...door, fault: closed ? 'closed' : 'away' }));
        return false;
      }
      const value = parse(await answer.text()) ?? {};
      this.setToken(text(value.token));
      this.door.set({ greeting: text(value.greeting), language: text(value.language), fault: '' });
      return this.token !== '';
    } catch {
      this.door.set((door) => ({ ...door, fault: 'away' }));
      return false;
    } finally {
      this.asking = false;
    }
  }

  // The token is worth nothing any more (erased, expired): a new chat begins.
  private begin(): void {
    this.setToken('');
    this.chat.set((chat) => ({ ...emptyChat, going: chat.going }));
    if (this.socket.state !== 'idle') setTimeout(() => void this.renew(), 1_000);
  }

  private setToken(token: string): void {
    this.token = token;
    if (token) keep(`${this.name}token`, token);
    else forget(`${this.name}token`);
  }

  private take(frame: ChatFrame | null): void {
    if (!frame || frame.type === 'pong') return;
    if (frame.type === 'error' && !frame.id) {
      if (tokenGone.test(frame.code)) void this.renew();
      return;
    }
    if (frame.type === 'error' && passing.has(frame.code)) return; // it goes again by itself
    this.change(take(this.chat.get(), frame));
    if (frame.type === 'history') {
      this.live = true;
      this.tries = 0;
      this.readTo = '';
      this.socket.settled();
      this.sentAt.clear();
      this.ack(frame.messages.map((m) => m.id));
      this.sendRead();
      this.flush();
    }
    if (frame.type === 'message') this.ack([frame.message.id]);
    const state = this.chat.get().state;
    if (frame.type === 'history' || frame.type === 'state') {
      if (state === 'waiting' || state === 'assigned') keep(`${this.name}open`, '1');
      else forget(`${this.name}open`);
    }
  }

  // Every receipt is acknowledged, repeats too: the acknowledgement of the first may be what was lost.
  private ack(ids: string[]): void {
    this.unacked.push(...ids.filter(Boolean));
    while (this.unacked.length > 0) {
      const some = this.unacked.slice(0, 100);
      if (!this.socket.send(JSON.stringify({ type: 'ack', ids: some }))) return;
      this.unacked = this.unacked.slice(some.length);
    }
  }

  private flush(): void {
    if (!this.live || this.link.get() !== 'open') return;
    const now = performance.now();
    const due = (id: string) => now - (this.sentAt.get(id) ?? Number.NEGATIVE_INFINITY) >= resendAfter;
    const chat = this.chat.get();
    for (const g of chat.going) {
      if (g.state !== 'pending' || !due(g.id)) continue;
      if (!this.socket.send(JSON.stringify({ type: 'send', id: g.id, text: g.text }))) return;
      this.sentAt.set(g.id, now);
    }
    if (chat.ending && due(chat.ending) && this.socket.send(JSON.stringify({ type: 'end', id: chat.ending }))) {
      this.sentAt.set(chat.ending, now);
    }
  }

  private change(chat: Chat): void {
    if (chat === this.chat.get()) return;
    const wrote = chat.going !== this.chat.get().going;
    this.chat.set(chat);
    if (!wrote) return;
    for (const g of chat.going) this.known.add(g.id);
    // Another tab of the shop keeps what it sends in the same place: leave that alone.
    const all = [...this.savedGoing().filter((g) => !this.known.has(g.id)), ...chat.going];
    if (all.length > 0) {
      keep(`${this.name}going`, JSON.stringify(all));
      keep(`${this.name}open`, '1');
    } else forget(`${this.name}going`);
  }

  private savedGoing(): Going[] {
    const saved = parse(`{"going":${kept(`${this.name}going`) || '[]'}}`);
    return list(saved?.going, (item) => {
      const v = object(item);
      const state: Going['state'] = v.state === 'accepted' || v.state === 'failed' ? v.state : 'pending';
      return { id: text(v.id), text: text(v.text), sent_ms: Number(v.sent_ms) || 0, state, code: text(v.code) };
    }).filter((g) => g.id && g.text && Date.now() - g.sent_ms < 24 * 3600 * 1000);
  }
}
