// The HTTP door of the workspace. Answers are read tolerantly; failures are one type with the server's code.
import { list, number, object, parse, text } from '../wire/read';
import { type Attachment, type Profile, readProfile } from '../wire/views';

export interface Me {
  tenant: string;
  account: string;
  agent: string;
  name: string;
  roles: string[];
  /** There are simulated customers to practise with. */
  practice: boolean;
  /** The setup may be looked at; undefined where the server does not say so. */
  setup?: boolean | undefined;
}

export class Refused extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    /** The whole answer, for what says more than a code. */
    readonly answer: Record<string, unknown> = {},
  ) {
    super(message);
  }
}

/** How far the server's clock is ahead of ours, from the Date header; below two seconds it says nothing. */
let skew = 0;
export const serverNow = (): number => Date.now() + skew;

let csrf = '';

export async function call(method: 'GET' | 'POST', path: string, body?: unknown): Promise<Record<string, unknown>> {
  const headers: Record<string, string> = { Accept: 'application/json' };
  const init: RequestInit = {
    method,
    headers,
    credentials: 'same-origin',
    cache: 'no-store',
    signal: AbortSignal.timeout(body instanceof Blob ? 120_000 : 15_000),
  };
  if (method === 'POST') {
    if (csrf) headers['X-Tributary-Csrf'] = csrf;
    if (body instanceof Blob) {
      headers['Content-Type'] = body.type || 'application/octet-stream';
      init.body = body;
    } else {
      headers['Content-Type'] = 'application/json';
      init.body = JSON.stringify(body ?? {});
    }
  }
  let answer: Response;
  try {
    answer = await fetch(path, init);
  } catch {
    throw new Refused(0, 'network', 'no answer');
  }
  noteDate(answer.headers.get('Date'));
  const raw = await answer.text();
  const trimmed = raw.trimStart();
  const value = trimmed.startsWith('[') ? { items: parse(`{"items":${raw}}`)?.items } : (parse(raw) ?? {});
  if (!answer.ok) {
    const error = object((value as Record<string, unknown>).error);
    const top = value as Record<string, unknown>;
    const words = text(top.text) || text(error.text) || text(top.error);
    throw new Refused(answer.status, text(top.code) || text(error.code), words, top);
  }
  return value as Record<string, unknown>;
}

function noteDate(date: string | null): void {
  const there = date ? Date.parse(date) : Number.NaN;
  if (Number.isNaN(there)) return;
  const gap = there + 500 - Date.now();
  skew = Math.abs(gap) < 2_000 ? 0 : gap;
}

function readMe(value: Record<string, unknown>): Me {
  const v = value.me ? object(value.me) : value;
  if (text(value.csrf)) csrf = text(value.csrf);
  return {
    tenant: text(v.tenant),
    account: text(v.account),
    agent: text(v.agent),
    name: text(v.name) || text(v.account),
    roles: list(v.roles, text),
    practice: v.practice === true,
    setup: typeof v.setup === 'boolean' ? v.setup : undefined,
  };
}

/** Who is logged in, or null. Throws when the server cannot be asked. */
export async function whoAmI(): Promise<Me | null> {
  try {
    return readMe(await call('GET', '/api/me'));
  } catch (error) {
    if (error instanceof Refused && (error.status === 401 || error.status === 403)) return null;
    throw error;
  }
}

export async function login(tenant: string, name: string, password: string): Promise<Me> {
  return readMe(await call('POST', '/api/login', { tenant, login: name, password }));
}

export async function logout(): Promise<void> {
  await call('POST', '/api/logout');
  csrf = '';
}

/** Uses the one-time link of a new installation. Some servers log in at once; then `me` is there. */
export async function first(link: string, name: string, password: string): Promise<Me | null> {
  const answer = await call('POST', '/api/first', { link, login: name, password });
  return answer.me ? readMe(answer) : null;
}

export interface PastConversation {
  id: string;
  opened_ms: number;
  changed_ms: number;
  channels: string[];
  queues: string[];
  messages: number;
}

export async function conversationsOf(customer: string): Promise<PastConversation[]> {
  const answer = await call('GET', `/api/customers/${encodeURIComponent(customer)}/conversations`);
  return list(answer.conversations ?? answer.items, (item) => {
    const v = object(item);
    return {
      id: text(v.id) || text(v.conversation),
      opened_ms: number(v.opened_ms) || number(v.started_ms),
      changed_ms: number(v.changed_ms),
      channels: list(v.channels, text),
      queues: list(v.queues, text),
      messages: number(v.messages),
    };
  });
}

export async function profileOf(customer: string): Promise<Profile> {
  return { ...readProfile(await call('GET', `/api/customers/${encodeURIComponent(customer)}`)), customer };
}

/** The text of a message without masks, and how long it may stay on the screen. The server writes down who asked. */
export async function showMessage(message: string, contact: string): Promise<{ text: string; show_ms: number }> {
  const answer = await call('POST', `/api/messages/${encodeURIComponent(message)}/show`, { contact });
  return { text: text(answer.text), show_ms: number(answer.show_ms) || 30_000 };
}

export async function practice(on: boolean): Promise<void> {
  await call('POST', '/api/practice', { on });
}

/** The largest file that the door takes. */
export const largestFile = 10 * 1024 * 1024;

/** Brings a file in; a message then names it. */
export async function upload(contact: string, file: File): Promise<Attachment> {
  const query = `contact=${encodeURIComponent(contact)}&name=${encodeURIComponent(file.name)}`;
  const answer = await call('POST', `/api/files?${query}`, file);
  return {
    file: text(answer.file),
    name: text(answer.name) || file.name,
    media_type: text(answer.media_type) || file.type,
    size: number(answer.size) || file.size,
  };
}

/** Where a file is. Who reads what others hold says in which conversation it stands. */
export const fileUrl = (file: string, conversation = ''): string =>
  `/api/files/${encodeURIComponent(file)}${conversation && `?conversation=${encodeURIComponent(conversation)}`}`;
