/** reconstructions.png of a member: some test images side by side, and under them what the member gives back. */
import sharp from 'sharp';
import type { ImageShape } from '../datasets/dataset.js';
import { Random } from '../statistics/random.js';

const kept = 20;

/** Test images of which every member's reconstructions are kept: their places in the test set as used, ascending. */
export function reconstructedImages(testCount: number): Int32Array {
  return Random.named(0, 'reconstructions').permutation(testCount).slice(0, kept).sort();
}

export interface Strips {
  readonly shape: ImageShape;
  /** `[count, height, width, channels]` each, bytes. */
  readonly originals: Uint8Array;
  readonly reconstructions: Uint8Array;
}

/** The file's bytes: two rows of images, one pixel a pixel, nothing between. */
export async function encodeStrips({ shape, originals, reconstructions }: Strips): Promise<Uint8Array> {
  const { height, width, channels } = shape;
  const count = originals.length / (height * width * channels);
  const raw = Buffer.concat([originals, reconstructions].map((images) => sideBySide(images, count, shape)));
  const about = { width: count * width, height: 2 * height, channels: channels === 1 ? 1 : 3 } as const;
  return sharp(raw, { raw: about }).png({ compressionLevel: 9 }).toBuffer();
}

/** Images one after the other -> one picture as wide as all of them. */
function sideBySide(images: Uint8Array, count: number, { height, width, channels }: ImageShape): Uint8Array {
  const strip = new Uint8Array(images.length);
  const row = width * channels;
  for (let i = 0; i < count; i++) {
    for (let y = 0; y < height; y++) {
      const from = (i * height + y) * row;
      strip.set(images.subarray(from, from + row), (y * count + i) * row);
    }
  }
  return strip;
}
