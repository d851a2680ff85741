import { defineConfig } from 'vitest/config';

/**
 * `unit` needs no TensorFlow; `engine` runs the real one in each test process; `cli` starts the real program; `page` makes reports,
 * without TensorFlow, and opens them in a real Chromium.
 */
export default defineConfig({
  test: {
    projects: [
      { test: { name: 'unit', include: ['test/unit/**/*.test.ts'], setupFiles: ['test/support/matchers.ts'] } },
      {
        test: {
          name: 'engine',
          include: ['test/engine/**/*.test.ts'],
          setupFiles: ['test/support/matchers.ts'],
          globalSetup: ['test/support/runtime.ts'],
          pool: 'forks',
          maxWorkers: 1,
          testTimeout: 120_000,
        },
      },
      {
        test: {
          name: 'cli',
          include: ['test/cli/**/*.test.ts'],
          setupFiles: ['test/support/matchers.ts'],
          globalSetup: ['test/support/runtime.ts'],
          pool: 'forks',
          maxWorkers: 1,
          testTimeout: 240_000,
        },
      },
      {
        test: {
          name: 'page',
          include: ['test/page/**/*.test.ts'],
          setupFiles: ['test/support/matchers.ts'],
          pool: 'forks',
          maxWorkers: 1,
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
