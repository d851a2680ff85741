/** The program of a worker process. */
import { fileURLToPath } from 'node:url';

export const workerFile = fileURLToPath(import.meta.resolve('./worker.ts'));
