// Collects the words of the screens: every t('key', 'English') of the source. Run by `npm run words` it writes the English locales and
// drops from the Chinese ones what is gone; what is not translated yet it names.
// With --check it changes nothing and fails where something is stale or missing.
import fs from 'node:fs';
import path from 'node:path';
import ts from 'typescript';

const root = path.resolve(import.meta.dirname, '..');

/** The plugins and the folders whose words each shows: the nested one's folder is not the app's. */
export const plugins = [
  { id: 'tributarycc-tributary-app', folder: 'src', without: 'src/datasource' },
  { id: 'tributarycc-tributary-datasource', folder: 'src/datasource' },
];

function* sources(folder, without) {
  for (const entry of fs.readdirSync(path.join(root, folder), { withFileTypes: true })) {
    const name = path.posix.join(folder, entry.name);
    if (name === without) {
      continue;
    }
    if (entry.isDirectory()) {
      yield* sources(name, without);
    } else if (/\.tsx?$/.test(name) && !/\.test\.tsx?$/.test(name)) {
      yield name;
    }
  }
}

/** key → English, of one plugin. A key with two texts, and a t() that cannot be read here, are faults. */
export function collect({ folder, without }) {
  const words = {};
  for (const name of sources(folder, without)) {
    const file = ts.createSourceFile(
      name,
      fs.readFileSync(path.join(root, name), 'utf8'),
      ts.ScriptTarget.Latest,
      true,
      ts.ScriptKind.TSX
    );
    const visit = (node) => {
      if (ts.isCallExpression(node) && ts.isIdentifier(node.expression) && node.expression.text === 't') {
        const [key, text] = node.arguments;
        if (!key || !text || !ts.isStringLiteralLike(key) || !ts.isStringLiteralLike(text)) {
          throw new Error(`${name}: t() takes a key and a text, both written out: ${node.getText()}`);
        }
        if (words[key.text] !== undefined && words[key.text] !== text.text) {
          throw new Error(`${name}: ${key.text} has two texts`);
        }
        words[key.text] = text.text;
      }
      ts.forEachChild(node, visit);
    };
    visit(file);
  }
  return words;
}

export const fileOf = ({ id, folder }, language) => path.join(root, folder, 'locales', language, `${id}.json`);

/** { a: { b: 'text' } } → { 'a.b': 'text' } */
export function flat(tree, prefix = '') {
  return Object.entries(tree).reduce(
    (all, [key, value]) => ({
      ...all,
      ...(typeof value === 'string' ? { [prefix + key]: value } : flat(value, `${prefix}${key}.`)),
    }),
    {}
  );
}

export function nested(words) {
  const tree = {};
  for (const key of Object.keys(words).sort()) {
    const parts = key.split('.');
    let at = tree;
    for (const part of parts.slice(0, -1)) {
      at = at[part] ??= {};
      if (typeof at === 'string') {
        throw new Error(`${key}: a part of it is a key of its own`);
      }
    }
    at[parts.at(-1)] = words[key];
  }
  return tree;
}

/** Everything that is stale, missing or says other {{places}} in Chinese than in English. */
function faults() {
  return plugins.flatMap((plugin) => {
    const words = collect(plugin);
    const [english, chinese] = ['en-US', 'zh-Hans'].map((language) =>
      flat(JSON.parse(fs.readFileSync(fileOf(plugin, language), 'utf8')))
    );
    const places = (text) => (text.match(/\{\{\w+\}\}/g) ?? []).sort().join();
    return [
      ...Object.keys(words)
        .filter((key) => english[key] !== words[key])
        .map((key) => `${key}: the English is stale`),
      ...Object.keys(words)
        .filter((key) => !chinese[key])
        .map((key) => `${key}: no Chinese`),
      ...Object.keys(words)
        .filter((key) => chinese[key] && places(chinese[key]) !== places(words[key]))
        .map((key) => `${key}: other {{places}} in Chinese`),
      ...[...Object.keys(english), ...Object.keys(chinese)]
        .filter((key) => !(key in words))
        .map((key) => `${key}: nothing shows it`),
    ].map((fault) => `${plugin.id}: ${fault}`);
  });
}

function main() {
  if (process.argv.includes('--check')) {
    const found = faults();
    found.forEach((fault) => console.error(fault));
    process.exitCode = found.length > 0 ? 1 : 0;
    return;
  }
  for (const plugin of plugins) {
    const words = collect(plugin);
    write(fileOf(plugin, 'en-US'), words);
    const chinese = flat(JSON.parse(fs.readFileSync(fileOf(plugin, 'zh-Hans'), 'utf8')));
    const missing = Object.keys(words).filter((key) => !chinese[key]);
    write(
      fileOf(plugin, 'zh-Hans'),
      Object.fromEntries(
        Object.keys(words)
          .filter((key) => chinese[key])
          .map((key) => [key, chinese[key]])
      )
    );
    for (const key of missing) {
      console.log(`not translated: ${plugin.id} ${key}: ${words[key]}`);
    }
  }
}

function write(file, words) {
  fs.writeFileSync(file, `${JSON.stringify(nested(words), null, 2)}\n`);
}

if (process.argv[1] === import.meta.filename) {
  main();
}
