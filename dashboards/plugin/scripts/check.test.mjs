// The checks find what is wrong: each case breaks a copy of the built dist/ in one way and expects the fault that names it. It runs after
// `npm run build`: `npm run check:test`.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { filesOf, root } from './files.mjs';
import { readZip, writeZip } from './zipfile.mjs';

const built = path.join(root, 'dist');

function check(change, ...args) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'plugin-'));
  const dist = path.join(folder, 'dist');
  try {
    fs.cpSync(built, dist, { recursive: true, filter: (name) => !path.basename(name).startsWith('gpx_') });
    change(dist);
    const { status, stderr } = spawnSync(
      process.execPath,
      [path.join(root, 'scripts/check.mjs'), ...(args.length > 0 ? args : ['--front'])],
      {
        env: { ...process.env, PLUGIN_DIST: dist, PLUGIN_BIN: folder },
        encoding: 'utf8',
      }
    );
    return { status, stderr };
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
}

const inJson = (file, change) => (dist) => {
  const name = path.join(dist, file);
  const json = JSON.parse(fs.readFileSync(name, 'utf8'));
  change(json);
  fs.writeFileSync(name, JSON.stringify(json));
};
const write = (file, text) => (dist) => {
  fs.mkdirSync(path.dirname(path.join(dist, file)), { recursive: true });
  fs.writeFileSync(path.join(dist, file), text);
};
const remove = (file) => (dist) => fs.rmSync(path.join(dist, file), { recursive: true });

test('what was built is without fault', () => {
  assert.deepEqual(
    check(() => undefined),
    { status: 0, stderr: '' }
  );
});

const cases = {
  'an unknown key': [inJson('plugin.json', (json) => (json.dashboard = true)), /dashboard is not in the schema/],
  'a placeholder': [inJson('plugin.json', (json) => (json.info.version = '%VERSION%')), /placeholder/],
  'another version': [inJson('datasource/plugin.json', (json) => (json.info.version = '9.9.9')), /9\.9\.9/],
  'an id of another type': [
    inJson('plugin.json', (json) => (json.id = 'tributarycc-tributary-panel')),
    /does not end with its type/,
  ],
  'a logo that is not there': [remove('datasource/img/logo.svg'), /datasource.*the image img\/logo\.svg/],
  'a logo with a script': [write('img/logo.svg', '<svg><script>1</script></svg>'), /holds <script>/],
  'an app without pictures': [inJson('plugin.json', (json) => (json.info.screenshots = [])), /screenshots is empty/],
  'a picture that is not there': [remove('img/wallboard.png'), /the image img\/wallboard\.png/],
  'a picture without a name': [
    inJson('plugin.json', (json) => delete json.info.screenshots[0].name),
    /img\/wallboard\.png has no name/,
  ],
  'a picture that is none': [write('img/queues.png', 'x'), /img\/queues\.png: is no PNG/],
  'a picture that is too large': [write('img/queues.png', 'x'.repeat(151 * 1024)), /img\/queues\.png: is larger/],
  'a link without https': [inJson('plugin.json', (json) => (json.info.links[0].url = 'http://x')), /must be https/],
  'one Grafana only': [
    inJson('plugin.json', (json) => (json.dependencies.grafanaDependency = '12.0.0')),
    /one version only/,
  ],
  'a language without words': [remove('locales/zh-Hans'), /the language zh-Hans has no/],
  'a nested plugin that is not named': [
    inJson('plugin.json', (json) => (json.includes = json.includes.filter((one) => one.type !== 'datasource'))),
    /does not name datasource\/plugin\.json/,
  ],
  'a board that is not there': [
    inJson('plugin.json', (json) => json.includes.push({ type: 'dashboard', name: 'x', path: 'dashboards/x.json' })),
    /dashboards\/x\.json, which is not there/,
  ],
  'a board that nothing names': [
    write('dashboards/y.json', '{"uid":"tributary-y","title":"Y"}'),
    /no include of plugin\.json names it/,
  ],
  'a page elsewhere': [inJson('plugin.json', (json) => (json.includes[0].path = '/a/other')), /is not under/],
  'no module': [remove('datasource/module.js'), /datasource\/module\.js: is missing/],
  'no source map': [remove('module.js.map'), /module\.js\.map: is missing/],
  'a module that Grafana does not share': [
    write('module.js', 'define(["react","left-pad"],(function(){}))'),
    /left-pad/,
  ],
  'a signature': [write('MANIFEST.txt', 'x'), /MANIFEST\.txt/],
  'a README with comments': [write('README.md', `<!-- x -->${'x'.repeat(600)}`), /holds comments/],
  'a README with a relative link': [
    write('README.md', `[x](docs/x.md) ${'x'.repeat(600)}`),
    /docs\/x\.md is not a whole/,
  ],
  'another licence': [write('LICENSE', 'MIT'), /LICENSE/],
  'an old changelog': [write('CHANGELOG.md', '# Changelog'), /says nothing of/],
  'alerting without a backend': [inJson('datasource/plugin.json', (json) => (json.backend = false)), /go together/],
};
for (const [name, [change, fault]] of Object.entries(cases)) {
  test(`finds ${name}`, () => {
    const { status, stderr } = check(change);
    assert.match(stderr, fault);
    assert.equal(status, 1);
  });
}

const linux = 'datasource/gpx_tributary_linux_amd64';
const executable = (bytes, mode) => (dist) => fs.writeFileSync(path.join(dist, linux), bytes, { mode });
for (const [name, change, fault] of [
  ['an executable that is missing', () => undefined, /no executable for linux\/amd64/],
  ['one of another system', executable('MZ..', 0o755), /is not an executable of linux/],
  ['one that may not be run', executable('\x7fELF', 0o644), /0755/],
]) {
  test(`finds ${name}`, () => {
    assert.match(check(change, '--platforms', 'linux/amd64').stderr, fault);
  });
}

/** An executable and the zip of it all, as it is made for one platform; then a change. */
const packed = (change) => (dist) => {
  executable('\x7fELF', 0o755)(dist);
  const { id, info } = JSON.parse(fs.readFileSync(path.join(dist, 'plugin.json'), 'utf8'));
  const files = filesOf(dist).map(({ name, full }) => ({
    name: `${id}/${name}`,
    mode: name === linux ? 0o755 : 0o644,
    data: fs.readFileSync(full),
  }));
  fs.writeFileSync(path.join(dist, '..', `${id}-${info.version}.zip`), writeZip(files));
  change(dist);
};
const nothing = () => undefined;
const other = (dist) => fs.appendFileSync(path.join(dist, 'LICENSE'), '\n');

test('the zip is checked whatever platforms it was made for, and may be missing unless it was for all', () => {
  const one = ['--platforms', 'linux/amd64'];
  assert.deepEqual(check(packed(nothing), ...one), { status: 0, stderr: '' });
  assert.deepEqual(check(executable('\x7fELF', 0o755), ...one), { status: 0, stderr: '' });
  assert.match(check(packed(other), ...one).stderr, /LICENSE: is another in the zip than in dist/);
  assert.match(check(packed(nothing), '--all').stderr, /no executable for windows/);
  assert.match(check(executable('\x7fELF', 0o755), '--all').stderr, /\.zip: is not there/);
  assert.doesNotMatch(check(packed(other)).stderr, /zip/);
});

test('a zip holds its files as they were, sorted, and is the same each time', () => {
  const files = [
    { name: 'x/b', mode: 0o755, data: Buffer.from('bb'.repeat(1000)) },
    { name: 'x/a 文', mode: 0o644, data: Buffer.from('a') },
  ];
  const zip = writeZip(files);
  assert.deepEqual(zip, writeZip([...files].reverse()));
  assert.deepEqual(
    readZip(zip).map(({ name, mode, data }) => [name, mode & 0o777, data.toString()]),
    [
      ['x/a 文', 0o644, 'a'],
      ['x/b', 0o755, 'bb'.repeat(1000)],
    ]
  );
});
