/** Metrics of an autoencoder's reconstructions. */
import * as z from 'zod';
import type { OutcomeName } from '../runs/outcomes.js';
import { against, below } from './cutoffs.js';
import type { Limits } from './metric.js';
import { none, perImage } from './per-image.js';

/** The mean of a column over the test images. */
function meanOfColumn<Name extends OutcomeName>(
  column: Name,
  about: {
    readonly name: string;
    readonly title: string;
    readonly better: 'higher' | 'lower';
    readonly unit: string;
    readonly formula: string;
    readonly source: string;
    readonly limits?: Limits;
    readonly notFinite?: string;
  },
) {
  return perImage({
    ...about,
    title: () => about.title,
    kind: 'continuous',
    parameters: none,
    needs: [column],
    rows: (outcomes) => outcomes[column],
  }).images;
}

export const mse = meanOfColumn('mse', {
  name: 'mse',
  title: 'squared error per pixel',
  better: 'lower',
  unit: '',
  formula: 'mean over the images of the mean over the pixels of (x - y)², pixels in 0 to 1',
  source: 'the loss that training minimises, on the test set; Schaeffer et al. 2023, Fig. 7',
  limits: [0, Infinity],
});

export const psnr = meanOfColumn('psnr', {
  name: 'psnr',
  title: 'PSNR',
  better: 'higher',
  unit: 'dB',
  formula: 'mean over the images of -10 log10 of the squared error per pixel',
  source: 'the usual measure of compression; peak signal-to-noise ratio of pixels in 0 to 1',
  notFinite: 'an image is reconstructed without any error, and its PSNR is infinite',
});

export const ssim = meanOfColumn('ssim', {
  name: 'ssim',
  title: 'SSIM',
  better: 'higher',
  unit: '',
  formula:
    'mean over the images of the structural similarity, Gaussian window of 11 x 11 and deviation 1.5; of images below 11 pixels a uniform one of 7 x 7',
  source: 'Wang, Bovik, Sheikh, Simoncelli 2004, IEEE Trans. Image Process. 13(4)',
  limits: [-1, 1],
});

export const maxError = meanOfColumn('max_error', {
  name: 'max-error',
  title: 'largest pixel error',
  better: 'lower',
  unit: '',
  formula: 'mean over the images of the largest |x - y| of a pixel, pixels in 0 to 1',
  source: 'the uniform norm of the error',
  limits: [0, 1],
});

export const { images: reconstruction } = perImage({
  name: 'reconstruction',
  title: ({ c }) => `reconstruction, c = ${c}`,
  kind: 'thresholded',
  better: 'higher',
  unit: 'probability',
  formula: 'share of the images with a squared error per pixel below c',
  source: 'Schaeffer et al. 2023 (arXiv 2304.15004), Fig. 7: Reconstruction_c',
  parameters: z.strictObject({ c: z.number().positive() }),
  needs: ['mse'],
  share: true,
  ...against(below, 'c', () => 'mse'),
});
