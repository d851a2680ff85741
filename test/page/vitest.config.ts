import { defineConfig } from 'vitest/config';

/** Separate from `npm test`, as it takes a minute and a half and a real Chromium: `npm run test:page`. */
export default defineConfig({
  test: {
    name: 'page',
    include: ['test/page/**/*.test.ts'],
    setupFiles: ['test/support/matchers.ts'],
    pool: 'forks',
    testTimeout: 900_000,
    hookTimeout: 900_000,
  },
});
