import { defineConfig } from 'vitest/config';

/** Separate from `npm test`, as it builds the package and installs it from the registry: `npm run test:package`. */
export default defineConfig({
  test: {
    name: 'package',
    include: ['test/package/**/*.test.ts'],
    setupFiles: ['test/support/matchers.ts'],
    globalSetup: ['test/support/runtime.ts'],
    testTimeout: 600_000,
    hookTimeout: 600_000,
  },
});
