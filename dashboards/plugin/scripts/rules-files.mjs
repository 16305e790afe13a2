// What the files of the built plugin must be.
import fs from 'node:fs';
import path from 'node:path';
import { filesOf } from './files.mjs';

// What Grafana 12 hands a plugin: another module would not be found when the plugin is loaded.
const SHARED = [
  'module',
  'react',
  'react-dom',
  'rxjs',
  'i18next',
  '@emotion/css',
  '@grafana/data',
  '@grafana/runtime',
  '@grafana/ui',
];

export function fileRules({ dist, fault, version }) {
  const files = filesOf(dist);
  for (const { name, full, link } of files) {
    if (link) {
      fault(name, 'is a link');
    }
    if (/(^|\/)(MANIFEST\.txt|__debug_bin|node_modules|\.|.*\.(test|spec)\.)/.test(name)) {
      fault(name, 'has nothing to do in a plugin that is not signed yet');
    }
    if (path.basename(name) === 'module.js') {
      moduleRules(name, fs.readFileSync(full, 'utf8'), fault);
    }
    if (name.endsWith('.js.map')) {
      const outside = JSON.parse(fs.readFileSync(full, 'utf8')).sources.filter(
        (source) => !source.startsWith('webpack://')
      );
      outside.forEach((source) => fault(name, `names a file of the machine that built it: ${source}`));
    }
  }
  for (const folder of new Set(
    files.filter(({ name }) => /(^|\/)plugin\.json$/.test(name)).map(({ name }) => path.posix.dirname(name))
  )) {
    for (const needed of ['module.js', 'module.js.map']) {
      if (!fs.existsSync(path.join(dist, folder, needed))) {
        fault(path.posix.join(folder, needed), 'is missing');
      }
    }
  }
  const text = (name) => (fs.existsSync(path.join(dist, name)) ? fs.readFileSync(path.join(dist, name), 'utf8') : '');
  if (!text('LICENSE').includes('Apache License') || /\{yyyy\}|\{name of copyright owner\}/.test(text('LICENSE'))) {
    fault('LICENSE', 'must be that of Apache 2.0, without the blanks of its template');
  }
  if (!text('CHANGELOG.md').includes(version)) {
    fault('CHANGELOG.md', `says nothing of ${version}`);
  }
}

function moduleRules(name, code, fault) {
  const shared = code.match(/define\(\[([^\]]*)\]/)?.[1];
  if (shared === undefined) {
    fault(name, 'is not an AMD module');
    return;
  }
  for (const module of shared.split(',').map((one) => one.trim().replace(/^"|"$/g, ''))) {
    if (module && !SHARED.includes(module)) {
      fault(name, `asks Grafana for ${module}, which it does not share`);
    }
  }
}

/** Pictures are what their names say, and small: the zip goes to everybody. */
const LARGEST = 150 * 1024;

export function pictureRules({ dist, fault }) {
  for (const { name, full } of filesOf(dist).filter((file) => file.name.endsWith('.png'))) {
    const bytes = fs.readFileSync(full);
    if (bytes.subarray(0, 8).toString('latin1') !== '\x89PNG\r\n\x1a\n') {
      fault(name, 'is no PNG');
    }
    if (bytes.length > LARGEST) {
      fault(name, `is larger than ${LARGEST} bytes`);
    }
  }
}

/** The catalog shows the README without the files beside it: links must be whole addresses. */
export function readmeRules({ dist, fault }) {
  const file = path.join(dist, 'README.md');
  const text = fs.existsSync(file) ? fs.readFileSync(file, 'utf8') : '';
  if (text.length < 500 || /<!--/.test(text) || /Grafana app plugin template/.test(text)) {
    fault('README.md', 'is missing, too short, holds comments, or is that of the template');
  }
  for (const [, target] of text.matchAll(/\]\(([^)\s]+)[^)]*\)/g)) {
    if (!/^(https:\/\/|#)/.test(target)) {
      fault('README.md', `the link ${target} is not a whole https address`);
    }
    if (target.startsWith('#') && !headings(text).includes(target.slice(1))) {
      fault('README.md', `there is no heading ${target}`);
    }
  }
}

function headings(text) {
  return [...text.matchAll(/^#+ (.+)$/gm)].map(([, title]) =>
    title
      .toLowerCase()
      .replace(/[^\w\- ]/g, '')
      .replace(/ /g, '-')
  );
}

// The validator takes drawings only; scripts, styles and what is loaded from elsewhere are refused.
const ELEMENTS = [
  'svg',
  'g',
  'path',
  'rect',
  'circle',
  'ellipse',
  'line',
  'polyline',
  'polygon',
  'defs',
  'title',
  'desc',
  'linearGradient',
  'radialGradient',
  'stop',
  'clipPath',
  'mask',
];

export function svgRules({ dist, fault }) {
  for (const { name, full } of filesOf(dist).filter((file) => file.name.endsWith('.svg'))) {
    const text = fs.readFileSync(full, 'utf8');
    for (const [, element] of text.matchAll(/<([A-Za-z][\w:]*)/g)) {
      if (!ELEMENTS.includes(element)) {
        fault(name, `holds <${element}>`);
      }
    }
    if (/\son\w+=|href=|url\(\s*['"]?(?!#)|<!ENTITY|javascript:/i.test(text)) {
      fault(name, 'runs or loads something');
    }
  }
}
