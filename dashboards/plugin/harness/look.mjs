// Takes pictures of the plugin's pages and editors, as built, in Chromium: light and dark, English and Chinese, into look/. Run it
// after `npm run build`: `npm run look`, or `npm run look -- query` for the scenes whose name begins so. It fails where the page logs an
// error. CHROMIUM names another browser than /usr/bin/chromium.
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { chromium } from '@playwright/test';
import webpack from 'webpack';
import config from './webpack.config.mjs';

const root = path.resolve(import.meta.dirname, '..');
const out = path.join(root, 'look');
const wanted = process.argv[2] ?? '';
const app = '/public/plugins/tributarycc-tributary-app/';

const page = `<!doctype html><meta charset="utf-8"><title>look</title><div id="root"></div>
<script>process = { env: { NODE_ENV: 'production' } };
window.grafanaBootData = { settings: { buildInfo: {}, featureToggles: {} }, user: {}, navTree: [] };</script>
<script src="/systemjs/system.js"></script><script src="/systemjs/extras/amd.js"></script><script src="/harness/shell.js"></script>`;

const folders = {
  '/systemjs/': 'node_modules/systemjs/dist/',
  '/harness/': 'harness/dist/',
  [app]: 'dist/',
  '/public/build/img/': 'node_modules/@grafana/ui/dist/public/img/',
  '/public/img/': 'node_modules/@grafana/ui/dist/public/img/',
  '/img/': 'node_modules/@grafana/ui/dist/public/img/',
};
const types = { '.js': 'text/javascript', '.json': 'application/json', '.svg': 'image/svg+xml' };

function serve(request, response) {
  const { pathname } = new URL(request.url, 'http://localhost');
  if (pathname === '/') {
    response.setHeader('content-type', 'text/html');
    return response.end(page);
  }
  for (const [prefix, folder] of Object.entries(folders)) {
    const file = path.join(root, folder, path.posix.normalize(pathname.slice(prefix.length)));
    if (pathname.startsWith(prefix) && fs.existsSync(file) && fs.statSync(file).isFile()) {
      response.setHeader('content-type', types[path.extname(file)] ?? 'application/octet-stream');
      return response.end(fs.readFileSync(file));
    }
  }
  response.statusCode = 404;
  return response.end();
}

async function build() {
  const stats = await new Promise((resolve, reject) =>
    webpack(config).run((error, done) => (error ? reject(error) : resolve(done)))
  );
  if (stats.hasErrors()) {
    throw new Error(stats.toString({ all: false, errors: true }));
  }
}

async function main() {
  await build();
  const { scenes } = await scenesOf();
  const server = http.createServer(serve).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const url = `http://127.0.0.1:${server.address().port}/`;
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox'],
  });
  fs.mkdirSync(out, { recursive: true });
  const faults = [];
  for (const scene of scenes.filter(({ name }) => name.startsWith(wanted))) {
    for (const [mode, language, grafana] of [
      ['light', 'en-US', '12.4.2'],
      ['dark', 'zh-Hans', '12.4.2'],
      ['light', 'zh-Hans', '12.0.0'],
    ]) {
      const name = `${scene.name}.${language}.${mode}`;
      const tab = await browser.newPage({ viewport: { width: 1100, height: 560 } });
      tab.on(
        'console',
        (message) =>
          message.type() === 'error' && !/404/.test(message.text()) && faults.push(`${name}: ${message.text()}`)
      );
      tab.on('pageerror', (error) => faults.push(`${name}: ${error}`));
      await tab.goto(url);
      await tab.evaluate((args) => window.show(...args), [scene, mode, language, grafana]);
      await tab.waitForLoadState('networkidle');
      if (scene.open) {
        await tab.click(scene.open);
      }
      await tab.evaluate(() => new Promise((done) => setTimeout(done, 150)));
      await tab.screenshot({ path: path.join(out, `${name}.png`), fullPage: true });
      await tab.close();
    }
  }
  await browser.close();
  server.close();
  for (const fault of faults) {
    console.error(fault);
  }
  console.log(`${fs.readdirSync(out).length} pictures in look/, ${faults.length} errors on the pages`);
  process.exitCode = faults.length > 0 ? 1 : 0;
}

/** scenes.ts is also read by the shell: its types are stripped here. */
async function scenesOf() {
  const swc = await import('@swc/core');
  const { code } = await swc.transformFile(path.join(import.meta.dirname, 'scenes.ts'), {
    jsc: { target: 'es2022', parser: { syntax: 'typescript' } },
    module: { type: 'es6' },
  });
  return import(`data:text/javascript,${encodeURIComponent(code)}`);
}

await main();
