// A link is one WebSocket that stays: it notices a dead connection within seconds, comes back by itself, and says what state
// it is in. It promises nothing about what was sent: whoever sends keeps its wish until the other side has accepted it.

export type LinkState = 'idle' | 'connecting' | 'open' | 'waiting';

/** What a link needs of the world, so that tests can bring their own. */
export interface LinkWorld {
  now(): number;
  after(ms: number, run: () => void): () => void;
  random(): number;
  visible(): boolean;
  socket(url: string): WebSocket;
}

export interface LinkEvents {
  /** The socket is open; the first frames may be sent. */
  opened(): void;
  frame(raw: string): void;
  state(state: LinkState): void;
  /** The socket is gone; a next try follows unless the link was stopped. */
  closed(code: number, tries: number): void;
}

/** How often a visible page asks for a sign of life, and how long it waits for one. */
export const pingEvery = 1_000;
export const deadAfter = 2_000;
/** A hidden page's timers are held back by browsers: it asks seldom. */
const pingHidden = 15_000;
const deadHidden = 40_000;
const openWithin = 5_000;
/** How long an open socket may leave us without a true answer (a snapshot, a history). */
const settleWithin = 10_000;
const longestWait = 10_000;

/** The wait before a try: the first is at once (at most 100 ms), then doubling with full jitter. */
export function retryDelay(tries: number, random: number): number {
  if (tries === 0) return Math.floor(20 + random * 80);
  return Math.floor(100 + random * Math.min(longestWait - 100, 250 * 2 ** Math.min(tries, 10)));
}

export class Link {
  private socket: WebSocket | null = null;
  private tries = 0;
  private running = false;
  private heard = false;
  private askedAt = 0;
  private cancelRetry: (() => void) | null = null;
  private cancelBeat: (() => void) | null = null;
  private cancelSettle: (() => void) | null = null;
  private current: LinkState = 'idle';

  constructor(
    private readonly url: () => string,
    private readonly ping: () => string,
    private readonly events: LinkEvents,
    private readonly world: LinkWorld = browserWorld(),
  ) {}

  get state(): LinkState {
    return this.current;
  }

  start(): void {
    if (this.running) return;
    this.running = true;
    this.connect();
  }

  stop(): void {
    this.running = false;
    this.cancelRetry?.();
    this.cancelRetry = null;
    this.drop();
    this.become('idle');
  }

  /** Sends if the socket is open, and says whether it was. */
  send(raw: string): boolean {
    if (this.socket?.readyState !== 1) return false;
    this.socket.send(raw);
    return true;
  }

  /** Says that the other side truly answered (not merely took the socket): the next loss is retried at once again. */
  settled(): void {
    this.cancelSettle?.();
    this.cancelSettle = null;
    this.tries = 0;
  }

  /** Something changed (network back, page visible): try now, or ask for a sign of life now. */
  poke(): void {
    if (!this.running) return;
    if (this.current === 'waiting') {
      this.tries = 0;
      this.cancelRetry?.();
      this.connect();
    } else if (this.current === 'open') {
      if (this.heard) this.askedAt = 0;
      this.beat();
    }
  }

  private connect(): void {
    this.cancelRetry = null;
    this.become('connecting');
    let socket: WebSocket;
    try {
      socket = this.world.socket(this.url());
    } catch {
      this.retry(0);
      return;
    }
    this.socket = socket;
    const giveUp = this.world.after(openWithin, () => this.lose(socket, 0));
    socket.onopen = () => {
      giveUp();
      if (this.socket !== socket) return;
      this.heard = false;
      this.askedAt = 0;
      this.cancelSettle = this.world.after(settleWithin, () => this.lose(socket, 0));
      this.become('open');
      this.events.opened();
      this.beat();
    };
    socket.onmessage = (event: MessageEvent) => {
      if (this.socket !== socket) return;
      this.heard = true;
      if (typeof event.data === 'string') this.events.frame(event.data);
    };
    socket.onclose = (event: CloseEvent) => {
      giveUp();
      this.lose(socket, event.code);
    };
  }

  // A question that nobody answered in time is the proof of death; counting from the question and not from the last frame
  // keeps a page alive whose own timers slept.
  private beat(): void {
    this.cancelBeat?.();
    const socket = this.socket;
    if (!socket || this.current !== 'open') return;
    const now = this.world.now();
    const visible = this.world.visible();
    const patience = visible ? deadAfter : deadHidden;
    const unanswered = this.askedAt > 0 && !this.heard;
    if (unanswered && now - this.askedAt >= patience) {
      this.lose(socket, 0);
      return;
    }
    if (!unanswered && (this.askedAt === 0 || now - this.askedAt >= (visible ? pingEvery : pingHidden))) {
      this.askedAt = now;
      this.heard = false;
      this.send(this.ping());
    }
    this.cancelBeat = this.world.after(visible ? 250 : pingEvery, () => this.beat());
  }

  private lose(socket: WebSocket, code: number): void {
    if (this.socket !== socket) return;
    this.drop();
    if (this.running) this.retry(code);
  }

  private drop(): void {
    const socket = this.socket;
    this.socket = null;
    this.cancelBeat?.();
    this.cancelBeat = null;
    this.cancelSettle?.();
    this.cancelSettle = null;
    if (socket && socket.readyState <= 1) socket.close();
  }

  private retry(code: number): void {
    const wait = retryDelay(this.tries, this.world.random());
    this.tries += 1;
    this.become('waiting');
    this.cancelRetry = this.world.after(wait, () => this.connect());
    this.events.closed(code, this.tries);
  }

  private become(state: LinkState): void {
    if (this.current === state) return;
    this.current = state;
    this.events.state(state);
  }
}

export function browserWorld(): LinkWorld {
  return {
    now: () => performance.now(),
    after: (ms, run) => {
      const timer = setTimeout(run, ms);
      return () => clearTimeout(timer);
    },
    random: Math.random,
    visible: () => document.visibilityState === 'visible',
    socket: (url) => new WebSocket(url),
  };
}

/** Pokes the link when the network or the page comes back. Returns how to stop that. */
export function pokeOnReturn(link: Link): () => void {
  const poke = () => link.poke();
  const seen = () => {
    if (document.visibilityState === 'visible') link.poke();
  };
  addEventListener('online', poke);
  document.addEventListener('visibilitychange', seen);
  return () => {
    removeEventListener('online', poke);
    document.removeEventListener('visibilitychange', seen);
  };
}
