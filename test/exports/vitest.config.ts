import { defineConfig } from 'vitest/config';

/** Separate from `npm test`, as it installs Python packages of some 300 MB: `npm run test:exports`. */
export default defineConfig({
  test: {
    name: 'exports',
    include: ['test/exports/**/*.test.ts'],
    setupFiles: ['test/support/matchers.ts'],
    globalSetup: ['test/support/runtime.ts'],
    testTimeout: 600_000,
    hookTimeout: 600_000,
  },
});
