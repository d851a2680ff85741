import * as os from 'node:os';
import { defineConfig } from 'vitest/config';

const cores = os.availableParallelism();

/**
 * `unit` needs no TensorFlow; `engine` runs the real one in each test process; `cli` starts the real program; `page` makes reports,
 * without TensorFlow, and opens them in a real Chromium. The limits are for what hangs, not for what is slow on a busy machine.
 */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/unit/**/*.test.ts'],
          setupFiles: ['test/support/matchers.ts'],
          maxWorkers: cores,
          testTimeout: 120_000,
        },
      },
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
          maxWorkers: cores,
          testTimeout: 240_000,
        },
      },
      {
        test: {
          name: 'page',
          include: ['test/page/**/*.test.ts'],
          setupFiles: ['test/support/matchers.ts'],
          pool: 'forks',
          maxWorkers: cores,
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
