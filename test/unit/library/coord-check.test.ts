import { expect, test } from 'vitest';
import { coordCheck } from '../../../src/index.js';

test.each([
  [
    { arch: 'cnn', imageSize: 4 },
    /^--image-size: has images of 4 x 4, too small for cnn; images must be at least 16 x 16$/,
  ],
  [{ arch: 'autoencoder', trainSize: 10, batchSize: 16 }, /^--batch-size: 16 is more than the 10 training examples/],
  [{ arch: 'transformer', widths: [6, 8] }, /^--widths: 6 is not a multiple of the 4 heads/],
  [{ arch: 'cnn', widths: [8] }, /^--widths: one width has no slope; give two or more$/],
] as const)('%j is refused in one line, before anything is trained', async (options, message) => {
  const notes: string[] = [];
  const note = (line: string) => void notes.push(line);
  const { widths = [8, 16] } = options as { widths?: readonly number[] };
  await expect(coordCheck({ dataset: 'shapes', ...options, widths: [...widths], note })).rejects.toThrow(message);
  expect(notes).toEqual([]);
});
