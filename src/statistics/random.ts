/**
 * Seeded random numbers in named streams: `Random.named(17, 'shuffle', 3)` is the same in every process, and independent
 * of every other name. The generator is sfc32, seeded with 128 bits of SHA-256 over the name, so that even a million streams
 * don't collide.
 */
import { createHash } from 'node:crypto';
import { Sfc32 } from './sfc32.js';

export class Random extends Sfc32 {
  static named(seed: number, ...path: readonly (string | number)[]): Random {
    const digest = createHash('sha256')
      .update(JSON.stringify([seed, ...path]))
      .digest();
    return new Random(digest.readInt32LE(0), digest.readInt32LE(4), digest.readInt32LE(8), digest.readInt32LE(12));
  }
}
