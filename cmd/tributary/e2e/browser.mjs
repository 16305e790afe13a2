// One customer and one agent in a real browser. The test that starts it kills the server when told "kill" and says "restarted"
// on standard input when it runs again. The last line printed is JSON: what each saw.
import { createInterface } from 'node:readline';
import { chromium } from '../../../dashboards/web/node_modules/playwright-core/index.mjs';

const { URL: url, AGENT: login, PASSWORD: password, SHOTS: shots, CHROMIUM: executablePath } = process.env;
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const browser = await chromium.launch({
  executablePath,
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
});
const faults = [];

async function open(name, options) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, locale: 'en', reducedMotion: 'reduce', ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(20_000);
  page.on('pageerror', (e) => faults.push(`${name}: ${e.message}`));
  page.on('console', (m) => m.type() === 'error' && !/WebSocket|Failed to load resource|ERR_CONNECTION/.test(m.text()) && faults.push(`${name}: ${m.text()}`));
  return page;
}

const shot = (page, name) => (shots ? page.screenshot({ path: `${shots}/${name}.png` }) : undefined);
const id = (name) => `[data-testid="${name}"]`;
// Playwright looks through the widget's shadow root by itself.
const count = (page, testid, text) => page.locator(id(testid)).filter({ hasText: text }).count();

async function say(page, box, text) {
  await page.locator(id(box)).fill(text);
  await page.locator(id(box)).press('Enter');
}

try {
  const agent = await open('agent');
  await agent.goto(`${url}/?tenant=demo`);
  await agent.locator('input[name=login]').fill(login);
  await agent.locator('input[name=password]').fill(password);
  await agent.locator(id('login-go')).click();
  await agent.locator(id('status-select')).selectOption('available');

  const customer = await open('customer', { viewport: { width: 1000, height: 760 } });
  await customer.goto(`${url}/demo/`);
  await customer.locator(id('tw-open')).click();
  await say(customer, 'tw-input', 'Where is my card? Call me on 13800138000');

  await agent.locator(id('offer-card')).waitFor();
  await shot(agent, 'offer');
  await agent.locator(id('offer-accept')).click();
  await agent.locator(id('message')).filter({ hasText: 'Where is my card?' }).waitFor();
  await say(agent, 'composer', 'It is on its way, Wednesday at the latest.');
  await customer.locator(id('tw-message')).filter({ hasText: 'Wednesday' }).waitFor();
  await shot(agent, 'answered');
  await shot(customer, 'customer');

  // Written while nobody listens: the pages keep it and send it when the server is back.
  console.log('kill');
  await lines.next();
  await say(customer, 'tw-input', 'Are you still there?');
  await agent.locator(id('message')).filter({ hasText: 'still there' }).waitFor();
  await say(agent, 'composer', 'Yes, I never left.');
  await customer.locator(id('tw-message')).filter({ hasText: 'never left' }).waitFor();
  await customer.reload();
  await customer.locator(id('tw-message')).filter({ hasText: 'never left' }).waitFor({ timeout: 20_000 }).catch(async () => {
    await customer.locator(id('tw-open')).click();
    await customer.locator(id('tw-message')).filter({ hasText: 'never left' }).waitFor();
  });
  await shot(customer, 'customer-after');
  await shot(agent, 'agent-after');

  await agent.locator(id('end-contact')).click();
  const sure = agent.locator(id('end-contact-yes'));
  if (await sure.count()) await sure.click();
  await agent.locator(id('wrap-up-code')).selectOption({ index: 1 });
  await shot(agent, 'wrap-up');
  await agent.locator(id('wrap-up-done')).click();
  await customer.locator(id('tw-state')).filter({ hasText: /ended|over/i }).waitFor();

  console.log(JSON.stringify({
    faults,
    customer: {
      card: await count(customer, 'tw-message', 'Where is my card?'),
      wednesday: await count(customer, 'tw-message', 'Wednesday'),
      still: await count(customer, 'tw-message', 'still there'),
      never: await count(customer, 'tw-message', 'never left'),
    },
  }));
} catch (e) {
  console.log(JSON.stringify({ faults: [...faults, String(e.stack ?? e)] }));
} finally {
  await browser.close();
}
process.exit(0);
