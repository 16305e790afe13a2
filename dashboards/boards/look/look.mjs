// Takes pictures of the boards: `LOOK_FRAMES=/tmp/f.json go test -count=1 -run Seeded ./dashboards/boards`, then
// `node dashboards/boards/look/look.mjs /tmp/f.json /tmp/pictures [part of a name]`. It uses the packages that are installed for the plugin.
// With `catalogue` for a name it takes those that the plugin shows of itself, and puts them into its src/img.
import { createRequire } from 'node:module';
import fs from 'node:fs';
import path from 'node:path';

const [framesFile, out, only = ''] = process.argv.slice(2);
const here = import.meta.dirname;
const modules = path.resolve(here, '../../plugin/node_modules');
const images = path.resolve(here, '../../plugin/src/img');
const require = createRequire(path.join(modules, 'x.js'));
const webpack = require('webpack');
const { chromium } = require('playwright-core');
fs.mkdirSync(out, { recursive: true });

await new Promise((resolve, reject) => webpack({
  mode: 'development', devtool: false, context: here, entry: './look.tsx', output: { path: out, filename: 'look.js', publicPath: '' }, performance: false,
  resolve: { extensions: ['.tsx', '.ts', '.mjs', '.js', '.json'], modules: [modules], fallback: { stream: false } },
  resolveLoader: { modules: [modules] }, cache: { type: 'filesystem', cacheDirectory: path.join(out, '.cache') },
  module: { rules: [
    { test: /\.tsx?$/, use: { loader: 'swc-loader', options: { jsc: { parser: { syntax: 'typescript', tsx: true }, target: 'es2022' } } } },
    { test: /\.(svg|png)$/, type: 'asset/inline' },
    { test: /\.css$/, type: 'asset/source' },
    { test: /\.m?js$/, type: 'javascript/auto', resolve: { fullySpecified: false } },
  ] },
}, (err, stats) => (err || stats.hasErrors() ? reject(err ?? new Error(stats.toString({ all: false, errors: true }))) : resolve())));

const { from, to, frames } = JSON.parse(fs.readFileSync(framesFile, 'utf8'));
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox'] });
const report = {};
const catalogue = [['wallboard.en', true, 1800, 'wallboard', 1028], ['queues.en', false, 1500, 'queues', 692]];
const all = [
  ['wallboard.en', true, 1920], ['wallboard.zh-CN', false, 1920], ['wallboard.en', false, 390], ['wallboard.zh-CN', true, 390], ['queues.en', false, 1600], ['queues.zh-CN', true, 1600],
  ['contacts.en', true, 1600], ['contacts.zh-CN', false, 1600], ['queues.en', true, 390],
].filter(([name, , width]) => `${name}-${width}`.includes(only));
for (const [name, dark, width, file, height] of only === 'catalogue' ? catalogue : all) {
  const page = await browser.newPage({ viewport: { width, height: height ?? 1080 } });
  const errors = [];
  page.on('pageerror', (e) => errors.push(String(e)));
  page.on('console', (m) => m.type() === 'error' && !/^Warning|ERR_NAME/.test(m.text()) && errors.push(m.text()));
  const board = JSON.parse(fs.readFileSync(path.join(here, '..', `${name}.json`), 'utf8'));
  await page.route('http://look.invalid/', (r) => r.fulfill({ contentType: 'text/html', body: '<style>body{margin:0}</style><div id="root"></div>' }));
  await page.goto('http://look.invalid/');
  await page.evaluate((look) => { window.look = look; }, { board, frames: frames[`${name}.json`], from, to, dark, width });
  await page.addScriptTag({ path: path.join(out, 'look.js') });
  await page.waitForTimeout(100); if (errors.length) console.log(errors);
  await page.waitForFunction(() => window.look.done || window.look.failed, undefined, { timeout: 20_000 });
  const { failed, links, unresolved } = await page.evaluate(() => window.look);
  const picture = `${name}-${dark ? 'dark' : 'light'}-${width}`;
  const shown = file ? { path: path.join(images, `${file}.png`) } : { path: path.join(out, `${picture}.png`), fullPage: true };
  await page.screenshot(shown);
  report[picture] = { failed, errors, unresolved: [...new Set(unresolved)], links };
  console.log(picture, failed ?? 'drawn', errors.length ? errors : '', unresolved.length ? unresolved : '', links.length, 'links');
  await page.close();
}
fs.writeFileSync(path.join(out, 'links.json'), JSON.stringify(report, null, 1));
await browser.close();
