import { expect, test, vi } from 'vitest';
import { en } from '../src/words/en';
import { zh } from '../src/words/zh';

vi.stubGlobal('navigator', { languages: ['en'] });

test('both languages fill the same places', () => {
  const places = (text: string) => [...text.matchAll(/\{\w+\}/g)].map(String).sort();
  for (const [word, text] of Object.entries(en)) expect(places(zh[word as keyof typeof en]), word).toEqual(places(text));
});

test('spans are short and exact', async () => {
  const { span } = await import('../src/words');
  expect([0, 59_999, 61_000, 3_725_000, -5].map(span)).toEqual(['0:00', '0:59', '1:01', '1:02:05', '0:00']);
});
