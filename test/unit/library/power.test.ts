import { expect, test } from 'vitest';
import { power } from '../../../src/index.js';

test('an effect too small for the largest number of images has no number', async () => {
  // (1.96 + 0.84)² x 0.25 / 1e-18 is 2e18.
  const { rows } = await power({ effect: 1e-9, accuracy: 0.5, one: true });
  expect(rows.map(({ imagesNeeded }) => imagesNeeded)).toEqual([undefined]);
});
