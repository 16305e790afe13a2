// Pictures of the page that shows one conversation, what it says where there is none to show, and whether all may read it.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startMock } from '../mock/server';
import { begin, complaints, context, end, hurdles, looks, open } from './browser';

beforeAll(begin);
afterAll(end);

async function logIn(page: import('playwright-core').Page) {
  await page.fill('[name=tenant]', 'demo');
  await page.fill('[name=login]', 'lin');
  await page.fill('[name=password]', 'a long enough password');
  await page.click('[data-testid=login-go]');
}

for (const look of looks) {
  test(`a conversation, ${look.name}`, async () => {
    const mock = await startMock();
    mock.roles = ['qa'];
    const at = await context(look);
    const page = await open(at, `${mock.url}/conversations/told?tenant=demo`);
    await page.waitForSelector('[data-testid=login-form]');
    await logIn(page);
    // Whoever was led here lands here.
    await page.waitForSelector('[data-testid=told][data-state=there]');
    expect(new URL(page.url()).pathname).toBe('/conversations/told');
    expect(await page.locator('[data-testid=message]').count()).toBe(8);
    expect(await page.locator('[data-testid=chapter]').count()).toBe(2);
    expect(await page.locator('[data-testid=show-masked]').count()).toBe(0);
    const shot = (name: string) => page.screenshot({ path: `look/${look.name}-told-${name}.png` });
    expect(await hurdles(page)).toEqual([]);
    if (!look.wide) {
      await shot('1-messages');
      await page.focus('[data-testid=told-tab-log]');
      await page.keyboard.press('ArrowRight');
    }
    await page.waitForSelector('[data-testid=told-who] .facts, [data-testid=told-who] .quiet');
    const why = page.locator('[data-testid=told-why] summary').first();
    await why.focus();
    await page.keyboard.press('Enter');
    await page.waitForSelector('[data-testid=told-decision][data-state=accepted]');
    await page.waitForTimeout(200);
    await shot('2-page');
    await page.evaluate(() => document.querySelector('[data-testid=told-why]')?.scrollIntoView());
    await shot('3-why');
    expect(await hurdles(page)).toEqual([]);
    const fits = () =>
      [document.documentElement, document.querySelector('.reader')].every(
        (node) => node && node.scrollWidth <= innerWidth && node.scrollHeight <= innerHeight,
      );
    expect(await page.evaluate(fits)).toBe(true);
    for (const id of ['denied', 'nothing', 'late']) {
      await page.goto(`${mock.url}/conversations/${id}`);
      await page.waitForSelector('[data-testid=told-not]');
      await shot(`4-${id}`);
      expect(await hurdles(page)).toEqual([]);
    }
    await at.close();
    await mock.close();
    expect(mock.faults).toEqual([]);
    expect(complaints).toEqual([]);
  });
}

test.each(looks)('who has no desk opens a conversation by its id: $name', async (look) => {
  const mock = await startMock();
  mock.roles = ['qa'];
  mock.centre.agent.id = '';
  const at = await context(look);
  const page = await open(at, mock.url);
  await logIn(page);
  await page.waitForSelector('[data-testid=open-conversation]');
  await page.fill('[name=conversation]', `${mock.url}/conversations/told?tenant=demo`);
  await page.screenshot({ path: `look/${look.name}-told-0-open.png` });
  expect(await hurdles(page)).toEqual([]);
  await page.keyboard.press('Enter');
  await page.waitForSelector('[data-testid=told][data-state=there]');
  await at.close();
  await mock.close();
  expect(complaints).toEqual([]);
});

test('a long conversation comes page by page, and the place does not move', async () => {
  const mock = await startMock();
  const look = looks[0];
  if (!look) throw new Error('no look');
  const at = await context(look);
  const page = await open(at, `${mock.url}/conversations/long`);
  await logIn(page);
  await page.waitForSelector('[data-testid=told][data-state=there]');
  const count = () => page.locator('[data-testid=message]').count();
  expect(await count()).toBe(100);
  const top = () => page.evaluate(() => document.querySelector('[data-message=told-m131]')?.getBoundingClientRect().top ?? -1);
  const before = await top();
  await page.click('[data-testid=told-older]');
  await page.waitForSelector('[data-message=told-m31]', { state: 'attached' });
  expect(await count()).toBe(200);
  // The chapter's head went up with the first message: its height is all that may change.
  expect(Math.abs((await top()) - before)).toBeLessThan(80);
  await page.evaluate(() => document.querySelector('[data-testid=told-log]')?.scrollTo(0, 0));
  await page.click('[data-testid=told-older]');
  await page.waitForSelector('[data-message=told-m1]', { state: 'attached' });
  expect(await count()).toBe(230);
  expect(await page.locator('[data-testid=told-older]').count()).toBe(0);
  // A server that knows the messages alone shows them.
  await page.goto(`${mock.url}/conversations/bare`);
  await page.waitForSelector('[data-testid=told][data-state=there]');
  expect(await count()).toBe(8);
  await page.screenshot({ path: 'look/odd-6-told-bare.png' });
  // Logging out and in again leads back.
  await page.click('[data-testid=logout]');
  await page.waitForSelector('[data-testid=login-form]');
  await logIn(page);
  await page.waitForSelector('[data-testid=told][data-state=there]');
  expect(new URL(page.url()).pathname).toBe('/conversations/bare');
  await at.close();
  await mock.close();
  expect(mock.faults).toEqual([]);
  expect(complaints).toEqual([]);
});
