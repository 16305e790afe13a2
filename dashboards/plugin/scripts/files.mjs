// The built folder as a list of files, and where the zip of it goes.
import fs from 'node:fs';
import path from 'node:path';

export const root = path.resolve(import.meta.dirname, '..');
/** PLUGIN_DIST names another folder than dist/: the test of the checks breaks copies of it. */
export const dist = path.resolve(root, process.env.PLUGIN_DIST ?? 'dist');

/** The five platforms Grafana's own plugins are built for. */
export const PLATFORMS = ['linux/amd64', 'linux/arm64', 'darwin/amd64', 'darwin/arm64', 'windows/amd64'];

export const executableName = (executable, platform) =>
  `${executable}_${platform.replace('/', '_')}${platform.startsWith('windows') ? '.exe' : ''}`;

/** PLUGIN_BIN names another folder than bin/, for the same test. */
export function zipPath({ id, info }) {
  return path.resolve(root, process.env.PLUGIN_BIN ?? path.join('..', '..', 'bin'), `${id}-${info.version}.zip`);
}

export function readJson(file) {
  return JSON.parse(fs.readFileSync(file, 'utf8'));
}

/** Names are relative, with slashes, sorted. */
export function filesOf(folder) {
  return fs
    .readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => {
      const full = path.join(entry.parentPath ?? entry.path, entry.name);
      return { name: path.relative(folder, full).split(path.sep).join('/'), full, link: entry.isSymbolicLink() };
    })
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}
