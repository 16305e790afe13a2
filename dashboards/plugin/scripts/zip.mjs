// Packs dist/ into bin/<plugin id>-<version>.zip at the top of the repository: one folder, named by the plugin's id. Executables are 0755,
// everything else 0644, whatever the umask was; the same dist/ makes the same bytes.
import fs from 'node:fs';
import path from 'node:path';
import { createHash } from 'node:crypto';
import { dist, filesOf, readJson, zipPath } from './files.mjs';
import { writeZip } from './zipfile.mjs';

const plugin = readJson(path.join(dist, 'plugin.json'));
const files = filesOf(dist).map(({ name, full }) => ({
  name: `${plugin.id}/${name}`,
  mode: /\/gpx_[^/]+$/.test(`/${name}`) ? 0o755 : 0o644,
  data: fs.readFileSync(full),
}));
const zip = writeZip(files);
const out = zipPath(plugin);
fs.mkdirSync(path.dirname(out), { recursive: true });
fs.writeFileSync(out, zip);
console.log(
  `${path.relative(process.cwd(), out)}: ${files.length} files, ${(zip.length / 1e6).toFixed(1)} MB, sha256 ${createHash('sha256').update(zip).digest('hex')}`
);
