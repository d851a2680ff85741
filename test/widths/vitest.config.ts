import { defineConfig } from 'vitest/config';

/** Separate from `npm test`, as widths up to 512 take minutes: `npm run test:widths`. */
export default defineConfig({
  test: {
    name: 'widths',
    include: ['test/widths/**/*.test.ts'],
    setupFiles: ['test/support/matchers.ts'],
    globalSetup: ['test/support/runtime.ts', 'test/support/bundle.ts'],
    testTimeout: 900_000,
    hookTimeout: 900_000,
  },
});
