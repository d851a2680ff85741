/** Loads the real TensorFlow into a test process, on one thread so that results do not depend on the machine. */
import { loadBackend, type Backend } from '../../src/engine/backend.js';
import { ensureRuntime, runtimeEnvironment } from '../../src/install/runtime.js';

export async function loadTensorFlow(): Promise<Backend> {
  const runtime = await ensureRuntime({ device: 'cpu' });
  Object.assign(process.env, runtimeEnvironment({ runtime, threads: 1 }));
  return loadBackend(runtime.bindingPath);
}
