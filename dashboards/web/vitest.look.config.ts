import { defineConfig } from 'vitest/config';

// Takes pictures of every screen with a real browser against the mock server; they land in look/, which git ignores.
export default defineConfig({
  test: {
    include: ['test/**/*.look.ts'],
    environment: 'node',
    testTimeout: 120_000,
    hookTimeout: 60_000,
    fileParallelism: false,
  },
});
