import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { linked } from '../src/text/links';
import { sizeOf } from '../src/text/size';

const links = (text: string) => linked(text).flatMap((part) => (typeof part === 'string' ? [] : [part.text]));

describe('addresses in what somebody wrote', () => {
  test.each([
    ['see https://shop.example/a?b=1&c=%20#d now', ['https://shop.example/a?b=1&c=%20#d']],
    ['It is at https://shop.example.', ['https://shop.example']],
    ['(https://shop.example/a_(b)) or [https://shop.example/x]!', ['https://shop.example/a_(b)', 'https://shop.example/x']],
    ['"http://shop.example:8080/", he said', ['http://shop.example:8080/']],
    ['请看https://shop.example/订单这个链接', ['https://shop.example/']],
    ['链接：https://shop.example/a/1，谢谢', ['https://shop.example/a/1']],
    ['（https://shop.example/a）。', ['https://shop.example/a']],
    ['https://shop.example请点', ['https://shop.example']],
    ['https://de.example/wiki/Köln.', ['https://de.example/wiki/Köln']],
    ['HTTPS://SHOP.EXAMPLE/A', ['HTTPS://SHOP.EXAMPLE/A']],
    ['http://a.example, http://b.example', ['http://a.example', 'http://b.example']],
    ['javascript:alert(1) data:text/html,x ftp://a.example mailto:a@b.example //a.example www.a.example', []],
    ['https:// https://. xhttps', []],
    ['https://g\u043eogle.example', []],
    ['https://user:secret@shop.example/ https://bank.example@b.example', []],
  ])('%s', (text, found) => expect(links(text)).toEqual(found));

  test('nothing is lost and nothing but http becomes a link, whatever is written', () => {
    const words = fc.constantFrom(
      'https://',
      'http://',
      'a.example',
      '/',
      '(',
      ')',
      '。',
      '中',
      ' ',
      'javascript:',
      '?',
      '.',
      '@',
      ':',
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ unit: 'binary' }),
          fc.array(words, { maxLength: 20 }).map((w) => w.join('')),
        ),
        (text) => {
          const parts = linked(text);
          expect(parts.map((part) => (typeof part === 'string' ? part : part.text)).join('')).toBe(text);
          for (const part of parts) if (typeof part !== 'string') expect(part.href).toMatch(/^https?:\/\//);
        },
      ),
    );
  });

  test('a long line of them is read in no time', () => {
    const begin = performance.now();
    linked(`https://${'a.'.repeat(20_000)}`);
    linked(`https://${'a'.repeat(10_000)}@`);
    for (const end of [')', ']', '.)', '(']) linked(`https://a.example/${end.repeat(60_000)}`);
    expect(performance.now() - begin).toBeLessThan(1_000);
  });
});

test.each([
  [0, ''],
  [25, '25 B'],
  [999, '999 B'],
  [1_000, '1 kB'],
  [1_540, '1.5 kB'],
  [25_000, '25 kB'],
  [999_900, '1 MB'],
  [10_485_760, '10 MB'],
])('a file of %d bytes is %s', (bytes, words) => {
  expect(sizeOf(bytes)).toBe(words);
});
