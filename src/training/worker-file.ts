/** The program of a worker process. */
import * as path from 'node:path';
import { fileURLToPath } from 'node:url';
import { builtFolder, isCheckout } from '../machine/installation.js';

export const workerFile = isCheckout
  ? fileURLToPath(import.meta.resolve('./worker.ts'))
  : path.join(builtFolder, 'worker.js');
