/** Runs once before the tests that need TensorFlow: fetches and builds the runtime where it isn't there yet. */
import { ensureRuntime } from '../../src/install/runtime.js';

export default async function setup(): Promise<void> {
  await ensureRuntime({
    device: 'cpu',
    onProgress: (line) => {
      console.error(line);
    },
  });
}
