import { expect, test, vi } from 'vitest';

vi.stubGlobal('navigator', { languages: ['en'] });
const { linkIn } = await import('../src/shell/First');

test('the secret of a one-time link is read from behind the #, where no log has it', () => {
  const of = (address: string) => linkIn(new URL(address, 'https://desk.example'));
  expect(of('/first#link=a%2Bb')).toBe('a+b');
  expect(of('/first?link=old')).toBe('old');
  expect(of('/first?link=old#link=new')).toBe('new');
  for (const none of ['/first', '/first#', '/first#/floor', '/first?link=']) expect(of(none), none).toBe('');
});
