import { defineConfig } from 'vitest/config';

/** Separate from `npm test`, as it starts a Slurm of three nodes and trains a family twice: `npm run test:slurm`. */
export default defineConfig({
  test: {
    name: 'slurm',
    include: ['test/slurm/**/*.test.ts'],
    setupFiles: ['test/support/matchers.ts'],
    globalSetup: ['test/support/runtime.ts', 'test/support/bundle.ts'],
    // The long part is waiting, for Slurm or for the age of a lock.
    maxWorkers: 2,
    env: { EMERGENCE_PROGRESS: 'none' },
    testTimeout: 900_000,
    hookTimeout: 900_000,
  },
});
