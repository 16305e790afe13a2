import fc from 'fast-check';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { cell } from '../src/admin/cell';
import { kinds, withField } from '../src/admin/schema';
import { idIn } from '../src/conversation/head';
import { alike, type Line } from '../src/desk/Bubble';
import { said } from '../src/desk/MessageLog';
import { needWords, readNeed } from '../src/desk/need';
import { type DeskState, emptyDesk, reduce } from '../src/desk/state';
import { story } from '../src/desk/story';
import type { Me } from '../src/shell/http';
import { pagesOf } from '../src/shell/routes';
import { type Contact, type Message, type Route, readFrame, readRoute, type ServerFrame } from '../src/wire/frames';

vi.hoisted(() => Object.assign(globalThis, { localStorage: { getItem: () => null, setItem: () => {} } }));
vi.hoisted(() => Object.defineProperty(globalThis, 'navigator', { value: { languages: ['en'] }, configurable: true }));

beforeEach(() => {
  vi.stubGlobal('document', { documentElement: { dataset: {} } });
});

const speak = async (lang: 'en' | 'zh') => {
  const { language } = await import('../src/shell/prefs');
  language.set(lang);
  return (await import('../src/words')).wordsNow();
};

describe('what a step asks for', () => {
  test.each([
    ['cards >= 4 && english >= 3', 'Cards at least 4 and English at least 3', 'Cards 至少 4 级且 English 至少 3 级'],
    ['cards > 3 || visa_cards<2', 'Cards at least 4 or Visa cards at most 1', 'Cards 至少 4 级或 Visa cards 至多 1 级'],
    ['(a == 5)', 'A exactly 5', 'A 恰好 5 级'],
    [
      '(a >= 1 || b >= 2) && c <= 3',
      '(A at least 1 or B at least 2) and C at most 3',
      '（A 至少 1 级或 B 至少 2 级）且 C 至多 3 级',
    ],
    ['a >= 1 || b >= 2 && c >= 3', 'A at least 1 or B at least 2 and C at least 3', 'A 至少 1 级或 B 至少 2 级且 C 至少 3 级'],
  ])('%s', async (code, en, zh) => {
    expect(needWords(await speak('en'), code)).toBe(en);
    expect(needWords(await speak('zh'), code)).toBe(zh);
  });

  test.each([
    'contact.language == "zh" ? chinese >= 3 : english >= 3',
    'a != 2',
    '!(a >= 1)',
    'a >= b',
    'a >= 1 &&',
    '(a >= 1',
    'a >= 1.5',
    '',
  ])('%s stays as it is', async (code) => expect(needWords(await speak('en'), code)).toBe(code));

  test('nothing breaks the reader', () => {
    const part = fc.constantFrom('a', '>=', '4', '&&', '||', '(', ')', ' ', '<', '==', '"', '?');
    fc.assert(
      fc.property(
        fc.array(part, { maxLength: 60 }).map((all) => all.join('')),
        (code) => void readNeed(code),
      ),
    );
    expect(readNeed('('.repeat(5_000))).toBeNull();
  });
});

test('skills are called by their names', async () => {
  const route = readRoute({ need: 'cards_v2 >= 4 && x >= 1', names: { skill: { cards_v2: '信用卡' } } });
  const told = async (lang: 'en' | 'zh') =>
    story(await speak(lang), route as Route, { queue_name: '', initiation: '', enqueued_ms: 0 }, 0).join();
  expect(await told('zh')).toContain('信用卡 至少 4 级且 X 至少 1 级');
  expect(await told('en')).toContain('信用卡 at least 4 and X at least 1');
});

test('why something was refused is told in the language of the page', async () => {
  const { whyNot } = await import('../src/shell/refusal');
  const [en, zh] = [await speak('en'), await speak('zh')];
  const denied = { code: 'denied', text: 'only supervisors do that' };
  expect([whyNot(en, denied), whyNot(zh, denied)]).toEqual(['you may not do that here.', '您没有此权限。']);
  const own = { code: 'conflict', text: "nobody changes the own account's rights; ask another administrator" };
  expect(whyNot(zh, own)).toBe('与当前情况不符（不能更改自己账号的权限，请联系其他管理员）。');
  expect(whyNot(zh, { code: 'refused', reason: 'over', text: 'too late' })).toBe('该联络已结束。');
  expect(whyNot(zh, { code: 'invalid', text: '' })).toBe('内容不符合要求（invalid）。');
  expect(whyNot(zh, { code: 'of_tomorrow', text: 'something new' })).toBe('something new');
  expect(whyNot(zh, { code: 'unseen' })).toBe('消息未出现在会话中。');
});

test('the setup is shown to whom the server opens it, and by role where it does not say', () => {
  const pages = (more: object) => pagesOf({ agent: '', roles: ['supervisor'], ...more } as unknown as Me).map((p) => p.id);
  expect(pages({})).toEqual(['floor', 'admin']);
  expect(pages({ setup: false })).toEqual(['floor']);
  expect(pages({ setup: true, roles: ['qa'] })).toEqual(['admin']);
});

test('a frame of a queue changes no line of the log', async () => {
  const say = await speak('en');
  const contact = { id: 'c', conversation: 'v', state: 'assigned', version: 1 };
  const message = { id: 'm', sequence: 1, author: 'customer', text: 'hi', sent_ms: 1, attachments: [{ file: 'f' }] };
  const take = (desk: DeskState, value: object) => reduce(desk, readFrame(JSON.stringify(value)) as ServerFrame);
  const before = take(emptyDesk, { type: 'contact', contact: { ...contact, messages: [message] } });
  const line = (desk: DeskState): Line => said(desk, say, desk.messages.c?.m as Message, desk.contacts.c as Contact, 'v');
  const after = line(take(before, { type: 'queue', queue: { id: 'q', waiting: 1 } }));
  expect(alike(line(before), after)).toBe(true);
  expect(alike(line(before), { ...after, text: 'no' })).toBe(false);
  expect(alike(undefined, after)).toBe(false);
  expect(after.conversation).toBe('v'); // by it its files open
});

test('what came back is said to have been in your hands only where it was', async () => {
  const say = await speak('en');
  const route = { policy_version: 1, flowed: [], candidates: [] } as unknown as Route;
  const told = (preferred: string) =>
    story(say, { ...route, preferred } as Route, { queue_name: 'Cards', initiation: 'requeue', enqueued_ms: 0 }, 0)[0];
  expect(told('last_agent')).toContain('in your hands');
  expect(told('')).toBe('It had been taken before and came back to the queue.');
});

test('tables of the setup call things by their names', () => {
  const names = {
    of: (kind: string, id: string) => `${kind}:${id}`,
    code: (family: string, code: string) => `${family}.${code}`,
  };
  const field = (kind: string, name: string) => kinds.find((k) => k.id === kind)?.fields.find((f) => f.name === name);
  expect(cell(field('agents', 'queues'), ['q', 'r'], names)).toBe('queues:q, queues:r');
  expect(cell(field('agents', 'skills'), [{ skill: 's', level: 4 }], names)).toBe('skills:s 4');
  expect(cell(field('entry_points', 'queue'), 'q', names)).toBe('queues:q');
  expect(cell(field('entry_points', 'channel'), 'webchat', names)).toBe('channel.webchat');
  expect(cell(field('queues', 'overflow'), undefined, names)).toBe('');
  expect(cell(undefined, 5, names)).toBe('5');
});

test('a group without anything in it is left out of the file', () => {
  expect(withField({ id: 'a', capacities: { voice: 1 } }, 'capacities', {})).toEqual({ id: 'a' });
  expect(withField({ id: 'a' }, 'capacities', { voice: 0 })).toEqual({ id: 'a', capacities: { voice: 0 } });
});

test('a conversation is found by its id or by any address of it', () => {
  expect(idIn(' 4f1c ')).toBe('4f1c');
  expect(idIn('https://desk.example/conversations/4f1c?tenant=demo')).toBe('4f1c');
  expect(idIn('/conversations/4f1c')).toBe('4f1c');
  expect(idIn('https://desk.example/')).toBe('');
});
