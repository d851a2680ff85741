/** Runs once before the tests that need TensorFlow: downloads and builds the runtime if it is missing. */
import { ensureRuntime } from '../../src/install/runtime.js';

export default async function setup(): Promise<void> {
  await ensureRuntime({
    device: 'cpu',
    onProgress: (line) => {
      console.error(line);
    },
  });
}
