import { defineConfig } from 'vitest/config';

/** Separate from `npm test`, as it downloads some 50 MB per Node: `npm run test:nodes`. */
export default defineConfig({
  test: {
    name: 'nodes',
    include: ['test/nodes/**/*.test.ts'],
    setupFiles: ['test/support/matchers.ts'],
    globalSetup: ['test/support/runtime.ts'],
    testTimeout: 240_000,
    hookTimeout: 240_000,
  },
});
