/** The program of a thread that reads members; undefined where there is only its TypeScript, which a thread does not translate. */
import * as path from 'node:path';
import { builtFolder, isCheckout } from '../machine/installation.js';

export const readingThreadFile = isCheckout ? undefined : path.join(builtFolder, 'reading-thread.js');
