/** Image files and arrays as square arrays of bytes, by sharp. */
import type { Sharp, SharpOptions } from 'sharp';
import { messageOf, UsageError } from '../../terminal/errors.js';
import { formatBytes } from '../../terminal/format.js';
import type { Colour, ImageShape } from '../dataset.js';
import type { DeepImage } from './deep.js';
import { rgbToGrey } from './pixels.js';

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
  /**
   * The numbers of a file in which they don't say what is black and white; undefined for any other file. A string where they are
   * none: why. For files that `decode` can read.
   */
  deep(file: Uint8Array, wanted: Pick<Wanted, 'side'>): Promise<DeepImage | string | undefined>;
  /** Bytes `[height, width, channels]` of one or three channels, the middle square of them, at another size. */
  resize(image: Uint8Array, shape: ImageShape, side: number): Promise<Uint8Array>;
}

/** Loads sharp. Its own threads are default: many small images are decoded at once instead. */
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
    deep: async (file, { side }) => {
      try {
        return isTiff(file) ? await readDeep(() => sharp(file, options), side) : undefined;
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
  return image.resize(side, side, cover).toColourspace('srgb').raw({ depth: 'uchar' }).toBuffer();
}

/** `open` gives the image anew: it is looked at first, and then read. */
async function readDeep(open: () => Sharp, side: number): Promise<DeepImage | string | undefined> {
  const { depth, space } = await open().metadata();
  if (depth === 'uchar' || depth === 'ushort') return undefined;
  const isWide = space === 'grey16' || space === 'rgb16';
  const isFloat = depth === 'float' || depth === 'double';
  if (isFloat && isWide) return '16-bit floating-point numbers are not supported';
  // What is signed of 16 bits comes out unsigned: it is moved up before, and back.
  const shift = isWide ? 32768 : 0;
  const image = open().pipelineColourspace(space).removeAlpha().resize(side, side, cover);
  const moved = shift === 0 ? image : image.linear(1, shift);
  const raw = await moved.toColourspace(space).raw({ depth: 'float' }).toBuffer();
  const values = new Float32Array(Uint8Array.from(raw).buffer).map((value) => value - shift);
  const channels = values.length / side ** 2;
  if (channels !== 1 && channels !== 3) return `${channels} channels of such numbers are not supported`;
  if (!values.every(Number.isFinite)) return 'holds pixels that are not numbers';
  return { values, isFloat, white: space === 'scrgb' ? 1 : isWide ? 65535 : 255 };
}

const cover = { fit: 'cover', position: 'centre', kernel: 'linear' } as const;

/** Little-endian or big-endian, of 32 or 64 bits (TIFF 6.0; BigTIFF). */
function isTiff(file: Uint8Array): boolean {
  const start = Buffer.from(file.subarray(0, 4)).toString('latin1');
  return ['II*\0', 'MM\0*', 'II+\0', 'MM\0+'].includes(start);
}

/** libvips appends one line per message; of 64-bit floats, which other programs write, it says what nobody would understand. */
const firstLine = (text: string) =>
  text.includes('tiff2vips: samples out of range')
    ? 'pixels of more than 32 bits, such as 64-bit floats, are not supported: convert them to 32 bits'
    : text.split('\n')[0]!.trim();

/** Node reads and writes files of up to 2 GB at once, a dataset's two splits make one, and a member holds more than one copy. */
const mostBytes = 1.5e9;

/** Memory for the images of a split. Throws UsageError if they are too many or too large. */
export function allocateImages(bytes: number, where: string): Uint8Array {
  if (bytes <= mostBytes) return new Uint8Array(bytes);
  throw new UsageError(
    `its images would take ${formatBytes(bytes)} of memory; the limit is ${formatBytes(mostBytes)}`,
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
