// What the mock server makes of the frames it gets; anything else than the contract's frames is a fault.
import { type Contact, readProfile } from '../src/wire/frames';
import type { Push } from './centre';
import type { MockServer } from './server';

/** The fields of a frame; one with a question mark may be missing, and is missing where it would say nothing. */
const agentFields: Record<string, string[]> = {
  status: ['status', 'reason', 'when_free?'],
  answer: ['offer', 'accept'],
  send: ['contact', 'text', 'attachments?', 'internal?'],
  typing: ['contact'],
  end: ['contact'],
  wrap_up: ['contact', 'code', 'note?'],
  transfer: ['contact', 'queue?', 'agent?', 'note?'],
  close: ['conversation'],
  read: ['contact', 'sequence'],
  profile: ['customer', 'tier', 'language', 'tags', 'name', 'fields', 'base_version'],
  watch_floor: ['on'],
  watch_colleagues: ['on'],
  set_status: ['agent', 'status', 'reason?', 'log_out?'],
  move: ['contact', 'queue'],
  priority: ['contact', 'priority'],
  ping: [],
};

const customerFields: Record<string, string[]> = {
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

type Frame = Record<string, unknown> & { type: string };

function check(server: MockServer, raw: string, known: Record<string, string[]>, also: string[]): Frame | null {
  const frame = JSON.parse(raw) as Frame;
  const fields = Object.hasOwn(known, frame.type) ? known[frame.type] : undefined;
  if (!fields) {
    server.fault(`unknown frame ${raw}`);
    return null;
  }
  const needed = ['type', ...also, ...fields.filter((f) => !f.endsWith('?'))];
  const allowed = new Set([...needed, ...fields.map((f) => f.replace('?', ''))]);
  const got = Object.keys(frame);
  if (needed.some((f) => !got.includes(f)) || got.some((f) => !allowed.has(f)))
    server.fault(`frame ${frame.type} has the fields ${got.sort()}, the contract says ${fields}`);
  for (const field of fields) {
    const value = frame[field.replace('?', '')];
    if (field.endsWith('?') && (value === '' || value === false)) server.fault(`frame ${frame.type} has an empty ${field}`);
  }
  return frame;
}

export function takeAgentFrame(server: MockServer, raw: string, push: Push, hangUp: () => void): void {
  const frame = check(server, raw, agentFields, ['request']);
  if (!frame) return;
  const request = String(frame.request);
  if (frame.type === 'ping') return push({ type: 'pong' });
  if (frame.type === 'typing') {
    server.typed += 1;
    return;
  }
  if (frame.type === 'watch_floor') return server.floor.watch(frame.on === true, push);
  if (frame.type === 'watch_colleagues') {
    return frame.on ? push({ type: 'colleagues', whole: true, agents: server.centre.colleagues }) : undefined;
  }
  if (
    frame.type === 'profile' &&
    server.centre.profiles.get(String(frame.customer))?.version !== (frame.base_version || undefined)
  ) {
    return push({ type: 'error', request, code: 'refused', reason: 'changed', text: 'somebody else changed it first' });
  }
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
      if (frame.when_free) return centre.setNext(frame.status as 'break', String(frame.reason));
      return centre.setStatus(frame.status as 'available', String(frame.reason));
    case 'answer':
      return centre.answer(String(frame.offer), frame.accept === true);
    case 'profile':
      return centre.setProfile({ ...readProfile(frame), source: 'agent', by: centre.agent.name });
    case 'set_status':
      return server.floor.setStatus(String(frame.agent), frame.status as 'offline', frame.log_out === true);
    case 'move':
      return server.floor.move(String(frame.contact), String(frame.queue));
    case 'priority':
      return server.floor.prioritise(String(frame.contact), Number(frame.priority));
    case 'close':
    case 'read':
      return;
  }
  if (!contact) return server.fault(`${frame.type} for the unknown contact ${frame.contact}`);
  if (frame.type === 'send') say(server, frame, contact, request);
  if (frame.type === 'end') centre.end(contact);
  if (frame.type === 'wrap_up') centre.wrapUp(contact, String(frame.note ?? ''));
  if (frame.type === 'transfer') {
    if (!frame.queue === !frame.agent) server.fault('a transfer goes to a queue or to an agent');
    centre.transfer(contact, String(frame.queue ?? contact.queue), String(frame.note ?? ''));
  }
}

function say(server: MockServer, frame: Frame, contact: Contact, request: string): void {
  const named = (frame.attachments ?? []) as { file: string; name: string }[];
  const attachments = named.map(({ file, name }) => {
    const kept = server.centre.files.get(file);
    if (!kept || !name) server.fault(`a message names the unknown file ${file}`);
    return { file, name, media_type: kept?.type ?? '', size: kept?.bytes.length ?? 0 };
  });
  server.centre.agentSays(contact, String(frame.text), request, Date.now(), { attachments, internal: frame.internal === true });
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
  if (frame.type === 'seen' || frame.type === 'survey') push({ type: 'accepted', id: frame.id });
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
