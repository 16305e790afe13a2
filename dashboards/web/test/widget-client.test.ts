import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { ChatClient } from '../src/widget/client';

interface Sent {
  type: string;
  id: string;
  text?: string;
}

/** The door's end of the socket: takes `burst` messages, and one more each second after. */
class FakeSocket {
  static newest: FakeSocket;
  readyState = 0;
  sent: Sent[] = [];
  taken: string[] = [];
  burst = Number.POSITIVE_INFINITY;
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: string }) => void) | null = null;
  onclose: ((event: { code: number }) => void) | null = null;
  constructor() {
    FakeSocket.newest = this;
  }
  send(raw: string): void {
    const frame = JSON.parse(raw) as Sent;
    if (frame.type === 'ping') return this.says({ type: 'pong' });
    this.sent.push(frame);
    setTimeout(() => this.answer(frame), 20);
  }
  private answer(frame: Sent): void {
    if (frame.type === 'hello') this.says({ type: 'history', state: 'assigned', messages: [], read: 0, open: true });
    if (frame.type === 'end') {
      this.says({ type: 'accepted', id: frame.id });
      this.says({ type: 'state', state: 'ended' });
    }
    if (frame.type !== 'send') return;
    if (this.burst < 1) return this.says({ type: 'error', id: frame.id, code: 'rate', text: 'wait' });
    this.burst -= 1;
    this.taken.push(frame.text ?? '');
    this.says({ type: 'accepted', id: frame.id });
  }
  close(): void {
    this.readyState = 3;
  }
  says(frame: object): void {
    this.onmessage?.({ data: JSON.stringify(frame) });
  }
}

let client: ChatClient;

beforeEach(async () => {
  vi.useFakeTimers();
  const nothing = () => {};
  vi.stubGlobal('document', { visibilityState: 'visible', addEventListener: nothing, removeEventListener: nothing });
  vi.stubGlobal('addEventListener', nothing);
  vi.stubGlobal('removeEventListener', nothing);
  vi.stubGlobal('sessionStorage', { getItem: () => null, setItem: nothing });
  vi.stubGlobal('WebSocket', FakeSocket);
  vi.stubGlobal('fetch', async () => new Response(JSON.stringify({ token: 't', form: [], open: true })));
  client = new ChatClient('http://here/webchat/', `shop${Math.random()}`);
  client.start();
  await vi.advanceTimersByTimeAsync(1);
  FakeSocket.newest.readyState = 1;
  FakeSocket.newest.onopen?.();
  await vi.advanceTimersByTimeAsync(50);
});

afterEach(() => {
  vi.clearAllTimers();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const say = (n: number) => Array.from({ length: n }, (_, i) => client.send(`${i}`));
const states = () => client.chat.get().going.map((g) => g.state);

test('what is refused for a while goes first, and nothing overtakes it', async () => {
  const door = FakeSocket.newest;
  door.burst = 20;
  say(25);
  await vi.advanceTimersByTimeAsync(700);
  client.send('25'); // written while the one before it waits
  const refill = setInterval(() => {
    door.burst += 1;
  }, 1_000);
  await vi.advanceTimersByTimeAsync(15_000);
  clearInterval(refill);
  expect(door.taken).toEqual(Array.from({ length: 26 }, (_, i) => `${i}`));
});

test('a chat that the customer ends stays ended: what was not taken is not sent', async () => {
  const door = FakeSocket.newest;
  door.burst = 3;
  say(6);
  await vi.advanceTimersByTimeAsync(200);
  client.end();
  expect(states()).toEqual(['accepted', 'accepted', 'accepted', 'failed', 'failed', 'failed']);
  door.burst = 10;
  await vi.advanceTimersByTimeAsync(30_000);
  expect(client.chat.get().state).toBe('ended');
  expect(door.taken).toEqual(['0', '1', '2']);
  expect(states().filter((s) => s === 'pending')).toEqual([]);
  client.again(client.chat.get().going[3]?.id ?? '');
  await vi.advanceTimersByTimeAsync(100);
  expect(door.taken).toEqual(['0', '1', '2', '3']);
});

test('what is written after the end waits for the end, and what was on its way and taken counts', async () => {
  const door = FakeSocket.newest;
  client.send('on its way');
  client.end();
  client.send('of the next chat');
  expect(states()).toEqual(['failed', 'pending']);
  await vi.advanceTimersByTimeAsync(200);
  expect(door.sent.slice(1).map((f) => f.text ?? f.type)).toEqual(['on its way', 'end', 'of the next chat']);
  expect(states()).toEqual(['accepted', 'accepted']);
});
