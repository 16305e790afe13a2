import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { DeskClient, typingFor } from '../src/desk/client';
import { seenWithin } from '../src/desk/outbox';
import type { Me } from '../src/shell/http';

/** The server's end of the socket, which says what the test says. */
class FakeSocket {
  static newest: FakeSocket;
  readyState = 0;
  sent: { type: string; request: string }[] = [];
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: string }) => void) | null = null;
  onclose: ((event: { code: number }) => void) | null = null;
  constructor() {
    FakeSocket.newest = this;
  }
  send(raw: string): void {
    const frame = JSON.parse(raw);
    if (frame.type === 'ping') this.says({ type: 'pong' });
    else this.sent.push(frame);
  }
  close(): void {
    this.readyState = 3;
  }
  says(frame: object): void {
    this.onmessage?.({ data: JSON.stringify(frame) });
  }
  /** Opens, and shows the contacts given. */
  opens(contacts: object[]): void {
    this.readyState = 1;
    this.onopen?.();
    this.says({ type: 'snapshot', cursor: '1', agent: { id: 'lin' }, offers: [], contacts, queues: [] });
  }
  breaks(): void {
    this.readyState = 3;
    this.onclose?.({ code: 1006 });
  }
}

const me = { tenant: 'acme', account: 'a', agent: 'lin', name: 'Lin', roles: [] } as unknown as Me;
const chat = (more: object = {}) => ({
  id: 'k',
  conversation: 'v',
  agent: 'lin',
  state: 'assigned',
  version: 1,
  messages: [],
  ...more,
});
let client: DeskClient;

beforeEach(() => {
  vi.useFakeTimers();
  const nothing = () => {};
  vi.stubGlobal('location', { protocol: 'http:', host: 'here' });
  vi.stubGlobal('document', { visibilityState: 'visible', addEventListener: nothing, removeEventListener: nothing });
  vi.stubGlobal('addEventListener', nothing);
  vi.stubGlobal('removeEventListener', nothing);
  vi.stubGlobal('WebSocket', FakeSocket);
  client = new DeskClient(me, async () => {});
  client.start();
  FakeSocket.newest.opens([chat()]);
});

afterEach(() => {
  client.stop();
  client.forget();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const says = (frame: object) => FakeSocket.newest.says(frame);
const refused = (request: string, reason: string) => says({ type: 'error', request, code: 'refused', reason, text: 'too late' });

describe('a wish that was accepted and comes too late', () => {
  test('a message fails in its conversation, and goes again under its id', () => {
    const m = client.ask({ type: 'send', contact: 'k', text: 'hello' });
    says({ type: 'accepted', request: m });
    expect(client.box.get()).toMatchObject([{ request: m, state: 'accepted' }]);
    refused(m, 'over');
    expect(client.box.get()).toMatchObject([{ request: m, state: 'failed', code: 'refused', reason: 'over' }]);
    expect(client.notice.get()).toBeNull();
    client.retry(m);
    expect(FakeSocket.newest.sent.map((f) => f.request)).toEqual([m, m]);
    client.discard(m);
    expect(client.box.get()).toEqual([]);
  });

  test('a message of a chat that is not here any more is told with its text', () => {
    const m = client.ask({ type: 'send', contact: 'k', text: 'hello' });
    says({ type: 'accepted', request: m });
    says({ type: 'contact', contact: chat({ state: 'ended', version: 2 }) });
    refused(m, 'not_open');
    expect(client.notice.get()).toMatchObject({ about: 'send', reason: 'not_open', unsent: 'hello' });
  });

  test('a transfer is told once it is refused, though it had left the box', () => {
    const t = client.ask({ type: 'transfer', contact: 'k', queue: 'q' });
    says({ type: 'accepted', request: t });
    expect(client.box.get()).toEqual([]);
    refused('of-another-tab', 'over');
    expect(client.notice.get()).toBeNull();
    refused(t, 'over');
    expect(client.notice.get()).toMatchObject({ about: 'transfer', code: 'refused', reason: 'over' });
  });

  test('a message that a reconnect does not show fails, one that it shows is done', () => {
    const lost = client.ask({ type: 'send', contact: 'k', text: 'lost' });
    const there = client.ask({ type: 'send', contact: 'k', text: 'there' });
    for (const request of [lost, there]) says({ type: 'accepted', request });
    FakeSocket.newest.breaks();
    vi.advanceTimersByTime(1_000);
    const message = {
      id: 'm',
      sequence: 1,
      author: 'agent',
      agent: 'lin',
      text: 'there',
      sent_ms: 1,
      state: 'sent',
      client_id: there,
    };
    FakeSocket.newest.opens([chat({ state: 'wrapping', version: 2, messages: [message] })]);
    expect(client.box.get()).toMatchObject([{ request: lost, state: 'accepted' }]);
    vi.advanceTimersByTime(seenWithin + 1_000);
    expect(client.box.get()).toMatchObject([{ request: lost, state: 'failed', code: 'unseen' }]);
  });
});

describe('what passes by', () => {
  test('a customer who writes is believed for five seconds, or until the message is there', () => {
    const typing = () => Object.keys(client.typing.get());
    says({ type: 'typing', contact: 'k', author: 'customer' });
    expect(typing()).toEqual(['k']);
    vi.advanceTimersByTime(typingFor + 600);
    expect(typing()).toEqual([]);
    says({ type: 'typing', contact: 'k', author: 'customer' });
    says({ type: 'message', contact: 'k', message: { id: 'm1', sequence: 1, author: 'customer', text: 'x' } });
    expect(typing()).toEqual([]);
  });

  test('that I write is said seldom, and never asked for again', () => {
    for (let i = 0; i < 5; i++) client.saysTyping('k');
    expect(FakeSocket.newest.sent.filter((f) => f.type === 'typing')).toHaveLength(1);
    vi.advanceTimersByTime(10_000);
    expect(FakeSocket.newest.sent.filter((f) => f.type === 'typing')).toHaveLength(1);
  });

  test('the floor is followed over a reconnect', () => {
    client.watchFloor(true);
    FakeSocket.newest.breaks();
    vi.advanceTimersByTime(1_000);
    FakeSocket.newest.opens([]);
    expect(FakeSocket.newest.sent).toMatchObject([{ type: 'watch_floor', on: true }]);
    says({ type: 'floor', whole: true, agents: [{ id: 'a' }] });
    expect(client.floor.get().ready).toBe(true);
    client.watchFloor(false);
    expect(client.floor.get().ready).toBe(false);
  });

  test('colleagues are followed while one is chosen: all at first, then those that changed', () => {
    const names = () => client.desk.get().colleagues.map((c) => `${c.id} ${c.status}`);
    const one = (id: string, status: string) => ({ id, name: id, status, activity: 'idle', team: '' });
    client.watchColleagues(true);
    FakeSocket.newest.breaks();
    vi.advanceTimersByTime(1_000);
    FakeSocket.newest.opens([]);
    expect(FakeSocket.newest.sent).toMatchObject([{ type: 'watch_colleagues', on: true }]);
    says({ type: 'colleagues', whole: true, agents: [one('b', 'away'), one('c', 'away')] });
    says({ type: 'colleagues', agents: [one('c', 'available')] });
    expect(names()).toEqual(['b away', 'c available']);
    says({ type: 'colleagues', whole: true, agents: [one('c', 'away')] });
    expect(names()).toEqual(['c away']);
    client.watchColleagues(false);
    expect(FakeSocket.newest.sent.at(-1)).toMatchObject({ type: 'watch_colleagues', on: false });
  });

  test('an answer and a note are drafts apart, and both are forgotten at logout', () => {
    client.saveDraft('k', 'for the customer');
    client.saveDraft('k', 'for colleagues', 'note');
    expect([client.draft('k'), client.draft('k', 'note')]).toEqual(['for the customer', 'for colleagues']);
    client.forget();
    expect([client.draft('k'), client.draft('k', 'note')]).toEqual(['', '']);
  });

  test('a log-out by a supervisor is told with the name', () => {
    const told = vi.fn(async () => {});
    const other = new DeskClient(me, told);
    other.start();
    FakeSocket.newest.opens([]);
    says({ type: 'logged_out', by: 'boss', by_name: 'Sam' });
    other.stop();
    expect(told).toHaveBeenCalledWith('Sam');
  });
});
