/** Metrics of what an autoencoder gives back. */
import * as z from 'zod';
import type { OutcomeName } from '../runs/outcomes.js';
import { meanInterval, meanOf, wilsonInterval } from '../statistics/intervals.js';
import { defineMetric } from './metric.js';

const none = z.strictObject({});

/** The mean of a column over the test images. */
function meanOfColumn<Name extends OutcomeName>(
  name: Name,
  about: {
    readonly title: string;
    readonly better: 'higher' | 'lower';
    readonly unit: string;
    readonly formula: string;
    readonly source: string;
  },
) {
  const { title, ...rest } = about;
  return defineMetric({
    name,
    title: () => title,
    kind: 'continuous',
    ...rest,
    parameters: none,
    needs: [name],
    interval: 'normal',
    evaluate: (outcomes) => meanOf(outcomes[name]).mean,
    uncertainty(outcomes) {
      const mean = meanOf(outcomes[name]);
      return { standardError: mean.standardError, ...meanInterval(mean) };
    },
    resolution: () => null,
  });
}

export const mse = meanOfColumn('mse', {
  title: 'squared error per pixel',
  better: 'lower',
  unit: '',
  formula: 'mean over the images of the mean over the pixels of (x - y)², pixels in 0 to 1',
  source: 'the loss that training minimises, on the test set; Schaeffer et al. 2023, Fig. 7',
});

export const psnr = meanOfColumn('psnr', {
  title: 'PSNR',
  better: 'higher',
  unit: 'dB',
  formula: 'mean over the images of -10 log10 of the squared error per pixel',
  source: 'the usual measure of compression; peak signal-to-noise ratio of pixels in 0 to 1',
});

export const ssim = meanOfColumn('ssim', {
  title: 'SSIM',
  better: 'higher',
  unit: '',
  formula: 'mean over the images of the structural similarity, Gaussian window of 11 x 11 and deviation 1.5',
  source: 'Wang, Bovik, Sheikh, Simoncelli 2004, IEEE Trans. Image Process. 13(4)',
});

export const reconstruction = defineMetric({
  name: 'reconstruction',
  title: ({ c }) => `reconstruction, c = ${c}`,
  kind: 'thresholded',
  better: 'higher',
  unit: 'probability',
  formula: 'share of the images with a squared error per pixel below c',
  source: 'Schaeffer et al. 2023 (arXiv 2304.15004), Fig. 7: Reconstruction_c',
  parameters: z.strictObject({ c: z.number().positive() }),
  needs: ['mse'],
  interval: 'Wilson',
  evaluate: ({ mse }, { c }) => below(mse, c) / mse.length,
  uncertainty({ mse }, { c }) {
    const n = mse.length;
    const p = below(mse, c) / n;
    return { standardError: Math.sqrt((p * (1 - p)) / n), ...wilsonInterval(below(mse, c), n) };
  },
  resolution: (n) => 1 / n,
});

function below(values: Float32Array, c: number): number {
  let count = 0;
  const cutoff = Math.fround(c); // as the column is stored
  for (const value of values) if (value < cutoff) count++;
  return count;
}
