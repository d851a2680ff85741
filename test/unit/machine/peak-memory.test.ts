import { expect, test } from 'vitest';
import { peakMemory, resetPeakMemory } from '../../../src/machine/peak-memory.js';

test('the peak is that since the reset, at least what the process holds', () => {
  resetPeakMemory();
  const before = peakMemory();
  // Filled, so that its pages are there.
  const held = Buffer.alloc(100e6, 1);
  const during = peakMemory();
  // The rest of the process may shrink by a few MB meanwhile.
  expect(during - before).toBeGreaterThan(80e6);
  expect(during).toBeGreaterThanOrEqual(held.length);
});

test.runIf(process.platform === 'linux')('what was freed before the reset does not count', () => {
  let held: Buffer | undefined = Buffer.alloc(200e6, 1);
  const peak = peakMemory();
  expect(peak).toBeGreaterThanOrEqual(held.length);
  held = undefined;
  resetPeakMemory();
  // Node may not have returned the buffer yet; the peak is then what the process holds now.
  expect(peakMemory()).toBeLessThan(process.memoryUsage.rss() + 50e6);
});
