/** An image reconstructed by a member, as a file. */
import type { ImageShape } from '../datasets/dataset.js';

/** A PNG of values 0..1, `[height, width, channels]` of 1 or 3 channels, one pixel a pixel. */
export async function imageFile(values: Float32Array, { height, width, channels }: ImageShape): Promise<Uint8Array> {
  const { default: sharp } = await import('sharp');
  const bytes = Uint8Array.from(values, (value) => Math.round(255 * value));
  return sharp(bytes, { raw: { width, height, channels: channels === 1 ? 1 : 3 } })
    .png()
    .toBuffer();
}
