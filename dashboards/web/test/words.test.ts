import { readdirSync, readFileSync } from 'node:fs';
import { expect, test, vi } from 'vitest';
import { kinds } from '../src/admin/schema';
import { en } from '../src/words/en';
import { zh } from '../src/words/zh';

vi.stubGlobal('navigator', { languages: ['en'] });

const has = (word: string) => Object.hasOwn(en, word);
const proto = (name: string) => readFileSync(`../../stream/event/proto/tributary/event/v1/${name}.proto`, 'utf8');

test('both languages have the same words, none of them empty', () => {
  expect(Object.keys(zh).sort()).toEqual(Object.keys(en).sort());
  for (const words of [en, zh]) for (const [word, text] of Object.entries(words)) expect(text, word).not.toBe('');
});

test('both languages fill the same places', () => {
  const places = (text: string) => [...text.matchAll(/\{\w+\}/g)].map(String).sort();
  for (const [word, text] of Object.entries(en)) expect(places(zh[word as keyof typeof en]), word).toEqual(places(text));
});

test('no word says the same in both languages by oversight', () => {
  const same = Object.entries(en).filter(([word, text]) => zh[word as keyof typeof en] === text && /[a-z]{3}/.test(text));
  const names = new Set(['brand', 'channel.whatsapp', 'channel.telegram']);
  expect(same.filter(([word]) => !names.has(word))).toEqual([]);
});

test('every word is used', () => {
  const files = readdirSync('src', { recursive: true, encoding: 'utf8' }).filter(
    (f) => /\.tsx?$/.test(f) && !/^(words|widget)/.test(f),
  );
  const source = files.map((f) => readFileSync(`src/${f}`, 'utf8')).join('\n');
  const unused = Object.keys(en).filter((word) => {
    const family = word.slice(0, word.lastIndexOf('.'));
    return (
      !source.includes(`'${word}'`) &&
      !source.includes(`"${word}"`) &&
      !source.includes(`code('${family}'`) &&
      !source.includes(`family: '${family}'`) &&
      !source.includes(`\`${family}.`)
    );
  });
  expect(unused).toEqual([]);
});

/** The codes that a comment of the vocabulary lists after a beginning. */
function codes(file: string, begin: string): string[] {
  const flat = proto(file).replace(/\n\s*\/\/ ?/g, ' ');
  const from = flat.indexOf(begin);
  expect(from, begin).toBeGreaterThan(0);
  const said = flat.slice(from + begin.length, flat.indexOf(' string ', from)).replace(/\([^)]*\)/g, '');
  return (
    said
      .split(/[.;]/)[0]
      ?.split(',')
      .map((code) => code.trim())
      .filter(Boolean) ?? []
  );
}

test('every reason of routing has a sentence', () => {
  const missing = (family: string, all: string[]) => all.filter((code) => !has(`${family}.${code}`));
  const candidate = codes('routing', 'Reason is a code: chosen,');
  expect(candidate.length).toBeGreaterThan(8);
  expect(missing('reason', ['chosen', ...candidate])).toEqual([]);
  expect(missing('rescind', codes('routing', 'Reason is a code for rescinding:'))).toEqual([]);
  expect(missing('waits', codes('routing', 'why nobody could take it:'))).toEqual([]);
  expect(missing('flow', codes('routing', 'when it flowed out:'))).toEqual([]);
  expect(missing('why.preferred', ['last_agent', 'to_agent'])).toEqual([]);
  expect(missing('end', codes('chat', 'End_reason is one of:'))).toEqual([]);
  expect(
    missing(
      'late',
      codes('chat', 'Reason is one of: not_open')
        .concat('not_open')
        .filter((code) => /^\w+$/.test(code)),
    ),
  ).toEqual([]);
});

test('every kind and field of setup has a word', () => {
  for (const kind of kinds) for (const field of kind.fields) expect(has(field.word), field.word).toBe(true);
});

test('spans are short and exact', async () => {
  const { span } = await import('../src/words');
  expect([0, 59_999, 61_000, 3_725_000, -5].map(span)).toEqual(['0:00', '0:59', '1:01', '1:02:05', '0:00']);
});
