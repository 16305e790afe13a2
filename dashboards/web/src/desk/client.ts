// The desk's client: joins the socket, the state and the outbox, and keeps what must survive a reload. It promises that a wish
// goes out until it is accepted or refused, that a message is shown once, and that nothing typed is lost to a reconnect.
import { emptyFloor, type Floor, takeFloor } from '../floor/state';
import { type Me, profileOf } from '../shell/http';
import { type Command, readFrame, type ServerFrame } from '../wire/frames';
import { newId } from '../wire/ids';
import { forget, forgetAll, keep, kept } from '../wire/kept';
import { Link, type LinkState, pokeOnReturn } from '../wire/link';
import { list, number, object, parse, text } from '../wire/read';
import { createStore } from '../wire/store';
import { learn } from '../words/learnt';
import * as outbox from './outbox';
import { type DeskState, emptyDesk, reduce, takeProfile } from './state';

/** What went wrong with a wish that has no place of its own on the screen. */
export interface Notice {
  id: string;
  about: Command['type'];
  code: string;
  reason: string;
  text: string;
  /** What was written and has no conversation on the screen to fail in. */
  unsent: string;
}

const oldest = 24 * 3600 * 1000;
/** How often we say that we write, and how long we believe that somebody does. */
const typingEvery = 3_000;
export const typingFor = 5_000;

export type DraftKind = 'reply' | 'note';

type Watched = 'watch_floor' | 'watch_colleagues';

export class DeskClient {
  readonly desk = createStore<DeskState>(emptyDesk);
  readonly box = createStore<outbox.Outbox>([]);
  readonly link = createStore<LinkState>('idle');
  /** Contact → the sequence read up to. */
  readonly reads = createStore<Readonly<Record<string, number>>>({});
  readonly notice = createStore<Notice | null>(null);
  /** Contact → until when (performance.now) the customer is believed to write. */
  readonly typing = createStore<Readonly<Record<string, number>>>({});
  readonly floor = createStore<Floor>(emptyFloor);
  /** Counts the drafts that changed in another tab. */
  readonly drafts = createStore(0);
  private readonly socket: Link;
  private readonly names: { prefix: string; outbox: string; reads: string };
  private readonly typedAt = new Map<string, number>();
  private readonly watching = new Set<Watched>();
  private live = false;
  /** Every request that this tab ever held, and what kind of wish it was. */
  private readonly known = new Map<string, Command['type']>();
  private stops: (() => void)[] = [];

  constructor(
    me: Me,
    private readonly loggedOut: (by?: string) => Promise<void>,
  ) {
    const prefix = `tributary.${me.tenant}.${me.account || me.agent}.`;
    this.names = { prefix, outbox: `${prefix}outbox`, reads: `${prefix}reads` };
    this.box.set(this.savedOutbox());
    for (const w of this.box.get()) this.known.set(w.request, w.command.type);
    this.reads.set(this.savedReads());
    const scheme = location.protocol === 'https:' ? 'wss' : 'ws';
    this.socket = new Link(
      () => `${scheme}://${location.host}/api/ws`,
      () => JSON.stringify({ type: 'ping', request: newId() }),
      {
        opened: () => {
          this.live = false;
        },
        frame: (raw) => this.take(readFrame(raw)),
        state: (state) => this.link.set(state),
        closed: (code, tries) => this.lost(code, tries),
      },
    );
  }

  start(): void {
    this.socket.start();
    const timer = setInterval(() => this.flush(), 500);
    const storage = (event: StorageEvent) => {
      if (event.key === this.names.reads) this.reads.set(this.savedReads());
      if (event.key?.startsWith(`${this.names.prefix}draft.`)) this.drafts.set((n) => n + 1);
    };
    addEventListener('storage', storage);
    this.stops = [pokeOnReturn(this.socket), () => clearInterval(timer), () => removeEventListener('storage', storage)];
  }

  stop(): void {
    for (const stop of this.stops) stop();
    this.stops = [];
    this.socket.stop();
  }

  /** Forgets everything of this account in this browser; for logout. */
  forget(): void {
    forgetAll(this.names.prefix);
  }

  /** Wishes something; returns its request id. */
  ask(command: Command): string {
    const request = newId();
    this.saveBox(outbox.add(this.box.get(), outbox.wish(request, command, Date.now())));
    this.flush();
    return request;
  }

  retry(request: string): void {
    this.saveBox(outbox.retry(this.box.get(), request));
    this.flush();
  }

  discard(request: string): void {
    this.saveBox(outbox.drop(this.box.get(), request));
  }

  /** Whether a wish of this kind about this thing is on its way. */
  asking(type: Command['type'], of: string): boolean {
    return this.box.get().some((w) => w.command.type === type && w.state === 'pending' && about(w.command) === of);
  }

  markRead(contact: string, sequence: number): void {
    if (sequence <= (this.reads.get()[contact] ?? 0)) return;
    this.reads.set((now) => ({ ...now, [contact]: sequence }));
    keep(this.names.reads, JSON.stringify(this.reads.get()));
    // A newer mark says all that an older one said.
    const box = this.box.get().filter((w) => !(w.command.type === 'read' && w.command.contact === contact));
    if (box.length !== this.box.get().length) this.saveBox(box);
    this.ask({ type: 'read', contact, sequence });
  }

  /** A draft is of a contact; `note` is kept apart, so that what was meant for colleagues is never sent to a customer. */
  draft(contact: string, kind: DraftKind = 'reply'): string {
    return kept(this.draftName(contact, kind));
  }

  saveDraft(contact: string, words: string, kind: DraftKind = 'reply'): void {
    if (words) keep(this.draftName(contact, kind), words);
    else forget(this.draftName(contact, kind));
  }

  /** Says that I write; told seldom, and forgotten by itself. */
  saysTyping(contact: string): void {
    const now = performance.now();
    if (!this.live || now - (this.typedAt.get(contact) ?? Number.NEGATIVE_INFINITY) < typingEvery) return;
    this.typedAt.set(contact, now);
    this.socket.send(JSON.stringify({ type: 'typing', contact, request: newId() }));
  }

  /** Follows the floor until told otherwise, over reconnects too. */
  watchFloor(on: boolean): void {
    if (!on) this.floor.set(emptyFloor);
    this.watch('watch_floor', on);
  }

  /** Follows what the other agents do while one of them is chosen, over reconnects too. */
  watchColleagues(on: boolean): void {
    this.watch('watch_colleagues', on);
  }

  private watch(type: Watched, on: boolean): void {
    if (this.watching.has(type) === on) return;
    if (on) this.watching.add(type);
    else this.watching.delete(type);
    this.sayWatching(type);
  }

  /** Fetches a customer's profile unless a frame brought it. */
  async loadProfile(customer: string): Promise<void> {
    const profile = await profileOf(customer);
    this.desk.set((state) => takeProfile(state, profile));
  }

  private sayWatching(type: Watched): void {
    if (this.live) this.socket.send(JSON.stringify({ type, on: this.watching.has(type), request: newId() }));
  }

  private draftName(contact: string, kind: DraftKind): string {
    return `${this.names.prefix}draft.${kind}.${contact}`;
  }

  private take(frame: ServerFrame | null): void {
    if (!frame) return;
    const waiting = this.box.get();
    if (frame.type === 'typing') this.takeTyping(frame.contact, frame.author);
    else if (frame.type === 'floor') this.floor.set((had) => takeFloor(had, frame));
    else if (frame.type === 'logged_out') void this.loggedOut(frame.by || '?');
    else if (frame.type === 'accepted') this.saveBox(outbox.accepted(this.box.get(), frame.request, performance.now()));
    else if (frame.type === 'error') this.refused(frame);
    else if (frame.type !== 'pong') {
      if (frame.type === 'snapshot' || frame.type === 'settings')
        for (const intent of frame.intents) learn('intent', intent.id, intent);
      this.desk.set((state) => reduce(state, frame));
      this.settle(frame);
    }
    if (frame.type === 'snapshot') this.begin();
    // Who has sent does not write any more.
    if (frame.type === 'message' && frame.message.author === 'customer') this.stopTyping(frame.contact);
    if (this.box.get() !== waiting) this.flush(); // what waited for this
  }

  private takeTyping(contact: string, author: string): void {
    if (author === 'customer') this.typing.set((now) => ({ ...now, [contact]: performance.now() + typingFor }));
  }

  private stopTyping(contact: string): void {
    if (!(contact in this.typing.get())) return;
    this.typing.set(({ [contact]: _, ...rest }) => rest);
  }

  private pruneTyping(): void {
    const now = performance.now();
    for (const [contact, until] of Object.entries(this.typing.get())) if (until <= now) this.stopTyping(contact);
  }

  private begin(): void {
    this.live = true;
    this.socket.settled();
    this.box.set(outbox.reconnected(this.box.get(), performance.now()));
    this.pruneReads();
    for (const type of this.watching) this.sayWatching(type);
    this.flush();
  }

  private flush(): void {
    this.pruneTyping();
    if (!this.live || this.link.get() !== 'open') return;
    const now = performance.now();
    const before = this.box.get();
    this.saveBox(outbox.overdue(before, now));
    this.homeless(before);
    for (const w of outbox.due(this.box.get(), now)) {
      if (!this.socket.send(JSON.stringify({ ...w.command, request: w.request }))) return;
      this.box.set(outbox.wentOut(this.box.get(), w.request, now));
    }
  }

  private refused(frame: Extract<ServerFrame, { type: 'error' }>): void {
    const before = this.box.get();
    const one = before.find((w) => w.request === frame.request);
    if (!one) {
      // All but messages leave the box when they are accepted; what came too late all the same must be told.
      const kind = this.known.get(frame.request);
      if (frame.code === 'refused' && kind && kind !== 'send') this.tell(kind, frame);
      return;
    }
    const box = outbox.refused(before, frame.request, frame.code, frame.text, performance.now(), frame.reason);
    const failed = box.find((w) => w.request === frame.request)?.state === 'failed';
    if (!failed || one.command.type === 'send') {
      this.saveBox(box);
      this.homeless(before);
      return;
    }
    this.saveBox(outbox.drop(box, frame.request));
    this.tell(one.command.type, frame);
  }

  private tell(about: Command['type'], why: { request: string; code: string; reason: string; text: string }, unsent = ''): void {
    if (about === 'read') return;
    this.notice.set({ id: why.request, about, code: why.code, reason: why.reason, text: why.text, unsent });
  }

  // A message that has just failed shows so in its conversation; where that is not on the screen any more, a notice must.
  private homeless(before: outbox.Outbox): void {
    const contacts = this.desk.get().contacts;
    for (const w of this.box.get()) {
      if (w.state !== 'failed' || w.command.type !== 'send') continue;
      const state = contacts[w.command.contact]?.state;
      const fresh = before.some((was) => was.request === w.request && was.state !== 'failed');
      if (fresh && state !== 'assigned' && state !== 'wrapping') this.tell('send', w, w.command.text);
    }
  }

  // A message that came back ends its wish, whether or not "accepted" was heard.
  private settle(frame: ServerFrame): void {
    if (frame.type !== 'snapshot' && frame.type !== 'message' && frame.type !== 'contact') return;
    const came = new Set<string>();
    const note = (messages: readonly { client_id: string }[]) => {
      for (const m of messages) if (m.client_id) came.add(m.client_id);
    };
    if (frame.type === 'message') note([frame.message]);
    else if (frame.type === 'contact') note(frame.contact.messages);
    else for (const contact of frame.contacts) note(contact.messages);
    this.saveBox(outbox.arrived(this.box.get(), came));
  }

  private lost(code: number, tries: number): void {
    this.live = false;
    // Browsers do not show why a socket was refused: ask the other door whether we are still logged in.
    if (code === 4001 || code === 1008 || tries % 3 === 2) void this.loggedOut();
  }

  private saveBox(box: outbox.Outbox): void {
    if (box === this.box.get()) return;
    this.box.set(box);
    for (const w of box) this.known.set(w.request, w.command.type);
    // Another tab keeps its wishes in the same place: leave those alone.
    const others = this.savedOutbox().filter((w) => !this.known.has(w.request));
    keep(this.names.outbox, JSON.stringify(outbox.lasting([...others, ...box])));
  }

  private savedOutbox(): outbox.Outbox {
    const saved = parse(`{"box":${kept(this.names.outbox) || '[]'}}`);
    return list(saved?.box, (item) => {
      const v = object(item);
      const state: outbox.Wish['state'] = v.state === 'accepted' || v.state === 'failed' ? v.state : 'pending';
      const one = outbox.wish(text(v.request), object(v.command) as unknown as Command, number(v.at_ms));
      return { ...one, state, code: text(v.code), reason: text(v.reason), text: text(v.text) };
    }).filter((w) => w.request && w.command.type && Date.now() - w.at_ms < oldest);
  }

  private savedReads(): Record<string, number> {
    const saved = parse(kept(this.names.reads) || '{}') ?? {};
    return Object.fromEntries(Object.entries(saved).map(([id, n]) => [id, number(n)]));
  }

  private pruneReads(): void {
    const contacts = this.desk.get().contacts;
    const open = Object.entries(this.reads.get()).filter(([id]) => id in contacts);
    this.reads.set(Object.fromEntries(open));
    keep(this.names.reads, JSON.stringify(this.reads.get()));
  }
}

function about(command: Command): string {
  switch (command.type) {
    case 'status':
      return '';
    case 'answer':
      return command.offer;
    case 'close':
      return command.conversation;
    case 'profile':
      return command.customer;
    case 'set_status':
      return command.agent;
    case 'watch_floor':
    case 'watch_colleagues':
      return '';
    default:
      return command.contact;
  }
}
