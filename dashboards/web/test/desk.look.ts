// The desk at work, the floor and the setup, seen in each language, scheme and size; and read by axe against WCAG AA.
import type { BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type MockServer, startMock } from '../mock/server';
import { begin, complaints, context, end, hurdles, login, looks, open as openAt } from './browser';

let mock: MockServer;
const open = (at: BrowserContext, path: string) => openAt(at, mock.url + path);
const id = (name: string) => `[data-testid=${name}]`;

beforeAll(begin);
afterAll(end);

/** A picture with three colours, 160 by 110. */
async function picture(page: Page): Promise<Buffer> {
  const url = await page.evaluate(() => {
    const canvas = document.createElement('canvas');
    [canvas.width, canvas.height] = [480, 330];
    const pen = canvas.getContext('2d');
    if (!pen) return '';
    pen.fillStyle = '#cfe3dd';
    pen.fillRect(0, 0, 480, 330);
    pen.fillStyle = '#a8583c';
    pen.beginPath();
    pen.ellipse(240, 190, 130, 100, 0, 0, 7);
    pen.fill();
    pen.strokeStyle = '#22282b';
    pen.lineWidth = 5;
    pen.beginPath();
    pen.moveTo(200, 110);
    pen.lineTo(225, 170);
    pen.lineTo(210, 220);
    pen.stroke();
    return canvas.toDataURL('image/png');
  });
  return Buffer.from(url.split(',')[1] ?? '', 'base64');
}

async function twoChats(page: Page, zh: boolean): Promise<void> {
  const { centre } = mock;
  centre.offerMs = 60_000;
  centre.intents.set('customer-7f3a2', { intent: 'cracked_on_arrival', confidence: 934, language: zh ? 'zh' : 'en' });
  centre.setProfile({
    customer: 'customer-7f3a2',
    name: zh ? '陈晓雨' : 'Ida Holm',
    tier: 'gold',
    language: zh ? 'zh' : 'en',
    tags: zh ? ['老客户', '易碎品'] : ['regular', 'fragile goods'],
    fields: { [zh ? '会员号' : 'Member no.']: 'M-20881' },
    source: 'agent',
    by: 'Mei Chen',
  });
  await page.selectOption(id('status-select'), 'available');
  centre.customerSays('customer-7f3a2', zh ? '你好，我的茶壶碎了一个口。' : 'Hello, my teapot arrived with a crack.');
  await page.waitForSelector(id('offer-card'));
  await page.keyboard.press('Alt+a');
  await page.waitForSelector(id('composer'));
  centre.customerSays('customer-b81c9', zh ? '我的订单还能改地址吗？' : 'Can I still change the address of my order?');
  await page.waitForSelector(id('offer-card'));
  await page.keyboard.press('Alt+a');
  await page.waitForFunction(() => document.querySelectorAll('[data-testid=chat-item]').length === 2);
}

const readable = async (page: Page, where: string) => expect(await hurdles(page), where).toEqual([]);

test.each(looks)('the desk at work: $name', async (look) => {
  mock = await startMock();
  const zh = look.locale === 'zh-CN';
  const at = await context(look);
  const page = await open(at, '/');
  const shot = (name: string) => page.screenshot({ path: `look/${look.name}-desk-${name}.png` });
  await readable(page, 'login');
  await login(page);
  await twoChats(page, zh);
  const first = [...mock.centre.contacts.values()][0];
  if (!first) throw new Error('no contact');
  if (look.wide) await page.keyboard.press('Alt+c');
  await page.keyboard.press('Alt+1');
  await page.waitForSelector(`[data-contact=${first.id}] ${id('composer')}`);
  const here = page.locator(`${id('conversation')}[data-contact=${first.id}]`);
  const bytes = await picture(page);
  const photo = mock.centre.keepFile(zh ? '茶壶.png' : 'teapot.png', 'image/png', bytes);
  const bill = mock.centre.keepFile('invoice-20881.pdf', 'application/pdf', Buffer.alloc(184_320));
  mock.centre.customerSends(first, zh ? '照片和发票在这里' : 'Here is a photo, and the invoice.', { attachments: [photo, bill] });
  mock.centre.customerSends(
    first,
    zh ? '我的电话是 138••••8000' : 'You can call me on 138••••8000',
    { masked: true },
    '13800138000',
  );
  await here.locator(id('picture')).waitFor();
  await here.locator(id('show-masked')).click();
  await here.locator('text=13800138000').waitFor();
  expect(mock.centre.looked).toHaveLength(1);

  // A note, by keyboard alone.
  await page.keyboard.press('Alt+w');
  await page.keyboard.press('Alt+n');
  await here
    .locator(id('composer'))
    .fill(zh ? '看照片像是运输损坏，可直接换货。' : 'Looks like transport damage; replace it without asking more.');
  await page.keyboard.press('Enter');
  await here.locator('[data-testid=message][data-internal]').waitFor();

  // A quick reply with a variable that nobody knows: it must be filled before it goes.
  await here.locator(id('composer')).pressSequentially(zh ? '/daoda' : '/arr');
  await here.locator(id('reply')).first().waitFor();
  mock.centre.customerTypes(first);
  await page.waitForTimeout(150);
  await shot('1-replies');
  await readable(page, 'quick replies');
  await page.keyboard.press('Enter');
  await page.waitForFunction(() => document.querySelector('[data-active=true] .mirror mark, .talk .mirror mark'));
  const said = mock.centre.said.length;
  await page.keyboard.press('Enter');
  await here.locator(id('open-variables')).waitFor();
  expect(mock.centre.said).toHaveLength(said);
  await shot('2-variables');
  await page.keyboard.type('20881-3');
  await page.keyboard.press('Tab');
  await page.keyboard.type(zh ? '周四' : 'Thursday');
  await page.keyboard.press('Enter');
  await here.locator('[data-testid=message][data-state=sent]').filter({ hasText: '20881-3' }).waitFor();
  expect(mock.centre.said.at(-1)).toBe(zh ? '您的包裹20881-3预计周四送达。' : 'Your parcel 20881-3 arrives on Thursday.');
  expect(mock.typed).toBeGreaterThan(0);

  // A file by paste.
  await here.locator(id('composer')).evaluate((box, data) => {
    const file = new File([Uint8Array.from(atob(data), (c) => c.charCodeAt(0))], 'label.png', { type: 'image/png' });
    const clipboardData = new DataTransfer();
    clipboardData.items.add(file);
    box.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true }));
  }, bytes.toString('base64'));
  await page.waitForFunction(
    () =>
      !document.querySelector<HTMLButtonElement>('[data-testid=send]:disabled') ||
      document.querySelector('[data-testid=pending-files]'),
  );
  await page.waitForTimeout(250);
  await here.locator(id('send')).click();
  await page.waitForFunction(() => document.querySelectorAll('[data-testid=picture]').length === 2);
  await page.waitForTimeout(250);
  await shot('3-work');
  await readable(page, 'at work');

  await here.locator(id('picture')).first().click();
  await page.waitForSelector(id('large-picture'));
  await page.waitForTimeout(150);
  await shot('4-picture');
  await page.keyboard.press('Escape');
  await page.waitForSelector(id('large-picture'), { state: 'detached' });

  // What was said before, on other channels: a page comes whenever the reader is at the top.
  await page.waitForFunction((contact) => {
    const log = document.querySelector(`[data-contact="${contact}"] [role=log]`);
    if (log) log.scrollTop = 0;
    return log?.querySelectorAll('[data-testid=chapter]').length === 4;
  }, first.id);
  await here.locator('[role=log]').evaluate((log) => {
    log.scrollTop = 0;
  });
  await page.waitForTimeout(150);
  await shot('5-before');

  // The profile: somebody else is faster.
  await page.keyboard.press('Alt+p');
  await page.waitForSelector(id('profile-form'));
  await page.fill('[name=profile-tier]', 'vip');
  const profile = mock.centre.profiles.get('customer-7f3a2');
  if (!profile) throw new Error('no profile');
  mock.centre.setProfile({
    ...profile,
    name: zh ? '陈小雨' : 'Ida Holm-Berg',
    by: 'Mei Chen',
  });
  await page.waitForSelector(id('profile-conflict'));
  await page.waitForTimeout(150);
  await shot('6-profile');
  await readable(page, 'profile');
  await page.click(id('profile-save'));
  await page.waitForSelector(id('profile-form'), { state: 'detached' });
  expect(mock.centre.profiles.get('customer-7f3a2')).toMatchObject({
    tier: 'vip',
    version: 3,
    name: zh ? '陈小雨' : 'Ida Holm-Berg',
  });
  if (!look.wide) {
    await shot('7-details');
    await page.click(id('tab-talk'));
  }

  // Whoever is about to answer an offer over a dialog keeps the keyboard there when the dialog goes.
  await page.keyboard.press('Alt+t');
  await page.waitForSelector(id('transfer-sheet'));
  mock.centre.customerSays('customer-5ab00', '?');
  const answers = () => document.activeElement?.matches('[data-testid=offer-decline]');
  await page.focus(id('offer-decline'));
  await page.waitForFunction(answers);
  await page.keyboard.press('Escape');
  await page.waitForSelector(id('transfer-sheet'), { state: 'detached' });
  await page.waitForFunction(answers);
  await page.keyboard.press('Enter');
  await page.waitForSelector(id('offer-card'), { state: 'detached' });

  await page.keyboard.press('Alt+t');
  await page.waitForSelector(id('transfer-sheet'));
  await page.fill(
    id('transfer-note'),
    zh ? '已确认运输损坏，请安排换货。' : 'Transport damage is confirmed; please send a new one.',
  );
  await page.check('[data-testid=transfer-agent][value=agent-tom]');
  await shot('8-transfer');
  await readable(page, 'transfer');
  // An offer rings over the dialog, and is taken there by a click.
  mock.centre.customerSays('customer-5ab01', zh ? '请问可以改地址吗？' : 'Can I change the address?');
  await page.waitForSelector(id('offer-card'));
  await page.waitForTimeout(150);
  await shot('8-transfer-offer');
  await readable(page, 'an offer over a dialog');
  await page.click(id('offer-decline'), { timeout: 2_000 });
  await page.waitForSelector(id('offer-card'), { state: 'detached' });
  await page.click(id('transfer-go'));
  await page.waitForFunction(() => document.querySelectorAll('[data-testid=chat-item]').length === 1);

  // After this chat, a break; and a supervisor ends the day.
  if (!look.wide) await page.click(id('tab-list'));
  await page.selectOption(id('status-select'), 'later:break:lunch');
  await page.waitForSelector(id('status-next'));
  mock.centre.setPractice(true);
  await page.waitForSelector(id('practice-banner'));
  await page.waitForTimeout(150);
  await shot('9-next-practice');
  await readable(page, 'list');
  if (!look.wide) {
    await page.click(id('tab-menu'));
    await page.waitForSelector(id('menu'));
    await shot('9-menu');
    await readable(page, 'menu');
    await page.keyboard.press('Escape');
  }
  mock.centre.logOut('Sam Okoro');
  await page.waitForSelector(id('logged-out'));
  await shot('9-out');
  expect(await page.evaluate(() => Object.keys(localStorage).filter((k) => k.startsWith('tributary.demo')))).toEqual([]);
  await at.close();
  await mock.close();
  expect(mock.faults).toEqual([]);
  expect(complaints).toEqual([]);
});

test.each(looks)('the floor and the setup: $name', async (look) => {
  mock = await startMock();
  mock.roles = ['agent', 'supervisor', 'admin'];
  const at = await context(look);
  const page = await open(at, '/#/floor');
  const shot = (name: string) => page.screenshot({ path: `look/${look.name}-pages-${name}.png` });
  await login(page);
  await page.waitForSelector(`${id('floor')}[data-ready=true]`);
  await page.waitForTimeout(200);
  await shot('1-floor');
  await readable(page, 'floor');
  expect(await page.locator(id('offered-to')).textContent()).toContain('李思');
  expect(await page.locator(id('in-all')).count()).toBe(1);
  for (const part of ['agents', 'contacts']) {
    await page.evaluate((of) => document.querySelector(`[data-of="floor.${of}"]`)?.scrollIntoView(), part);
    await shot(`1-floor-${part}`);
  }
  // Nothing is cut off at the side, whatever the width.
  const cut = () => [...document.querySelectorAll('.table-frame')].filter((n) => n.scrollWidth > n.clientWidth).length;
  expect(await page.evaluate(cut)).toBe(0);
  const elsewhere = page.locator(`${id('floor-contact')}:has(${id('elsewhere')})`);
  await elsewhere.locator(id('contact-act')).click();
  await page.waitForSelector(id('contact-sheet'));
  expect(await page.locator(id('move-queue')).count()).toBe(0);
  await shot('2-elsewhere');
  await page.keyboard.press('Escape');
  await page.selectOption(id('filter-team'), 'vip');
  expect(await page.locator(id('floor-agent')).count()).toBe(3);
  await page.selectOption(id('filter-team'), '');

  // By keyboard alone: down the rows, open, choose, confirm.
  await page.locator(id('contact-act')).first().focus();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await page.waitForSelector(id('contact-sheet'));
  await page.selectOption(id('move-queue'), 'vip');
  await shot('2-contact');
  await page.click(id('move-go'));
  await page.waitForSelector(id('confirm'));
  await shot('3-confirm');
  await readable(page, 'confirm');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await page.waitForSelector(id('contact-sheet'), { state: 'detached' });
  await page.waitForFunction(() => document.querySelectorAll('[data-testid=floor-contact]').length === 7);
  expect(mock.floor.contacts.filter((c) => c.queue === 'vip')).toHaveLength(1);
  await page.locator('[data-agent=agent-mei] [data-testid=agent-act]').click();
  await page.click(id('agent-logout'));
  await page.click(id('confirm-yes'));
  await page.waitForSelector('[data-agent=agent-mei][data-status=offline]');

  await page.goto(`${mock.url}/#/admin/queues`);
  await page.waitForSelector(`${id('admin')}[data-ready=true]`);
  await page.waitForTimeout(150);
  await shot('4-queues');
  await readable(page, 'queues');
  await page.click('[data-id=orders] button');
  await page.waitForSelector(id('set-sheet'));
  await shot('5-queue');
  await page.locator('.set-form .under').scrollIntoViewIfNeeded();
  await shot('5-queue-practice');
  await readable(page, 'queue');
  await page.fill('[name=target]', '15s');
  await page.click(id('set-keep'));
  await page.click(id('review'));
  await page.waitForSelector(id('diff'));
  await page.waitForTimeout(150);
  await shot('6-review');
  await readable(page, 'review');
  mock.config.version = 8;
  await page.click(id('apply'));
  await page.waitForSelector(id('config-changed'));
  await page.click(id('apply'));
  await page.waitForSelector(id('applied'));
  expect(mock.config.yaml).toContain('target: 15s');
  await page.goto(`${mock.url}/#/admin/agents`);
  await page.click('[data-id=tom] button');
  await page.selectOption(id('set-add-capacities'), 'sms');
  expect(await page.locator(id('set-number')).count()).toBe(3);
  await shot('6-agent');
  await readable(page, 'agent');
  await page.keyboard.press('Escape');
  await page.goto(`${mock.url}/#/admin/policy`);
  await page.waitForTimeout(200);
  await shot('7-policy');
  await readable(page, 'policy');
  await page.goto(`${mock.url}/#/admin/yaml`);
  await page.fill(id('yaml'), mock.config.yaml.replace('overflow: returns', 'overflow: nowhere'));
  await page.click(id('yaml-check'));
  await page.waitForSelector(id('faults'));
  await page.waitForTimeout(100);
  await shot('8-faults');
  await readable(page, 'faults');
  await page.goto(`${mock.url}/#/admin/people`);
  await page.waitForSelector(id('account'));
  await page.waitForTimeout(150);
  await shot('9-people');
  await readable(page, 'people');
  // A role is asked about before it is given, and a refusal stands until something else is tried.
  const box = (login: string, nth: number) => page.locator(`[data-login=${login}] input`).nth(nth);
  const ana = () => mock.config.accounts.find((a) => a.login === 'ana')?.roles;
  await box('ana', 2).click();
  await page.waitForSelector(id('sure'));
  await shot('9-role');
  await readable(page, 'role');
  await page.keyboard.press('Escape');
  expect([await box('ana', 2).isChecked(), ana()]).toEqual([false, ['agent', 'qa']]);
  await box('lin', 3).click();
  await page.click(id('sure-yes'));
  await page.waitForSelector(id('account-failed'));
  await page.waitForTimeout(200);
  expect([await page.locator(id('account-failed')).count(), await box('lin', 3).isChecked()]).toEqual([1, false]);
  await box('ana', 2).click();
  await page.click(id('sure-yes'));
  await page.waitForFunction(() => document.querySelectorAll<HTMLInputElement>('[data-login=ana] input')[2]?.checked);
  expect([await page.locator(id('account-failed')).count(), ana()]).toEqual([0, ['agent', 'qa', 'supervisor']]);
  expect(await box('boards', 3).isDisabled()).toBe(true);
  await page.click(id('account-add'));
  await page.fill('[data-testid=account-sheet] [name=login]', 'eva');
  await page.selectOption('[data-testid=account-sheet] select', 'mei');
  await page.click('[data-testid=account-sheet] [type=submit]');
  await page.waitForSelector(id('account-link'));
  mock.config.denied = true;
  await page.reload();
  await page.waitForSelector(id('set-denied'));
  expect(await page.locator('[role=alert] button').count()).toBe(0);
  await at.close();
  await mock.close();
  expect(mock.faults).toEqual([]);
  expect(complaints).toEqual([]);
});

test('two tabs, three columns, and a draft that another tab changes', async () => {
  mock = await startMock();
  const at = await context({ name: '', locale: 'en-GB', scheme: 'light', wide: true }, 1760);
  const page = await open(at, '/');
  await login(page);
  await twoChats(page, false);
  await page.keyboard.press('Alt+c');
  await page.keyboard.press('Alt+c');
  mock.centre.customerSays('customer-04de5', 'Do you have it in blue?');
  await page.waitForSelector(id('offer-card'));
  await page.keyboard.press('Alt+a');
  await page.waitForFunction(() => document.querySelectorAll('[data-testid=conversation]').length === 3);
  await page.keyboard.press('Alt+1');
  const first = [...mock.centre.contacts.values()][0];
  const box = page.locator(`[data-contact=${first?.id}] ${id('composer')}`);
  await box.fill('Mine, in the first tab');
  const other = await open(at, '/');
  await other.waitForSelector('[data-testid=desk][data-ready=true]');
  await other.keyboard.press('Alt+1');
  const there = other.locator(`[data-contact=${first?.id}] ${id('composer')}`);
  expect(await there.inputValue()).toBe('Mine, in the first tab');
  await page.bringToFront();
  await box.focus();
  await there.evaluate((node: HTMLTextAreaElement) => {
    node.value = 'Theirs, in the second';
    node.dispatchEvent(new InputEvent('input', { bubbles: true }));
  });
  await page.waitForSelector(id('draft-elsewhere'));
  expect(await box.inputValue()).toBe('Mine, in the first tab');
  await page.screenshot({ path: 'look/odd-5-three-columns.png' });
  expect(await hurdles(page)).toEqual([]);
  await page.click(`${id('draft-elsewhere')} button`);
  expect(await box.inputValue()).toBe('Theirs, in the second');
  mock.refuseFiles = 'media_type';
  await page.setInputFiles('[data-active=true] input[type=file]', {
    name: 'x.png',
    mimeType: 'image/png',
    buffer: Buffer.from('x'),
  });
  await page.waitForSelector('[data-testid=pending-files] [data-failed=true]');
  await at.close();
  await mock.close();
  expect(mock.faults).toEqual([]);
  expect(complaints).toEqual([]);
});
