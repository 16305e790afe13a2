// What the scenarios share: the browser, pages of people, what a page complains of, and pictures of it.
import { createInterface } from 'node:readline';
import { chromium } from '../../../dashboards/web/node_modules/playwright-core/index.mjs';

const { URL: url, PASSWORDS, SHOTS: shots, CHROMIUM: executablePath } = process.env;
const passwords = JSON.parse(PASSWORDS ?? '{}');

export const browser = await chromium.launch({
  executablePath,
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
});

/** What pages complained of. */
export const faults = [];

/** What the test that started this process says, line by line. */
export const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();

/** Refusals that are no faults: who is not logged in asks who they are. */
let expected = /^401 .*\/api\/me$/;
export const expect = (pattern) => {
  expected = pattern;
};

/** A page of a person with a browser of their own. */
export async function open(name, options) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, locale: 'en', reducedMotion: 'reduce', ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(20_000);
  page.on('pageerror', (e) => faults.push(`${name}: ${e.message}`));
  page.on('console', (m) => m.type() === 'error' && !/WebSocket|Failed to load resource|ERR_CONNECTION/.test(m.text()) && faults.push(`${name}: ${m.text()}`));
  page.on('response', (r) => {
    const line = `${r.status()} ${r.url()}`;
    if (r.status() >= 400 && !expected.test(line)) faults.push(`${name}: ${line}`);
  });
  return page;
}

/** Somebody of the demo centre, logged in. */
export async function enter(login, options) {
  const page = await open(login, options);
  await page.goto(`${url}/?tenant=demo`);
  await page.locator('input[name=login]').fill(login);
  await page.locator('input[name=password]').fill(passwords[login]);
  await page.locator(id('login-go')).click();
  await page.locator('.who').waitFor();
  return page;
}

/** A customer with the chat open. */
export async function visit(name, path, options) {
  const page = await open(name, { viewport: { width: 1000, height: 760 }, ...options });
  await page.goto(url + path);
  await page.locator(id('tw-open')).click();
  return page;
}

// Playwright looks through the widget's shadow root by itself.
export const id = (name) => `[data-testid="${name}"]`;
export const seen = (page, testid, hasText) => page.locator(id(testid)).filter({ hasText }).first();
export const count = (page, testid, hasText) => page.locator(id(testid)).filter({ hasText }).count();

export async function say(page, box, text) {
  await page.locator(id(box)).fill(text);
  await page.locator(id(box)).press('Enter');
}

/** A picture of the page, where pictures are wanted. */
export const shot = (page, name) => (shots ? page.screenshot({ path: `${shots}/${name}.png` }) : undefined);

/** Pictures in light and dark, wide and on a phone. */
export async function looks(page, name) {
  if (!shots) return;
  const wide = page.viewportSize();
  for (const colorScheme of ['light', 'dark']) {
    await page.emulateMedia({ colorScheme });
    for (const [size, viewport] of [['wide', wide], ['phone', { width: 390, height: 800 }]]) {
      await page.setViewportSize(viewport);
      await page.screenshot({ path: `${shots}/${name}-${colorScheme}-${size}.png` });
    }
  }
  await page.setViewportSize(wide);
}

/** Runs a scenario; the last line printed is JSON: what it returns, and the faults. */
export async function run(scenario) {
  let told = {};
  try {
    told = await scenario();
  } catch (e) {
    faults.push(String(e.stack ?? e));
    for (const [n, context] of browser.contexts().entries()) await shot(context.pages()[0], `failed-${n}`);
  } finally {
    console.log(JSON.stringify({ ...told, faults }));
    await browser.close();
  }
  process.exit(0);
}
