// Checks dist/, and the zip made of it, against the rules that Grafana's plugin validator and plugin.json's published schema set and that
// can be told without their services, and against the contracts between this plugin's own parts. It names every fault it finds.
//
//   node scripts/check.mjs                              everything that a release has: five executables and the zip
//   node scripts/check.mjs --platforms linux/amd64      only this executable, and the zip if it is there
//   node scripts/check.mjs --front                      the front end alone, before anything else is built
import fs from 'node:fs';
import path from 'node:path';
import { PLATFORMS, dist, executableName, filesOf, readJson, root, zipPath } from './files.mjs';
import { fileRules, pictureRules, readmeRules, svgRules } from './rules-files.mjs';
import { metadataRules } from './rules-metadata.mjs';
import { readZip } from './zipfile.mjs';

const front = process.argv.includes('--front');
const named = process.argv.indexOf('--platforms');
const platforms = front ? [] : named > 0 ? process.argv[named + 1].split(/[\s,]+/) : PLATFORMS;

const faults = [];
const fault = (where, what) => faults.push(`${where}: ${what}`);
const at = (...parts) => path.join(dist, ...parts);
const exists = (name) => fs.existsSync(at(name));

/** Each plugin.json in dist/, the app's own first. */
function plugins() {
  return filesOf(dist)
    .filter(({ name }) => path.posix.basename(name) === 'plugin.json')
    .map(({ name }) => ({ file: name, folder: path.posix.dirname(name), plugin: readJson(at(name)) }))
    .sort((a, b) => a.file.length - b.file.length);
}

function checkNested([app, ...nested]) {
  if (app?.file !== 'plugin.json') {
    fault('dist', 'no plugin.json at the top');
    return;
  }
  for (const { file, plugin } of nested) {
    const include = app.plugin.includes?.find((one) => one.path === file);
    if (include?.type !== plugin.type) {
      fault('plugin.json', `includes does not name ${file} with the type ${plugin.type}`);
    }
    if (plugin.info.version !== app.plugin.info.version) {
      fault(file, `version ${plugin.info.version} is not the app's ${app.plugin.info.version}`);
    }
  }
}

function checkBoards({ includes = [] }) {
  const included = includes.filter(({ type }) => type === 'dashboard').map((one) => one.path);
  const there = filesOf(dist)
    .filter(({ name }) => name.startsWith('dashboards/'))
    .map(({ name }) => name);
  included
    .filter((name) => !there.includes(name))
    .forEach((name) => fault('plugin.json', `includes ${name}, which is not there`));
  there.filter((name) => !included.includes(name)).forEach((name) => fault(name, 'no include of plugin.json names it'));
  for (const name of there) {
    const board = readJson(at(name));
    if (!board.uid?.startsWith('tributary-') || !board.title) {
      fault(name, 'has no title, or a uid that does not begin with tributary-');
    }
  }
}

const MAGIC = {
  linux: (head) => head.subarray(0, 4).equals(Buffer.from('\x7fELF', 'latin1')),
  darwin: (head) => head.readUInt32LE(0) === 0xfeedfacf,
  windows: (head) => head.subarray(0, 2).toString('latin1') === 'MZ',
};

function checkExecutables({ file, folder, plugin }) {
  if (!plugin.backend !== !plugin.executable || (plugin.alerting && !plugin.backend)) {
    fault(file, 'backend, executable and alerting go together');
  }
  if (!plugin.executable) {
    return;
  }
  for (const platform of platforms) {
    const name = path.posix.join(folder, executableName(plugin.executable, platform));
    if (!exists(name)) {
      fault(name, `no executable for ${platform}`);
      continue;
    }
    const head = Buffer.alloc(4);
    const handle = fs.openSync(at(name));
    fs.readSync(handle, head);
    fs.closeSync(handle);
    if (!MAGIC[platform.split('/')[0]](head)) {
      fault(name, `is not an executable of ${platform}`);
    }
    if (!name.endsWith('.exe') && (fs.statSync(at(name)).mode & 0o777) !== 0o755) {
      fault(name, 'must have the permissions 0755');
    }
  }
}

function checkZip({ id, info }) {
  const file = zipPath({ id, info });
  if (!fs.existsSync(file)) {
    fault(path.basename(file), 'is not there: npm run zip makes it');
    return;
  }
  const packed = readZip(fs.readFileSync(file));
  const wanted = filesOf(dist);
  if (packed.map(({ name }) => name).join() !== wanted.map(({ name }) => `${id}/${name}`).join()) {
    fault(path.basename(file), `does not hold one folder ${id} with the files of dist, sorted`);
    return;
  }
  packed.forEach(({ name, mode, date, data }, i) => {
    if (!data.equals(fs.readFileSync(wanted[i].full))) {
      fault(name, 'is another in the zip than in dist');
    }
    if ((mode & 0o777) !== (/\/gpx_[^/]+$/.test(name) ? 0o755 : 0o644) || date !== packed[0].date) {
      fault(name, 'has other permissions, or another date, in the zip than it should');
    }
  });
}

const all = plugins();
const version = readJson(path.join(root, 'package.json')).version;
checkNested(all);
for (const one of all) {
  metadataRules(one, { version, exists, fault });
  checkExecutables(one);
}
checkBoards(all[0].plugin);
fileRules({ dist, fault, version });
readmeRules({ dist, fault });
svgRules({ dist, fault });
pictureRules({ dist, fault });
// A release has the zip; what was built for fewer platforms, if it was packed. The front end alone is not what a zip was made of.
if (platforms.length === PLATFORMS.length || (!front && fs.existsSync(zipPath(all[0].plugin)))) {
  checkZip(all[0].plugin);
}

faults.forEach((one) => console.error(one));
const what = front ? 'front end' : platforms.join(', ');
console.log(
  faults.length > 0
    ? `${faults.length} faults`
    : `${all[0].plugin.id} ${version} (${what}) follows the rules. It is unsigned: a Grafana must allow ${all.map(({ plugin }) => plugin.id).join(',')} by id.`
);
process.exitCode = faults.length > 0 ? 1 : 0;
