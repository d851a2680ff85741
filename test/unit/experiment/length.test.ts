import { describe, expect, test } from 'vitest';
import { lengthOf, lengthText, stepsIn } from '../../../src/experiment/length.js';

const images = { batchSize: 128, epochs: undefined, steps: undefined };

describe('lengthOf', () => {
  test('epochs are whole: floor(60000 / 128) = 468 steps each', () => {
    expect(lengthOf({ ...images, epochs: 3 }, 60000)).toEqual({ stepsPerEpoch: 468, steps: 1404, epochs: 3 });
  });

  test('steps end within an epoch: 1000 = 468 + 468 + 64', () => {
    const length = lengthOf({ ...images, steps: 1000 }, 60000);
    expect(length).toEqual({ stepsPerEpoch: 468, steps: 1000, epochs: 3 });
    expect([0, 1, 2].map((epoch) => stepsIn(epoch, length))).toEqual([468, 468, 64]);
  });

  test('whole epochs and as many steps are the same length', () => {
    expect(lengthOf({ ...images, steps: 936 }, 60000)).toEqual(lengthOf({ ...images, epochs: 2 }, 60000));
  });

  test('a sequence has as many images as pairs; an epoch has at least one step', () => {
    expect(lengthOf({ ...images, pairs: 8, steps: 10 }, 60000).stepsPerEpoch).toBe(58); // 60000 / 1024
    expect(lengthOf({ ...images, steps: 10 }, 100)).toEqual({ stepsPerEpoch: 1, steps: 10, epochs: 10 });
  });
});

test('a length is shown in the unit it was given in', () => {
  expect([lengthText({ epochs: 1, steps: undefined }), lengthText({ epochs: undefined, steps: 64 })]).toEqual([
    '1 epoch',
    '64 steps',
  ]);
});
