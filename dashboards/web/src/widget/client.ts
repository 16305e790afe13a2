// The widget's client: a token from the door, one socket, and what must survive a reload. It promises that a message goes out
// until it is accepted or refused, that each received message is acknowledged by id, and that each is shown once. No cookies.
// What a user of the site says and reads, whom the site vouches for, is kept in memory alone: others use the same computer.
import { newId } from '../wire/ids';
import { forget, keep, kept } from '../wire/kept';
import { Link, type LinkState, pokeOnReturn } from '../wire/link';
import { list, object, parse, text } from '../wire/read';
import { createStore } from '../wire/store';
import { download, type UploadFault, upload } from './carry';
import { askDoor, type Door, unasked } from './door';
import { type Attached, type ChatFrame, readAttached, readChatFrame } from './frames';
import {
  type Chat,
  emptyChat,
  type Going,
  giveUp,
  newest,
  quiet,
  resumeAt,
  running,
  say,
  sayAgain,
  take,
  unsay,
  type With,
} from './state';
import { type Step, Trail } from './trail';

export const longest = 2_000;
const resendAfter = 5_000;
/** The first wait after a refusal that passes; it doubles up to resendAfter. */
const refusedFor = 1_000;
/** How often it is told at most that the customer writes, and how long the agent's writing is shown. */
const typingEvery = 3_000;
const typingShown = 5_000;
/** Refusals that pass: what they are about goes again. */
const passing = new Set(['unavailable', 'rate', 'internal']);
/** A refusal with one of these says that the token is worth nothing any more. */
const tokenGone = /token|unauth|expired|login/;

export class ChatClient {
  readonly chat = createStore<Chat>(emptyChat);
  readonly link = createStore<LinkState>('idle');
  readonly door = createStore<Door>(unasked);
  /** Whether the panel is open: the page may ask for it too. */
  readonly shown = createStore(false);
  /** What is written and not sent, while the panel is closed. */
  draft = '';
  /** The answers before the chat, for as long as the page lives. */
  answers: Record<string, string> = {};
  /** Something was said in this page, so that nothing is asked before the next chat. */
  readonly spoke = createStore(false);
  private readonly name: string;
  private readonly socket: Link;
  private readonly trail: Trail;
  /** When (performance.now) what is on its way may go again, and how often each was refused. */
  private readonly nextAt = new Map<string, number>();
  private readonly refusals = new Map<string, number>();
  /** Every message that this tab ever held on its way. */
  private readonly known = new Set<string>();
  /** The customer's own files, so that they need not come back to be shown. */
  private readonly blobs = new Map<string, Promise<Blob | null>>();
  private token = '';
  private started = false;
  private live = false;
  private asking = -1;
  private unacked: string[] = [];
  private readTo = '';
  private tries = 0;
  /** Counts whose chat it is. */
  private whose = 0;
  private typedAt = Number.NEGATIVE_INFINITY;
  /** The contact that was rated last, or was not to be. */
  private rated = '';

  constructor(
    private readonly base: string,
    private readonly entryPoint: string,
    /** The site's signed word for who its user is; empty for nobody. */
    private visitor = '',
  ) {
    this.name = `tributary.webchat.${entryPoint}.`;
    this.trail = new Trail(`${this.name}trail`);
    this.restore();
    this.socket = new Link(
      () => this.socketAddress(),
      () => '{"type":"ping"}',
      {
        opened: () => {
          this.live = false;
          const conversation = newest(this.chat.get())?.conversation;
          const hello = { type: 'hello', token: this.token, last: resumeAt(this.chat.get()) };
          const more = { ...(conversation && { conversation }), ...(this.visitor && { visitor: this.visitor }) };
          this.socket.send(JSON.stringify({ ...hello, ...more }));
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

  /** The site's user has logged in (a signed token) or out (none): whose chat it is changes. */
  identify(visitor: string): void {
    if (visitor === this.visitor) return;
    this.visitor = visitor;
    this.whose += 1;
    this.live = false;
    this.socket.stop();
    this.blobs.clear();
    this.answers = {};
    this.spoke.set(false);
    this.restore();
    this.door.set((door) => ({ ...door, asked: false }));
    if (this.started) void this.enter();
  }

  send(words: string, more: With = {}): void {
    const cut = words.trim().slice(0, longest);
    if (!cut && !more.attachments?.length) return;
    const form = more.form ?? this.answers;
    const asks = !running(this.chat.get()) && Object.keys(form).length > 0;
    if (more.form) this.answers = { ...more.form };
    const { form: _, ...rest } = more;
    this.change(say(this.chat.get(), newId(), cut, Date.now(), asks ? { ...rest, form } : rest));
    this.spoke.set(true);
    this.typedAt = Number.NEGATIVE_INFINITY;
    this.flush();
  }

  again(id: string): void {
    this.nextAt.delete(id);
    this.change(sayAgain(this.chat.get(), id));
    this.flush();
  }

  end(): void {
    if (this.chat.get().ending) return;
    // Whatever is not there yet would begin the next chat by itself: it is held back, and shown as not sent.
    this.change({ ...giveUp(this.chat.get()), ending: newId() });
    this.flush();
  }

  /** The customer writes. */
  writes(): void {
    const now = performance.now();
    if (!this.live || !running(this.chat.get()) || now - this.typedAt < typingEvery) return;
    if (this.socket.send('{"type":"typing"}')) this.typedAt = now;
  }

  /** A rating of 1 to 5, or 0 for none, which nobody is told. It goes once: what is lost is not asked for again. */
  rate(score: number, comment: string): void {
    const contact = this.chat.get().survey;
    this.rated = contact;
    this.keep('rated', contact);
    this.chat.set((chat) => ({ ...chat, survey: '' }));
    if (score === 0) return;
    const words = comment.trim();
    this.rating = JSON.stringify({ type: 'survey', contact, score, id: newId(), ...(words && { comment: words }) });
    this.flush();
  }
  private rating = '';

  /** Something the customer did on the site. */
  did(step: Step): void {
    this.trail.add(step);
    this.flush();
  }

  upload(file: File, progress: (percent: number) => void, signal: AbortSignal): Promise<Attached | UploadFault> {
    const going = upload(this.base, this.token, file, progress, signal);
    void going.then((done) => {
      if (typeof done === 'object') this.blobs.set(done.file, Promise.resolve(file));
    });
    return going;
  }

  /** A file of this chat; the same one comes once. */
  fetch(file: string): Promise<Blob | null> {
    const had = this.blobs.get(file);
    if (had) return had;
    const coming = download(this.base, this.token, file);
    this.blobs.set(file, coming);
    void coming.then((blob) => blob || this.blobs.delete(file));
    return coming;
  }

  /** The customer sees the newest message. */
  see(): void {
    const chat = this.chat.get();
    const at = Math.max(0, ...Object.values(chat.messages).map((m) => m.sent_ms));
    if (at > chat.seen) {
      this.keep('seen', String(at));
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
    const whose = this.whose;
    const entered = await this.renew();
    if (whose !== this.whose) return; // somebody else's is entered
    if (entered) return this.socket.start();
    if (this.door.get().fault === 'closed') return;
    this.tries += 1;
    setTimeout(
      () => {
        if (whose === this.whose) void this.enter();
      },
      Math.min(15_000, 500 * 2 ** this.tries) * (0.5 + Math.random() / 2),
    );
  }

  private async renew(): Promise<boolean> {
    const { visitor, whose } = this;
    if (this.asking === whose) return false;
    this.asking = whose;
    const who = visitor ? { visitor } : this.token ? { token: this.token } : {};
    const answer = await askDoor(this.base, { entry_point: this.entryPoint, ...who });
    if (this.asking === whose) this.asking = -1;
    if (whose !== this.whose) return false;
    if (answer && 'token' in answer) {
      this.setToken(answer.token);
      this.door.set(answer.door);
      return this.token !== '';
    }
    if (visitor && answer?.code === 'visitor') {
      console.error(`Tributary: ${answer.text}.`);
      // A chat that runs goes on with the token it has; otherwise this is somebody whom nobody vouches for.
      if (this.token) return true;
      console.error('Tributary: the chat goes on with an anonymous visitor.');
      this.visitor = '';
      this.restore();
      return this.renew();
    }
    if (answer?.status === 401 && this.token) this.begin();
    const closed = answer?.status === 403 || answer?.status === 404;
    this.door.set((door) => ({ ...door, fault: closed ? 'closed' : 'away' }));
    return false;
  }

  // The token is worth nothing any more (erased, expired): a new chat begins.
  private begin(): void {
    this.setToken('');
    this.chat.set((chat) => ({ ...emptyChat, going: chat.going }));
    if (this.socket.state !== 'idle') setTimeout(() => void this.renew(), 1_000);
  }

  private setToken(token: string): void {
    this.token = token;
    this.keep('token', token);
  }

  private keep(what: string, value: string): void {
    if (this.visitor) return;
    if (value) keep(this.name + what, value);
    else forget(this.name + what);
  }

  // What this tab knows of whoever it is now.
  private restore(): void {
    this.token = this.visitor ? '' : kept(`${this.name}token`);
    const going = this.visitor ? [] : this.savedGoing();
    for (const g of going) this.known.add(g.id);
    this.rated = this.visitor ? '' : kept(`${this.name}rated`);
    this.draft = '';
    this.chat.set({ ...emptyChat, going, seen: this.visitor ? 0 : Number(kept(`${this.name}seen`)) || 0 });
  }

  private take(frame: ChatFrame | null): void {
    if (!frame || frame.type === 'pong') return;
    if (frame.type === 'error' && !frame.id) {
      if (tokenGone.test(frame.code)) void this.renew();
      return;
    }
    if (frame.type === 'error' && passing.has(frame.code)) return this.wait(frame.id); // it goes again by itself
    if (frame.type === 'accepted' || frame.type === 'error') {
      if (frame.type === 'error' && frame.code === 'early') return; // the trail waits for the first message
      if (this.trail.drop(frame.id)) return;
      if (this.rating.includes(`"${frame.id}"`)) this.rating = '';
    }
    this.change(take(this.chat.get(), frame));
    if (this.rated && this.rated === this.chat.get().survey) this.chat.set((chat) => ({ ...chat, survey: '' }));
    if (frame.type === 'typing') this.forgetTyping();
    if (frame.type === 'error' && frame.code === 'form') this.refusedForm(frame.id);
    if (frame.type === 'history') this.arrive(frame);
    if (frame.type === 'message') this.ack([frame.message.id]);
    if (frame.type === 'history' || frame.type === 'state') this.keep('open', running(this.chat.get()) ? '1' : '');
    this.flush(); // what waited for this
  }

  private wait(id: string): void {
    const before = this.refusals.get(id) ?? 0;
    this.refusals.set(id, before + 1);
    this.nextAt.set(id, performance.now() + Math.min(resendAfter, refusedFor * 2 ** before));
  }

  private arrive(frame: ChatFrame & { type: 'history' }): void {
    this.live = true;
    this.tries = 0;
    this.readTo = '';
    this.socket.settled();
    this.nextAt.clear();
    this.refusals.clear();
    this.door.set((door) => ({ ...door, open: frame.open }));
    this.ack(frame.messages.map((m) => m.id));
    this.sendRead();
    this.flush();
  }

  private forgetTyping(): void {
    const mark = this.chat.get().typing;
    setTimeout(() => this.chat.set((chat) => (chat.typing === mark ? { ...chat, typing: quiet(chat) } : chat)), typingShown);
  }

  // The words go back into the form; perhaps its questions have changed.
  private refusedForm(id: string): void {
    const refused = this.chat.get().going.find((g) => g.id === id);
    if (!refused) return;
    this.answers = { ...refused.form };
    this.refused = refused;
    this.change(unsay(this.chat.get(), id));
    this.spoke.set(false);
    void this.renew();
  }
  /** The message that was refused for its form, to be written again. */
  refused: Going | null = null;

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
    const due = (id: string) => now >= (this.nextAt.get(id) ?? 0);
    const sent = (id: string, frame: string) => {
      if (!due(id)) return true;
      if (!this.socket.send(frame)) return false;
      this.nextAt.set(id, now + resendAfter);
      return true;
    };
    const chat = this.chat.get();
    // One at a time: had one been refused and the next one taken, they would stand in the wrong order. What is written after the
    // end of a chat belongs to the next one.
    const next = chat.ending ? undefined : chat.going.find((g) => g.state === 'pending');
    if (chat.ending && !sent(chat.ending, JSON.stringify({ type: 'end', id: chat.ending }))) return;
    if (next && !sent(next.id, sendFrame(next))) return;
    if (this.rating && !sent(this.rating, this.rating)) return;
    if (Object.keys(chat.messages).length === 0) return;
    const wall = Date.now();
    for (const step of this.trail
      .due(wall)
      .filter((s) => due(s.id))
      .slice(0, 2)) {
      if (!sent(step.id, seenFrame(step, wall))) return;
    }
  }

  private change(chat: Chat): void {
    if (chat === this.chat.get()) return;
    const wrote = chat.going !== this.chat.get().going;
    this.chat.set(chat);
    if (!wrote) return;
    for (const g of chat.going) this.known.add(g.id);
    if (this.visitor) return;
    // Another tab of the shop keeps what it sends in the same place: leave that alone.
    const all = [...this.savedGoing().filter((g) => !this.known.has(g.id)), ...chat.going];
    this.keep('going', all.length > 0 ? JSON.stringify(all) : '');
    if (all.length > 0) this.keep('open', '1');
  }

  private savedGoing(): Going[] {
    const saved = parse(`{"going":${kept(`${this.name}going`) || '[]'}}`);
    return list(saved?.going, (item) => {
      const v = object(item);
      const state: Going['state'] = v.state === 'accepted' || v.state === 'failed' ? v.state : 'pending';
      const form = Object.fromEntries(Object.entries(object(v.form)).map(([k, value]) => [k, text(value)]));
      return {
        id: text(v.id),
        text: text(v.text),
        sent_ms: Number(v.sent_ms) || 0,
        state,
        code: text(v.code),
        attachments: list(v.attachments, readAttached),
        ...(Object.keys(form).length > 0 && { form }),
        ...(v.left === true && { left: true }),
      };
    }).filter((g) => g.id && (g.text || g.attachments.length > 0) && Date.now() - g.sent_ms < 24 * 3600 * 1000);
  }
}

function sendFrame(g: Going): string {
  const attachments = g.attachments?.map(({ file, name }) => ({ file, name })) ?? [];
  return JSON.stringify({
    type: 'send',
    id: g.id,
    text: g.text,
    ...(attachments.length > 0 && { attachments }),
    ...(g.form && { form: g.form }),
    ...(g.left && { left: true }),
  });
}

function seenFrame(step: Step, now: number): string {
  const { id, kind, name, page, fields } = step;
  const ago_ms = Math.max(0, now - step.at);
  return JSON.stringify({
    type: 'seen',
    id,
    kind,
    page,
    ago_ms,
    ...(name && { name }),
    ...(Object.keys(fields).length > 0 && { fields }),
  });
}
