import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, test } from 'vitest';
import { reconstructionOutcomes } from '../../src/families/reconstruction.js';
import { aboutCentre, augment } from '../../src/training/augmentation.js';
import { projectImages } from '../../src/engine/ops.js';
import { stepRandom } from '../../src/training/step.js';
import { loadTensorFlow } from '../support/tensorflow.js';

beforeAll(loadTensorFlow);

/** The same formula as in the Python code that made the expected values. */
function image(height: number, width: number, channels: number, k: number): number[] {
  const pixels: number[] = [];
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++)
      for (let c = 0; c < channels; c++) pixels.push(((x * 7 + y * 13 + c * 5 + k * 31 + x * y * k) % 256) / 255);
  return pixels;
}

/**
 * scikit-image 0.26.0: structural_similarity(a, b, data_range=1, channel_axis=2, gaussian_weights=True, sigma=1.5,
 * use_sample_covariance=False), for 8 x 9 with win_size=7 and no Gaussian weights; peak_signal_noise_ratio; numpy.
 * a is image(.., 1), b is 0.8 a + 0.2 image(.., 3).
 */
test.each([
  [28, 28, 1, 0.9409495393975302, 21.4442596984792, 0.007170906009462607, 0.18980392156862746],
  [32, 32, 3, 0.9436504442755255, 21.49844439091636, 0.007081994104831474, 0.19450980392156858],
  [17, 20, 3, 0.9353646456183626, 21.135395749250062, 0.00769946280088352, 0.1866666666666667],
  [8, 9, 1, 0.8785619397662372, 22.770384409977904, 0.005283984792173951, 0.11921568627450985],
])(
  '%i x %i x %i: SSIM, PSNR, squared error and largest error match scikit-image',
  (height, width, channels, ...expected) => {
    const a = image(height, width, channels, 1);
    const b = image(height, width, channels, 3).map((value, i) => 0.8 * a[i]! + 0.2 * value);
    // beside another pair, so that mixing images would show
    const shape: [number, number, number, number] = [2, height, width, channels];
    const originals = tf.tensor4d([...a, ...b], shape);
    const given = tf.tensor4d([...b, ...b], shape);
    const outcomes = reconstructionOutcomes(given, originals);
    const first = ['ssim', 'psnr', 'mse', 'max_error'].map((name) => outcomes[name]!.dataSync()[0]!);
    const [ssim, psnr, mse, largest] = expected;
    // float32; SSIM's variances are differences of means of squares
    expect(first).toBeAllClose([ssim, psnr, mse, largest], { rtol: 2e-5 });
    expect(outcomes['ssim']!.dataSync()[1]).toBeAllClose([1], { rtol: 1e-6 });
    expect(outcomes['mse']!.dataSync()[1]).toBe(0);
    expect(outcomes['psnr']!.dataSync()[1]).toBe(Infinity);
  },
);

const movement = (angle: number, scale: number, right: number, down: number) => ({
  angle: tf.tensor1d([angle]),
  scale: tf.tensor1d([scale]),
  right: tf.tensor1d([right]),
  down: tf.tensor1d([down]),
});

test('shifted by whole pixels and rotated by right angles: the original pixels, with the border continued', () => {
  const pixels = [1, 2, 3, 4, 5, 6, 7, 8, 9];
  const square = tf.tensor4d(pixels, [1, 3, 3, 1]);
  const moved = (turn: number, right: number, down: number) =>
    projectImages(square, aboutCentre(movement(turn, 1, right, down), { height: 3, width: 3 })).dataSync();
  expect(moved(0, 0, 0)).toBeAllClose(pixels, { rtol: 1e-6 });
  expect(moved(0, 1, 0)).toBeAllClose([1, 1, 2, 4, 4, 5, 7, 7, 8], { rtol: 1e-6 });
  expect(moved(0, 0, -1)).toBeAllClose([4, 5, 6, 7, 8, 9, 7, 8, 9], { rtol: 1e-6 });
  // clockwise, as the y axis points down
  expect(moved(Math.PI / 2, 0, 0)).toBeAllClose([7, 4, 1, 8, 5, 2, 9, 6, 3], { rtol: 1e-5 });
});

test('enlarged to twice the size: half a pixel from the centre becomes one pixel', () => {
  const ramp = tf.tensor4d([0, 1, 2, 3, 4], [1, 1, 5, 1]);
  const larger = projectImages(ramp, aboutCentre(movement(0, 2, 0, 0), { height: 1, width: 5 })).dataSync();
  expect(larger).toBeAllClose([1, 1.5, 2, 2.5, 3], { rtol: 1e-6 });
});

test('augmentation changes each image differently, within the bounds, repeatably for a seed, and not at all when off', () => {
  const noise = () => stepRandom(tf.tensor1d([3, 4], 'int32'));
  const blank = Array.from({ length: 16 * 20 * 20 }, (_, i) => Number(i % 400 === 210)); // one pixel at (10, 10)
  const images = tf.tensor4d(blank, [16, 20, 20, 1]);
  const options = { augmentShift: 0.2, augmentRotation: 0, augmentScale: 0 };
  const moved = augment(images, options, noise()).dataSync();
  expect(augment(images, options, noise()).dataSync()).toEqual(moved);
  const centres = Array.from({ length: 16 }, (_, n) => {
    let [x, y, mass] = [0, 0, 0];
    for (let i = 0; i < 400; i++) {
      const value = moved[n * 400 + i]!;
      mass += value;
      x += value * (i % 20);
      y += value * Math.floor(i / 20);
    }
    return [x / mass - 10, y / mass - 10];
  });
  // 0.2 of 20 pixels; bilinear weights keep the centre of mass
  for (const each of centres.flat()) expect(Math.abs(each)).toBeLessThanOrEqual(4 + 1e-4);
  expect(Math.max(...centres.flat().map(Math.abs))).toBeGreaterThan(2); // of 32 uniform numbers, none above a half: 2^-32
  expect(new Set(centres.map(String)).size).toBe(16);
  expect(augment(images, { augmentShift: 0, augmentRotation: 0, augmentScale: 0 }, noise())).toBe(images);
});
