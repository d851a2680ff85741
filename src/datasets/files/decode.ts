/** Image files and arrays as square arrays of bytes, by sharp. */
import type { Sharp, SharpOptions } from 'sharp';
import { messageOf, UsageError } from '../../terminal/errors.js';
import { formatBytes } from '../../terminal/format.js';
import type { Colour, ImageShape } from '../dataset.js';

/** A file whose header promises more is not decoded: 100 megapixels are 300 MB. */
const mostPixels = 100e6;

/** How an image is wanted. */
export interface Wanted {
  /** Pixels of each side. */
  readonly side: number;
  readonly colour: Colour;
}

export interface ImageDecoder {
  /**
   * An image file in any format that sharp reads, upright as its EXIF data say, transparency on white, the middle square of
   * it: `[side, side, channels]`. A string where it can't be decoded: why.
   */
  decode(file: Uint8Array, wanted: Wanted): Promise<Uint8Array | string>;
  /** Bytes `[height, width, channels]` of one or three channels, the middle square of them, at another size. */
  resize(image: Uint8Array, shape: ImageShape, side: number): Promise<Uint8Array>;
}

/** Loads sharp. Its own threads are left out: many small images are decoded at once instead. */
export async function imageDecoder(): Promise<ImageDecoder> {
  const { default: sharp } = await import('sharp');
  sharp.concurrency(1);
  sharp.cache(false);
  const options: SharpOptions = { limitInputPixels: mostPixels, failOn: 'error', autoOrient: true };
  return {
    decode: async (file, { side, colour }) => {
      try {
        const rgb = await bytesOf(sharp(file, options).flatten({ background: 'white' }), side);
        return colour === 'rgb' ? rgb : rgbToGrey(rgb);
      } catch (error) {
        return firstLine(messageOf(error));
      }
    },
    resize: async (image, { height, width, channels }, side) => {
      const raw = { width, height, channels: channels as 1 | 3 };
      const rgb = await bytesOf(sharp(image, { raw }), side);
      return channels === 3 ? rgb : rgbToGrey(rgb);
    },
  };
}

/**
 * `[side, side, 3]`. The triangle filter, widened where an image shrinks, averages over the area that a new pixel covers:
 * Pillow's BILINEAR. It never leaves 0..255, so thin ink gets no halo as it would by Lanczos.
 */
function bytesOf(image: Sharp, side: number): Promise<Buffer> {
  return image
    .resize(side, side, { fit: 'cover', position: 'centre', kernel: 'linear' })
    .toColourspace('srgb')
    .raw({ depth: 'uchar' })
    .toBuffer();
}

/** libvips appends one line per message. */
const firstLine = (text: string) => text.split('\n')[0]!.trim();

/** ITU-R BT.601 luma, in the fixed point of Pillow's mode L. Equal channels stay what they are: the weights add up to 2^16. */
export function rgbToGrey(rgb: Uint8Array): Uint8Array {
  const grey = new Uint8Array(rgb.length / 3);
  for (let i = 0; i < grey.length; i++)
    grey[i] = (19595 * rgb[3 * i]! + 38470 * rgb[3 * i + 1]! + 7471 * rgb[3 * i + 2]! + 0x8000) >> 16;
  return grey;
}

/** The same byte in three channels. */
export function greyToRgb(grey: Uint8Array): Uint8Array {
  const rgb = new Uint8Array(3 * grey.length);
  for (let i = 0; i < grey.length; i++) rgb.fill(grey[i]!, 3 * i, 3 * i + 3);
  return rgb;
}

/** Node reads and writes files of up to 2 GB at once, a dataset's two splits make one, and a member holds more than one copy. */
const mostBytes = 1.5e9;

/** Memory for the images of a split. Throws UsageError where they are too many or too large. */
export function allocateImages(bytes: number, where: string): Uint8Array {
  if (bytes <= mostBytes) return new Uint8Array(bytes);
  throw new UsageError(
    `its images would take ${formatBytes(bytes)} of memory, and ${formatBytes(mostBytes)} are the limit`,
    where,
    'give a smaller --image-size, or --colour grey',
  );
}

/** Images in work at once: enough for the threads of Node's pool, little enough for memory. */
const inWork = 8;

/** Runs `work` for each item, several at once. Rejects with the first failure, once what was begun is over. */
export async function eachAtOnce<T>(
  items: AsyncIterable<T> | Iterable<T>,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const running = new Set<Promise<void>>();
  const failures: unknown[] = [];
  for await (const item of items) {
    const task = work(item)
      .catch((error: unknown) => {
        failures.push(error);
      })
      .finally(() => running.delete(task));
    running.add(task);
    if (running.size >= inWork) await Promise.race(running);
    if (failures.length > 0) break;
  }
  await Promise.all(running);
  if (failures.length > 0) throw failures[0];
}
