/** The architectures of the lab. A new one is a file beside this and a line here (and its name in experiment/schema.ts). */
import type { Architecture } from '../experiment/schema.js';
import { cnn } from './cnn.js';
import type { Family } from './family.js';

export const families = { cnn } as const satisfies Record<Architecture, Family>;
