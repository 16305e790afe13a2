// The widget in a real browser against a door of its own: what it does, whether it is accessible, and pictures for people to look
// at, in both languages, wide and on a telephone, light and dark.
import { mkdirSync, readFileSync } from 'node:fs';
import { deflateSync } from 'node:zlib';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { WidgetDoor } from './widget-door';

const flags = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'];
let browser: Browser;
let door: WidgetDoor;
let url = '';
let complaints: string[] = [];
const contexts: BrowserContext[] = [];

beforeAll(async () => {
  mkdirSync('look', { recursive: true });
  browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', headless: true, args: flags });
});
afterAll(async () => browser?.close());
beforeEach(async () => {
  door = new WidgetDoor();
  url = await door.start();
  complaints = [];
});
afterEach(async () => {
  for (const context of contexts.splice(0)) await context.close();
  await door.stop();
});

const looks = [
  { name: 'en-light-wide', locale: 'en-GB', scheme: 'light', wide: true },
  { name: 'en-dark-phone', locale: 'en-GB', scheme: 'dark', wide: false },
  { name: 'zh-dark-wide', locale: 'zh-CN', scheme: 'dark', wide: true },
  { name: 'zh-light-phone', locale: 'zh-CN', scheme: 'light', wide: false },
] as const;
type Look = (typeof looks)[number];

const id = (name: string) => `[data-testid=${name}]`;

async function open(look: Look = looks[0]): Promise<Page> {
  const viewport = look.wide ? { width: 1280, height: 800 } : { width: 390, height: 780 };
  const context = await browser.newContext({
    locale: look.locale,
    colorScheme: look.scheme,
    viewport,
    hasTouch: !look.wide,
    isMobile: !look.wide,
  });
  contexts.push(context);
  const page = await context.newPage();
  page.on('console', (line) => {
    if (line.type() === 'error' && !/40[14]|415|WebSocket|ERR_/.test(line.text())) complaints.push(line.text());
  });
  page.on('pageerror', (error) => complaints.push(String(error)));
  await page.goto(`${url}/demo/`);
  await page.waitForSelector(id('tw-open'));
  return page;
}

async function enter(page: Page): Promise<void> {
  await page.click(id('tw-open'));
  await page.waitForSelector(`${id('tw-state')}[data-lost=false]`);
  await expect.poll(() => door.of('hello').length).toBeGreaterThan(0);
  await page.waitForTimeout(350);
}

async function axe(page: Page): Promise<void> {
  // The page's own policy allows no scripts from elsewhere, so it is run as the browser's.
  await page.evaluate(readFileSync('node_modules/axe-core/axe.min.js', 'utf8'));
  const found = await page.evaluate(async () => {
    const run = (
      globalThis as unknown as { axe: { run(at: unknown): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> } }
    ).axe;
    return (await run.run({ include: [['tributary-chat']] })).violations.map((v) => `${v.id}: ${v.nodes[0]?.html}`);
  });
  expect(found).toEqual([]);
}

/** A picture of some colours, as PNG. */
function picture(width: number, height: number): Buffer {
  const crcTable = Array.from({ length: 256 }, (_, n) => {
    let c = n;
    for (let k = 0; k < 8; k++) c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1;
    return c >>> 0;
  });
  const chunk = (type: string, data: Buffer) => {
    const body = Buffer.concat([Buffer.from(type), data]);
    let crc = 0xffffffff;
    for (const byte of body) crc = (crcTable[(crc ^ byte) & 255] ?? 0) ^ (crc >>> 8);
    const out = Buffer.alloc(body.length + 8);
    out.writeUInt32BE(data.length, 0);
    body.copy(out, 4);
    out.writeUInt32BE((crc ^ 0xffffffff) >>> 0, body.length + 4);
    return out;
  };
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head.set([8, 2, 0, 0, 0], 8);
  const rows = Buffer.alloc((width * 3 + 1) * height);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++)
      rows.set([90 + (x * 120) / width, 140, 60 + (y * 150) / height], y * (width * 3 + 1) + 1 + x * 3);
  return Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
    chunk('IHDR', head),
    chunk('IDAT', deflateSync(rows)),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

const form = (zh: boolean) => [
  { name: 'name', label: '', kind: 'text', required: true },
  { name: 'phone', label: '', kind: 'phone', required: false },
  {
    name: 'topic',
    label: zh ? '咨询事项' : 'What is it about?',
    kind: 'choice',
    required: true,
    choices: zh ? ['订单', '退换货'] : ['An order', 'A return'],
  },
];

test.each(looks)('a chat from the form to the survey: $name', async (look) => {
  const zh = look.locale === 'zh-CN';
  door.session.form = form(zh);
  const page = await open(look);
  const shot = (name: string) => page.screenshot({ path: `look/${look.name}-chat-${name}.png` });
  await enter(page);
  await shot('1-form');
  await axe(page);
  await page.click(id('tw-form-go'));
  await shot('2-form-wrong');
  expect(await page.locator('[aria-invalid=true]').count()).toBe(3);
  await page.fill('[name=name]', zh ? '林安' : 'Ann Lee');
  await page.fill('[name=phone]', 'abc');
  await page.selectOption('[name=topic]', { index: 2 });
  await page.fill(id('tw-form-message'), zh ? '茶壶到货时碎了' : 'The tea pot came broken');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  expect(await page.locator('[aria-invalid=true]').count()).toBe(1);
  await page.fill('[name=phone]', '138 0013 8000');
  await page.click(id('tw-form-go'));
  await page.waitForSelector(`${id('tw-state')}[data-state=waiting]`);
  expect(door.of('send')[0]?.form).toEqual({
    name: zh ? '林安' : 'Ann Lee',
    phone: '138 0013 8000',
    topic: zh ? '退换货' : 'A return',
  });
  door.become('assigned');
  door.say('agent', zh ? '非常抱歉！能发一张照片吗？' : 'I am so sorry! Could you send a picture?');
  await page.setInputFiles(id('tw-picker'), [
    { name: zh ? '碎了的茶壶.png' : 'broken pot.png', mimeType: 'image/png', buffer: picture(400, 260) },
    { name: 'receipt.pdf', mimeType: 'application/pdf', buffer: Buffer.from('%PDF-1.7 receipt') },
    { name: 'virus.exe', mimeType: 'application/x-msdownload', buffer: Buffer.from('MZ') },
  ]);
  await page.waitForFunction(() => true);
  await expect.poll(() => page.locator(`${id('tw-chip')}[data-state=done]`).count()).toBe(2);
  await shot('3-files');
  await axe(page);
  await page.fill(id('tw-input'), zh ? '这是照片和发票' : 'Here it is, with the receipt');
  await page.keyboard.press('Enter');
  await page.waitForSelector(`${id('tw-picture')}[data-state=there]`);
  await page.waitForSelector(id('tw-file'));
  expect(door.of('typing').length).toBe(1);
  door.push({ type: 'read', sequence: 3 });
  await page.waitForSelector(id('tw-read'));
  door.push({ type: 'typing' });
  await page.waitForSelector(id('tw-typing'));
  await shot('4-writing');
  door.say('agent', zh ? '谢谢，今天就给您补发。' : 'Thank you, we send a new one today.');
  await page.waitForSelector(id('tw-typing'), { state: 'detached' });
  door.become('ended');
  door.push({ type: 'survey', contact: 'c1' });
  await page.waitForSelector(id('tw-survey'));
  await page.click(id('tw-survey-go'));
  await page.focus(`${id('tw-score')} >> nth=0`);
  for (let i = 0; i < 3; i++) await page.keyboard.press('ArrowRight');
  await page.fill(id('tw-comment'), zh ? '很快' : 'Quick');
  await shot('5-survey');
  await axe(page);
  await page.click(id('tw-survey-go'));
  await page.waitForSelector(id('tw-thanks'));
  await expect.poll(() => door.of('survey')[0]).toMatchObject({ contact: 'c1', score: 4, comment: zh ? '很快' : 'Quick' });
  await shot('6-thanks');
  door.mute = true;
  door.hangUp();
  await page.waitForSelector(`${id('tw-state')}[data-lost=true]`);
  await shot('7-lost');
  door.mute = false;
  await page.waitForSelector(`${id('tw-state')}[data-lost=false]`);
  const back = door.of('hello').at(-1);
  expect(back?.conversation).toBe('v1');
  expect(door.faults).toEqual([]);
  expect(complaints).toEqual([]);
});

test.each(looks)('a message left outside of hours: $name', async (look) => {
  const zh = look.locale === 'zh-CN';
  Object.assign(door.session, {
    open: false,
    opens_ms: Date.UTC(2030, 0, 7, 1, 0),
    form: [
      { name: 'name', label: '', kind: 'text', required: false },
      { name: 'email', label: '', kind: 'email', required: false },
    ],
  });
  const page = await open(look);
  await enter(page);
  await page.screenshot({ path: `look/${look.name}-left-1-form.png` });
  await axe(page);
  await page.fill('[name=email]', 'ann@example.com');
  await page.fill(id('tw-form-message'), zh ? '请问能开发票吗？' : 'Do you write invoices?');
  await page.click(id('tw-form-go'));
  await page.waitForSelector(`${id('tw-state')}[data-state=waiting]`);
  await page.screenshot({ path: `look/${look.name}-left-2-done.png` });
  expect(door.of('send')[0]).toMatchObject({ left: true, form: { email: 'ann@example.com' } });
  expect(door.faults).toEqual([]);
  expect(complaints).toEqual([]);
});

test('the keyboard stays in the open panel, Escape closes it, and a word being composed is not sent', async () => {
  const page = await open();
  await page.focus(id('tw-open'));
  await page.keyboard.press('Enter');
  await page.waitForSelector(id('tw-input'));
  await expect.poll(() => door.of('hello').length).toBe(1);
  const focused = () =>
    page.evaluate(() => document.querySelector('tributary-chat')?.shadowRoot?.activeElement?.getAttribute('data-testid') ?? '');
  expect(await focused()).toBe('tw-input');
  const seen = new Set<string>();
  for (let i = 0; i < 8; i++) {
    await page.keyboard.press('Tab');
    seen.add(await focused());
  }
  expect([...seen].toSorted()).toEqual(['', 'tw-attach', 'tw-close', 'tw-input']); // '' is the log
  await page.focus(id('tw-input'));
  const client = await page.context().newCDPSession(page);
  await client.send('Input.imeSetComposition', { text: 'ni hao', selectionStart: 6, selectionEnd: 6 });
  await page.locator(id('tw-input')).dispatchEvent('keydown', { key: 'Enter', keyCode: 229, isComposing: true });
  await page.locator(id('tw-input')).dispatchEvent('keydown', { key: 'Escape', isComposing: true });
  expect(door.of('send')).toEqual([]);
  await client.send('Input.insertText', { text: '你好' });
  await page.keyboard.press('Enter');
  await expect.poll(() => door.of('send')[0]?.text).toBe('你好');
  await page.keyboard.press('Escape');
  await page.waitForSelector(id('tw-panel'), { state: 'detached' });
  await expect.poll(focused).toBe('tw-open');
  expect(complaints).toEqual([]);
});

type Tributary = (...call: unknown[]) => void;
const call = (page: Page, ...args: unknown[]) =>
  page.evaluate((all) => (globalThis as unknown as { tributary: Tributary }).tributary(...all), args);

test('what the customer does on the site is told after the first message, and not before', async () => {
  const page = await open();
  await page.click('[data-item=cliff-oolong]');
  await call(page, 'event', 'total', { sum: 12, secret: { deep: true } });
  await call(page, 'event', 'not a name', {});
  await call(page, 'open');
  await page.waitForSelector(id('tw-input'));
  await expect.poll(() => door.of('hello').length).toBe(1);
  await page.waitForTimeout(700);
  expect(door.of('seen')).toEqual([]);
  await page.fill(id('tw-input'), 'hello');
  await page.keyboard.press('Enter');
  await expect.poll(() => door.of('seen').length).toBe(3);
  expect(door.of('seen')[0]).toMatchObject({ kind: 'page', page: `${url}/demo/` });
  expect(door.of('seen')[1]).toMatchObject({ kind: 'event', name: 'basket', fields: { item: 'cliff-oolong' } });
  expect(door.of('seen')[2]).toMatchObject({ kind: 'event', name: 'total', fields: { sum: '12' } });
  await call(page, 'event', 'paid');
  await expect.poll(() => door.of('seen').at(-1)?.name).toBe('paid');
  expect(door.faults).toEqual([]);
  expect(complaints).toEqual(['Tributary: the name of an event has 1 to 64 letters, digits, - and _.']);
});

test('the site says who its user is; a token that is not accepted is told in the console and leaves an anonymous visitor', async () => {
  const page = await open();
  await call(page, 'identify', 'signed-by-the-site');
  await call(page, 'open');
  await expect.poll(() => door.of('hello')[0]?.visitor).toBe('signed-by-the-site');
  expect(door.sessions).toEqual([{ entry_point: 'shop', visitor: 'signed-by-the-site' }]);
  await page.fill(id('tw-input'), 'my balance, please');
  await page.keyboard.press('Enter');
  await page.waitForSelector(`${id('tw-message')}[data-message=m1]`);
  expect(await page.evaluate(() => JSON.stringify(localStorage))).not.toMatch(/balance|token/);
  door.refuse = { status: 401, code: 'visitor', text: 'the visitor token is not accepted: it has expired' };
  door.history = [];
  door.state = 'none';
  const before = door.of('hello').length;
  await call(page, 'identify', 'another');
  await expect.poll(() => complaints.length).toBe(2);
  expect(complaints[0]).toContain('it has expired');
  door.refuse = null;
  await expect.poll(() => door.of('hello').length, { timeout: 15_000 }).toBeGreaterThan(before);
  expect(door.of('hello').at(-1)?.visitor).toBeUndefined();
  expect(await page.locator(id('tw-message')).allTextContents()).toEqual([]);
  expect(door.faults).toEqual([]);
});

test('a form that the door refuses comes back with what was written', async () => {
  door.session.form = form(false);
  door.refuseForm = { field: 'name' };
  const page = await open();
  await enter(page);
  await page.fill('[name=name]', 'Ann');
  await page.selectOption('[name=topic]', { index: 1 });
  await page.fill(id('tw-form-message'), 'hello');
  await page.click(id('tw-form-go'));
  await page.waitForSelector('[name=name][aria-invalid=true]');
  expect(await page.inputValue('[name=name]')).toBe('Ann');
  expect(await page.inputValue(id('tw-form-message'))).toBe('hello');
  await page.click(id('tw-form-go'));
  await page.waitForSelector(`${id('tw-state')}[data-state=waiting]`);
  expect(complaints).toEqual([]);
});
