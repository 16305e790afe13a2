// The mock's answers over HTTP beyond login: history of a customer, masks, practice, setup.
import type { MockServer } from './server';

type Json = (status: number, body: object) => void;

const hour = 3_600_000;

/** Three contacts of before, a page each: a chat, a letter and a call. */
export function customerHistory(customer: string, before: string): object {
  const page = before === '' ? 0 : Number(before);
  const contact = (n: number, more: object) => ({
    id: `old-${customer}-${n}`,
    conversation: `past-${n}`,
    entry_point: 'shop',
    queue: 'orders',
    queue_name: 'Orders',
    agent: 'agent-mei',
    agent_name: 'Mei Chen',
    started_ms: Date.now() - n * 30 * hour,
    ended_ms: Date.now() - n * 30 * hour + 9 * 60_000,
    end_reason: 'customer',
    wrap_up_code: 'resolved',
    wrap_up_name: 'Resolved · 已解决',
    intent: '',
    survey: 0,
    ...more,
  });
  const said = (n: number, i: number, channel: string, author: string, text: string) => ({
    id: `old-${customer}-${n}-${i}`,
    contact: `old-${customer}-${n}`,
    conversation: `past-${n}`,
    channel,
    sequence: i,
    author,
    agent: author === 'agent' ? 'agent-mei' : '',
    agent_name: author === 'agent' ? 'Mei Chen' : '',
    text,
    sent_ms: Date.now() - n * 30 * hour + i * 60_000,
    state: author === 'agent' ? 'read' : '',
    client_id: '',
  });
  const pages = [
    {
      messages: [
        said(1, 1, 'email', 'customer', 'Dear all, has my parcel left yet? Best wishes'),
        said(1, 2, 'email', 'agent', 'It left this morning and arrives on Thursday.'),
      ],
      contacts: [contact(1, { channel: 'email' })],
    },
    {
      messages: [
        said(3, 1, 'wechat', 'customer', '请问这款茶壶还有货吗？'),
        said(3, 2, 'wechat', 'agent', '有的，今天下单明天就能发货。'),
        said(3, 3, 'wechat', 'customer', '好的，谢谢！'),
      ],
      contacts: [contact(3, { channel: 'wechat', survey: 5 })],
    },
    {
      messages: [said(9, 1, 'webchat', 'customer', 'Do you ship to Norway?'), said(9, 2, 'webchat', 'agent', 'We do.')],
      contacts: [contact(9, { channel: 'webchat', end_reason: 'agent' })],
    },
  ];
  return { ...(pages[page] ?? { messages: [], contacts: [] }), next: page + 1 < pages.length ? String(page + 1) : '' };
}

/** Answers what is neither login nor history; says whether it did. */
export function takePost(server: MockServer, method: string, url: URL, body: Record<string, unknown>, json: Json): boolean {
  const [, , kind, key = '', what] = url.pathname.split('/');
  if (method === 'POST' && kind === 'messages' && what === 'show') {
    const beneath = server.centre.unmasked.get(key);
    if (typeof body.contact !== 'string') server.fault('show without the contact');
    if (!beneath) json(403, { code: 'denied', text: 'denied' });
    else {
      server.centre.looked.push(key);
      json(200, { text: beneath, show_ms: 30_000 });
    }
    return true;
  }
  if (method === 'POST' && kind === 'practice') {
    if (typeof body.on !== 'boolean') server.fault('practice says neither on nor off');
    server.centre.setPractice(body.on === true);
    json(200, { on: body.on === true });
    return true;
  }
  return false;
}
