import fc from 'fast-check';
import { expect, test } from 'vitest';
import { sumOfBytes } from '../../../src/machine/bytes.js';

test('the sum of bytes is that of adding one by one, wherever in their buffer they lie', () => {
  const lengths = fc.integer({ min: 0, max: 2000 });
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 5 }), lengths, fc.boolean(), fc.integer(), (offset, length, isFull, seed) => {
      const bytes = new Uint8Array(offset + length).map((_, i) => (isFull ? 255 : (seed + 37 * i * i) % 256));
      const part = bytes.subarray(offset);
      expect(sumOfBytes(part)).toBe(part.reduce((sum, byte) => sum + byte, 0));
    }),
  );
});
