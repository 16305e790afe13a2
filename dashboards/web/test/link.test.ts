import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { deadAfter, Link, type LinkState, retryDelay } from '../src/wire/link';

/** A socket that does what the test says. */
class FakeSocket {
  static all: FakeSocket[] = [];
  readyState = 0;
  sent: string[] = [];
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: string }) => void) | null = null;
  onclose: ((event: { code: number }) => void) | null = null;
  constructor() {
    FakeSocket.all.push(this);
  }
  send(raw: string): void {
    this.sent.push(raw);
  }
  close(): void {
    this.readyState = 3;
  }
  opens(): void {
    this.readyState = 1;
    this.onopen?.();
  }
  says(data: string): void {
    this.onmessage?.({ data });
  }
  breaks(code = 1006): void {
    this.readyState = 3;
    this.onclose?.({ code });
  }
}

let states: LinkState[];
let frames: string[];
let visible: boolean;
let link: Link;
const newest = () => FakeSocket.all.at(-1) as FakeSocket;

beforeEach(() => {
  vi.useFakeTimers();
  FakeSocket.all = [];
  states = [];
  frames = [];
  visible = true;
  link = new Link(
    () => 'ws://here',
    () => 'ping',
    { opened: () => {}, frame: (raw) => frames.push(raw), state: (s) => states.push(s), closed: () => {} },
    {
      now: () => performance.now(),
      after: (ms, run) => {
        const timer = setTimeout(run, ms);
        return () => clearTimeout(timer);
      },
      random: () => 1,
      visible: () => visible,
      socket: () => new FakeSocket() as unknown as WebSocket,
    },
  );
  link.start();
});

afterEach(() => {
  link.stop();
  vi.useRealTimers();
});

describe('a link', () => {
  test('comes back within 100 ms the first time, then waits longer, never more than ten seconds', () => {
    expect(retryDelay(0, 1)).toBeLessThanOrEqual(100);
    for (let tries = 1; tries < 40; tries++) expect(retryDelay(tries, 1)).toBeLessThanOrEqual(10_000);
    newest().opens();
    link.settled();
    newest().breaks();
    vi.advanceTimersByTime(100);
    expect(FakeSocket.all).toHaveLength(2);
  });

  test('a server that takes sockets but never truly answers is not hammered', () => {
    for (let i = 0; i < 6; i++) {
      newest().opens();
      newest().breaks();
      vi.advanceTimersByTime(100);
    }
    expect(FakeSocket.all.length).toBeLessThan(4);
  });

  test('a silent connection is given up two seconds after the question, a speaking one never', () => {
    newest().opens();
    link.settled();
    for (let i = 0; i < 50; i++) {
      vi.advanceTimersByTime(200);
      newest().says('{"type":"pong"}');
    }
    expect(FakeSocket.all).toHaveLength(1);
    vi.advanceTimersByTime(1_000 + deadAfter + 500);
    expect(FakeSocket.all).toHaveLength(2);
  });

  test('asks every second while visible and seldom while hidden', () => {
    newest().opens();
    link.settled();
    const answer = (seconds: number) => {
      for (let i = 0; i < seconds * 10; i++) {
        vi.advanceTimersByTime(100);
        newest().says('x');
      }
    };
    answer(10);
    expect(newest().sent.length).toBeGreaterThanOrEqual(8);
    expect(newest().sent.length).toBeLessThanOrEqual(11);
    visible = false;
    const before = newest().sent.length;
    answer(30);
    expect(newest().sent.length - before).toBeLessThanOrEqual(2);
  });

  test('a socket that answers pings but brings no snapshot is given up', () => {
    newest().opens();
    for (let i = 0; i < 110; i++) {
      vi.advanceTimersByTime(100);
      FakeSocket.all[0]?.says('{"type":"pong"}');
    }
    expect(FakeSocket.all.length).toBeGreaterThan(1);
  });

  test('frames of a socket that was given up are not heard', () => {
    const old = newest();
    old.opens();
    old.breaks();
    vi.advanceTimersByTime(200);
    newest().opens();
    old.says('late');
    newest().says('new');
    expect(frames).toEqual(['new']);
  });

  test('a poke while waiting tries at once', () => {
    newest().breaks();
    vi.advanceTimersByTime(100);
    newest().breaks();
    const tried = FakeSocket.all.length;
    link.poke();
    expect(FakeSocket.all).toHaveLength(tried + 1);
  });

  test('stop is the end', () => {
    newest().opens();
    link.stop();
    vi.advanceTimersByTime(60_000);
    expect(FakeSocket.all).toHaveLength(1);
    expect(states.at(-1)).toBe('idle');
  });
});
