import { Kept } from './kept';

test('an answer is shared until its time is over; a failure is not kept', async () => {
  let now = 0;
  const ask = jest
    .fn()
    .mockRejectedValueOnce(new Error('away'))
    .mockImplementation(async () => now);
  const kept = new Kept<number>(ask, 10, () => now);
  await expect(kept.get()).rejects.toThrow('away');
  expect(await kept.get()).toBe(0);
  now = 9;
  expect(await kept.get()).toBe(0);
  now = 10;
  expect(await kept.get()).toBe(10);
  expect(ask).toHaveBeenCalledTimes(3);
});
