import { defineConfig } from 'vitest/config';

/** Separate from `npm test`, as each takes half a minute or more: `npm run test:widths`. */
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
