import * as os from 'node:os';
import { defineConfig } from 'vitest/config';

const cores = os.availableParallelism();
/** Milliseconds. For what hangs: tests of seconds take minutes where others have the cores. */
const hanging = 900_000;
/** Lines on how far a command is depend on the clock. */
const withoutProgress = { EMERGENCE_PROGRESS: 'none' };

/**
 * `unit` needs no TensorFlow, and its files share a module graph in each process, as loading one for each took a third of the CPU
 * time; `engine` runs the real one in each test process; `cli` starts the real program.
 */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/unit/**/*.test.ts'],
          setupFiles: ['test/support/matchers.ts', 'test/support/process-state.ts'],
          isolate: false,
          maxWorkers: cores,
          testTimeout: hanging,
          hookTimeout: hanging,
        },
      },
      {
        test: {
          name: 'engine',
          include: ['test/engine/**/*.test.ts'],
          setupFiles: ['test/support/matchers.ts'],
          globalSetup: ['test/support/runtime.ts'],
          pool: 'forks',
          maxWorkers: cores,
          testTimeout: hanging,
          hookTimeout: hanging,
        },
      },
      {
        test: {
          name: 'cli',
          include: ['test/cli/**/*.test.ts'],
          setupFiles: ['test/support/matchers.ts'],
          globalSetup: ['test/support/runtime.ts', 'test/support/bundle.ts'],
          env: withoutProgress,
          pool: 'forks',
          maxWorkers: cores,
          testTimeout: hanging,
          hookTimeout: hanging,
        },
      },
    ],
  },
});
