// A real browser for the looks: contexts of each language, scheme and size; what a page complains of; and whether all may read it.
import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';

const flags = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
let browser: Browser;
export const complaints: string[] = [];

export async function begin(): Promise<void> {
  mkdirSync('look', { recursive: true });
  browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', headless: true, args: flags });
}

export async function end(): Promise<void> {
  await browser?.close();
}

export interface Look {
  name: string;
  locale: 'en-GB' | 'zh-CN';
  scheme: 'light' | 'dark';
  wide: boolean;
}

export const looks: Look[] = [
  { name: 'en-light-wide', locale: 'en-GB', scheme: 'light', wide: true },
  { name: 'zh-dark-wide', locale: 'zh-CN', scheme: 'dark', wide: true },
  { name: 'zh-light-phone', locale: 'zh-CN', scheme: 'light', wide: false },
  { name: 'en-dark-phone', locale: 'en-GB', scheme: 'dark', wide: false },
];

export async function context(look: Look, width = 1360): Promise<BrowserContext> {
  const viewport = look.wide ? { width, height: 820 } : { width: 390, height: 800 };
  return browser.newContext({
    locale: look.locale,
    colorScheme: look.scheme,
    viewport,
    hasTouch: !look.wide,
    isMobile: !look.wide,
  });
}

export async function open(at: BrowserContext, url: string): Promise<Page> {
  const page = await at.newPage();
  page.on('console', (line) => {
    if (line.type() === 'error' && !/401|403|404|409|415|422|503/.test(line.text())) complaints.push(line.text());
  });
  page.on('pageerror', (error) => complaints.push(String(error)));
  await page.goto(url);
  return page;
}

export async function login(page: Page): Promise<void> {
  await page.fill('[name=tenant]', 'demo');
  await page.fill('[name=login]', 'lin');
  await page.fill('[name=password]', 'a long enough password');
  await page.click('[data-testid=login-go]');
  await page.waitForSelector('[data-testid=desk][data-ready=true]');
}

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** What axe finds against WCAG 2.2 A and AA, as lines that name the place. */
export async function hurdles(page: Page): Promise<string[]> {
  // Evaluated by the debugger, which no content security policy binds.
  await page.evaluate(axe);
  return page.evaluate(async () => {
    const run = (window as unknown as { axe: { run: (at: Document, how: object) => Promise<{ violations: Finding[] }> } }).axe
      .run;
    interface Finding {
      id: string;
      nodes: { target: string[]; failureSummary: string }[];
    }
    const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];
    const found = await run(document, { runOnly: { type: 'tag', values: tags } });
    return found.violations.flatMap((v) =>
      v.nodes.map((n) => `${v.id} at ${n.target.join(' ')}: ${n.failureSummary.split('\n')[1]}`),
    );
  });
}
