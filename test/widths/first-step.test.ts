/**
 * What muP is for, on the first step of training, where theory is exact up to fluctuations of 1 / sqrt(width): how far the step moves
 * the model's answer does not depend on the width. Under the standard parametrization it grows: with four times the width by about
 * four (Yang et al. 2022, Sec. 5 and App. J).
 */
import { beforeAll, describe, expect, test } from 'vitest';
import { optimizers, resolveExperiment } from '../../src/experiment/schema.js';
import { checkCoordinates, type Coordinate } from '../../src/training/coordinates.js';
import { loadTensorFlow } from '../support/tensorflow.js';

beforeAll(loadTensorFlow);

/** Of small images, as theory wants widths above the numbers of inputs and outputs. */
const own = {
  cnn: { imageSize: 16, batchSize: 16 },
  autoencoder: { depth: 2, batchSize: 16, imageSize: 8 },
  transformer: { pairs: 2, batchSize: 8, dataset: 'shapes' },
} as const;
/** Small enough that the move is the gradient's alone. */
const rates = { adam: 1e-5, adamw: 1e-5, sgd: 1e-3 };

const moved = async (
  arch: keyof typeof own,
  width: number,
  asked: { parametrization: 'standard' | 'mup'; optimizer: (typeof optimizers)[number] },
): Promise<Coordinate> => {
  const learningRate = rates[asked.optimizer];
  const input = { arch, dataset: 'shapes', trainSize: 64, ...own[arch], ...asked, learningRate };
  const experiment = resolveExperiment(input);
  return (await checkCoordinates({ experiment, width, seed: 0, steps: [1] })).at(-1)!;
};

describe.each(Object.keys(own) as (keyof typeof own)[])('%s', (arch) => {
  test.each(optimizers)('%s moves the answer as far at four times the width', async (optimizer) => {
    const ratio = async (parametrization: 'standard' | 'mup') => {
      const [narrow, wide] = [
        await moved(arch, 32, { parametrization, optimizer }),
        await moved(arch, 128, { parametrization, optimizer }),
      ];
      return wide.change / narrow.change;
    };
    const [mup, standard] = [await ratio('mup'), await ratio('standard')];
    expect(Math.abs(Math.log(mup))).toBeLessThan(Math.log(1.35));
    expect(standard).toBeGreaterThan(2);
  });
});
