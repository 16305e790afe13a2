// What the mock server makes of the frames it gets; anything else than the contract's frames is a fault.
import type { Push } from './centre';
import type { MockServer } from './server';

const agentFields: Record<string, string[]> = {
  status: ['status', 'reason'],
  answer: ['offer', 'accept'],
  send: ['contact', 'text'],
  end: ['contact'],
  wrap_up: ['contact', 'code'],
  transfer: ['contact', 'queue'],
  close: ['conversation'],
  read: ['contact', 'sequence'],
  ping: [],
};

const customerFields: Record<string, string[]> = {
  hello: ['token', 'last'],
  send: ['id', 'text'],
  ack: ['ids'],
  read: ['sequence'],
  end: ['id'],
  ping: [],
};

type Frame = Record<string, unknown> & { type: string };

function check(server: MockServer, raw: string, known: Record<string, string[]>, also: string[]): Frame | null {
  const frame = JSON.parse(raw) as Frame;
  const fields = Object.hasOwn(known, frame.type) ? known[frame.type] : undefined;
  if (!fields) {
    server.fault(`unknown frame ${raw}`);
    return null;
  }
  const wanted = ['type', ...also, ...fields].sort().join();
  const got = Object.keys(frame).sort().join();
  if (wanted !== got) server.fault(`frame ${frame.type} has the fields ${got}, the contract says ${wanted}`);
  return frame;
}

export function takeAgentFrame(server: MockServer, raw: string, push: Push, hangUp: () => void): void {
  const frame = check(server, raw, agentFields, ['request']);
  if (!frame) return;
  const request = String(frame.request);
  if (frame.type === 'ping') return push({ type: 'pong' });
  if (frame.type === 'send' && server.refuseSends) {
    return push({ type: 'error', request, code: server.refuseSends, text: 'The message is too long.' });
  }
  const again = server.centre.done.has(request);
  server.centre.done.add(request);
  const lose = server.loseNextAnswer;
  if (lose) {
    server.loseNextAnswer = false;
    hangUp();
  }
  if (!again) run(server, frame, request);
  if (!lose) push({ type: 'accepted', request });
}

function run(server: MockServer, frame: Frame, request: string): void {
  const { centre } = server;
  const contact = centre.contacts.get(String(frame.contact));
  switch (frame.type) {
    case 'status':
      return centre.setStatus(frame.status as 'available');
    case 'answer':
      return centre.answer(String(frame.offer), frame.accept === true);
    case 'close':
    case 'read':
      return;
  }
  if (!contact) return server.fault(`${frame.type} for the unknown contact ${frame.contact}`);
  if (frame.type === 'send') centre.agentSays(contact, String(frame.text), request);
  if (frame.type === 'end') centre.end(contact);
  if (frame.type === 'wrap_up') centre.wrapUp(contact);
  if (frame.type === 'transfer') centre.transfer(contact, String(frame.queue));
}

/** Returns who the customer is, once they said hello. */
export function takeCustomerFrame(
  server: MockServer,
  raw: string,
  customer: string,
  push: Push,
  hangUp: () => void,
  met: (customer: string) => void,
): string {
  const { centre } = server;
  const frame = check(server, raw, customerFields, []);
  if (!frame) return customer;
  if (frame.type === 'hello') {
    const who = String(frame.token);
    const open = centre.open(who);
    const state = open ? (open.state === 'queued' ? 'waiting' : 'assigned') : centre.messagesOf(who).length ? 'ended' : 'none';
    const after = centre.messagesOf(who).filter((m) => m.sequence > Number(frame.last));
    push({ type: 'history', state, messages: after });
    met(who);
    centre.connection(who, true);
    return who;
  }
  if (!customer) {
    server.fault(`frame ${frame.type} before hello`);
    return customer;
  }
  const contact = centre.open(customer);
  if (frame.type === 'ping') push({ type: 'pong' });
  if (frame.type === 'ack' && contact) for (const id of frame.ids as string[]) centre.mark(contact, id, 'delivered');
  if (frame.type === 'read' && contact) {
    for (const m of contact.messages) if (m.sequence <= Number(frame.sequence)) centre.mark(contact, m.id, 'read');
  }
  if (frame.type === 'send' || frame.type === 'end') {
    const id = String(frame.id);
    const again = centre.done.has(id);
    centre.done.add(id);
    if (!again && frame.type === 'send') centre.customerSays(customer, String(frame.text), id);
    if (!again && frame.type === 'end' && contact) centre.end(contact, 'customer');
    if (server.loseNextAnswer) {
      server.loseNextAnswer = false;
      hangUp();
    } else push({ type: 'accepted', id });
  }
  return customer;
}
