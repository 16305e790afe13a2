// Takes pictures of every screen with a real browser against the mock server, for people to look at; and checks on the way that
// nothing broke the content security policy and that the pages sent no frame that the contract does not know.

import type { BrowserContext } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type MockServer, startMock } from '../mock/server';
import { begin, complaints, context, end, login, looks, open as openAt } from './browser';

let mock: MockServer;
const open = (at: BrowserContext, path: string) => openAt(at, mock.url + path);

beforeAll(begin);
afterAll(end);

test.each(looks)('the workspace: $name', async (look) => {
  mock = await startMock();
  mock.centre.offerMs = 60_000;
  const at = await context(look);
  const page = await open(at, '/');
  const shot = (name: string) => page.screenshot({ path: `look/${look.name}-${name}.png` });
  await page.waitForSelector('[data-testid=login-form]');
  await shot('1-login');
  await login(page);
  await shot('2-empty');
  await page.selectOption('[data-testid=status-select]', 'available');
  mock.centre.customerSays(
    'customer-7f3a2',
    look.locale === 'zh-CN' ? '你好，我的茶壶碎了一个口。' : 'Hello, my teapot arrived with a crack.',
  );
  await page.waitForSelector('[data-testid=offer-card]');
  await page.waitForTimeout(300);
  await shot('3-offer');
  await page.keyboard.press('Alt+a');
  await page.waitForSelector('[data-testid=composer]');
  await page.fill(
    '[data-testid=composer]',
    look.locale === 'zh-CN'
      ? '您好，很抱歉！请问方便发一下订单号吗？'
      : 'Hello, I am sorry to hear that. Could you give me the order number?',
  );
  await page.keyboard.press('Enter');
  await page.waitForSelector('[data-testid=message][data-author=agent][data-state=sent]');
  const contact = [...mock.centre.contacts.values()][0];
  if (!contact) throw new Error('no contact');
  for (const m of contact.messages) mock.centre.mark(contact, m.id, 'read');
  mock.centre.customerSays('customer-7f3a2', '20881-3');
  mock.centre.customerSays(
    'customer-7f3a2',
    look.locale === 'zh-CN'
      ? '昨天晚上刚收到的，包装看起来没有问题。'
      : 'It came last night; the box itself looked fine, so I think it was packed like that.',
  );
  mock.centre.customerSays('customer-b81c9', 'Can I still change the address of my order?');
  await page.waitForSelector('[data-testid=offer-card]');
  await page.keyboard.press('Alt+a');
  await page.waitForFunction(() => document.querySelectorAll('[data-testid=chat-item]').length === 2);
  mock.centre.agentSays(
    contact,
    look.locale === 'zh-CN'
      ? '谢谢。我马上为您安排换货，新茶壶预计周四送达。'
      : 'Thank you. I am sending you a new pot today; it should be with you on Thursday.',
  );
  mock.centre.customerSays('customer-7f3a2', look.locale === 'zh-CN' ? '太好了，谢谢！' : 'Great, thank you!');
  await page.waitForTimeout(300);
  await shot('4-second-chat');
  if (!look.wide) {
    await page.click('.phone');
    await page.waitForTimeout(150);
    await shot('5-list');
  }
  await page.click('[data-testid=chat-item] >> nth=0');
  await page.fill('[data-testid=composer]', look.locale === 'zh-CN' ? '还有什么可以帮您？' : 'Is there anything else');
  await page.waitForTimeout(300);
  await shot('5-two-chats');
  if (!look.wide) {
    await page.click('.talk .narrow:not(.phone)');
    await page.waitForTimeout(300);
    await page.screenshot({ path: `look/${look.name}-6-details.png` });
    await page.click('.info .narrow');
  }
  mock.mute = true;
  mock.drop();
  await page.fill('[data-testid=composer]', 'Not lost');
  await page.keyboard.press('Enter');
  await page.waitForSelector('.notice.warn');
  await shot('7-lost');
  mock.mute = false;
  await page.waitForSelector('[data-testid=message][data-author=agent][data-state=sent] >> text=Not lost', { timeout: 40_000 });
  expect(mock.centre.said.filter((s) => s === 'Not lost')).toHaveLength(1);
  await page.click('[data-testid=end-contact]');
  await page.waitForSelector('[data-testid=wrap-up-code]');
  await page.waitForTimeout(200);
  await shot('8-wrap-up');
  await page.selectOption('[data-testid=wrap-up-code]', 'resolved');
  await page.click('[data-testid=wrap-up-done]');
  await page.waitForFunction(() => document.querySelectorAll('[data-testid=chat-item]').length === 1);
  await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur());
  await page.keyboard.press('?');
  await page.waitForSelector('[data-testid=shortcuts]');
  await shot('9-shortcuts');
  await at.close();
  await mock.close();
  expect(mock.faults).toEqual([]);
  expect(complaints).toEqual([]);
});

test.each(looks)('the widget: $name', async (look) => {
  mock = await startMock();
  const at = await context(look);
  const page = await open(at, '/demo/');
  const shot = (name: string) => page.screenshot({ path: `look/${look.name}-widget-${name}.png` });
  await page.waitForSelector('[data-testid=tw-open]');
  await shot('1-shop');
  await page.click('[data-testid=tw-open]');
  await page.waitForSelector('[data-testid=tw-state][data-lost=false]');
  await page.waitForTimeout(400);
  await page.fill(
    '[data-testid=tw-input]',
    look.locale === 'zh-CN' ? '你好，我想换货' : 'Hello, I would like to return something',
  );
  await page.keyboard.press('Enter');
  await page.waitForSelector('[data-testid=tw-state][data-state=waiting]');
  await shot('2-waiting');
  const contact = [...mock.centre.contacts.values()][0];
  if (!contact) throw new Error('no contact');
  mock.centre.assign(contact);
  mock.centre.agentSays(contact, look.locale === 'zh-CN' ? '您好！请问是哪一件商品？' : 'Hello! Of course. Which item is it?');
  mock.loseNextAnswer = true;
  await page.fill(
    '[data-testid=tw-input]',
    look.locale === 'zh-CN' ? '是旅行茶具，杯子少了一个。' : 'The travel set: one of the cups was missing.',
  );
  await page.click('[data-testid=tw-send]');
  await page.waitForFunction(
    () => document.querySelector('tributary-chat')?.shadowRoot?.querySelectorAll('[data-testid=tw-message]').length === 3,
  );
  await page.waitForSelector('[data-testid=tw-state][data-lost=false]');
  await page.waitForTimeout(900);
  expect(await page.locator('[data-testid=tw-message]').count()).toBe(3);
  expect(contact.messages.filter((m) => m.author === 'customer')).toHaveLength(2);
  expect(contact.messages.find((m) => m.author === 'agent')?.state).toBe('read');
  await shot('3-assigned');
  await page.reload();
  await page.waitForSelector('[data-testid=tw-open]');
  await page.click('[data-testid=tw-open]');
  await page.waitForFunction(
    () => document.querySelector('tributary-chat')?.shadowRoot?.querySelectorAll('[data-testid=tw-message]').length === 3,
  );
  await page.click('[data-testid=tw-end]');
  await shot('4-end');
  await page.click('[data-testid=tw-end-yes]');
  await page.waitForSelector('[data-testid=tw-state][data-state=ended]');
  expect(await at.cookies()).toEqual([]);
  await at.close();
  await mock.close();
  expect(mock.faults).toEqual([]);
  expect(complaints).toEqual([]);
});

test('odd moments', async () => {
  mock = await startMock();
  mock.historyLate = true;
  mock.centre.offerMs = 1_500;
  const at = await context({ name: '', locale: 'en-GB', scheme: 'light', wide: true });
  const page = await open(at, '/first#link=abc');
  await page.waitForSelector('[data-testid=first-form]');
  expect(page.url()).not.toContain('abc');
  await page.fill('[name=login]', 'lin');
  await page.fill('[name=password]', 'short');
  await page.fill('[name=again]', 'short');
  await page.click('[data-testid=first-go]');
  await page.screenshot({ path: 'look/odd-1-first.png' });
  await page.fill('[name=password]', 'long enough for all');
  await page.fill('[name=again]', 'long enough for all');
  await page.click('[data-testid=first-go]');
  await page.click('[data-testid=first-login]');
  await login(page);
  await page.selectOption('[data-testid=status-select]', 'available');
  const lines = Array.from({ length: 40 }, (_, i) => `Line ${i + 1} of a long story.`);
  for (const line of lines) mock.centre.customerSays('customer-04de5', line);
  await page.waitForSelector('[data-testid=status-back]');
  await page.screenshot({ path: 'look/odd-2-away.png' });
  mock.centre.offerMs = 60_000;
  mock.doubled = true;
  await page.click('[data-testid=status-back]');
  await page.click('[data-testid=offer-accept]');
  await page.waitForSelector('[data-testid=message] >> text=Line 40 of a long story.');
  expect(await page.locator('[data-testid=message]').count()).toBe(40);
  // What another queue is told to have draws no message anew: each drawing writes its time.
  await page.evaluate(() => {
    const { toISOString } = Date.prototype;
    Date.prototype.toISOString = function () {
      document.body.dataset.drawn = String(Number(document.body.dataset.drawn ?? 0) + 1);
      return toISOString.call(this);
    };
  });
  mock.centre.tell({
    type: 'queue',
    queue: { id: 'returns', name: 'Returns', waiting: 77, oldest_ms: 0, mine: true, open: true },
  });
  await page.waitForSelector('[data-testid=queue-item][data-waiting="77"]');
  expect(await page.evaluate(() => document.body.dataset.drawn)).toBeUndefined();
  mock.refuseSends = 'invalid';
  await page.fill('[data-testid=composer]', 'This will be refused');
  await page.keyboard.press('Enter');
  await page.waitForSelector('[data-testid=send-again]');
  await page.fill('[data-testid=composer]', 'A draft that stays');
  await page.setViewportSize({ width: 980, height: 720 });
  await page.waitForTimeout(200);
  await page.screenshot({ path: 'look/odd-3-refused-narrow.png' });
  mock.refuseSends = '';
  await page.click('[data-testid=send-again]');
  await page.waitForSelector('[data-testid=message][data-state=sent] >> text=This will be refused');
  await page.reload();
  await page.waitForSelector('[data-testid=composer]');
  expect(await page.inputValue('[data-testid=composer]')).toBe('A draft that stays');
  await page.waitForSelector('[data-testid=history-late]', { state: 'attached' });
  mock.loseNextAnswer = true;
  await page.keyboard.press('Enter');
  await page.waitForSelector('[data-testid=message][data-state=sent] >> text=A draft that stays');
  await page.click('[data-testid=end-contact]');
  await page.waitForSelector('[data-testid=wrap-up]');
  expect(mock.centre.said).toEqual(['This will be refused', 'A draft that stays']);
  await page.setViewportSize({ width: 1360, height: 820 });
  mock.centre.customerSays('customer-c6a10', 'Hello?');
  await page.waitForSelector('[data-testid=offer-card]');
  await page.waitForTimeout(300);
  await page.screenshot({ path: 'look/odd-4-offer-over-wrap-up.png' });
  await page.click('[data-testid=logout]');
  await page.waitForSelector('[data-testid=login-form]');
  expect(await page.evaluate(() => Object.keys(localStorage).filter((k) => k.startsWith('tributary.demo')))).toEqual([]);
  await at.close();
  await mock.close();
  expect(mock.faults).toEqual([]);
  expect(complaints).toEqual([]);
});
