/** Image files and arrays to square arrays of bytes, with sharp. */
import type { Sharp, SharpOptions } from 'sharp';
import { messageOf, UsageError } from '../../terminal/errors.js';
import { formatBytes } from '../../terminal/format.js';
import type { Colour, ImageShape } from '../dataset.js';
import type { DeepImage } from './deep.js';
import { rgbToGrey } from './pixels.js';

/** A file whose header states more is not decoded: 100 megapixels are 300 MB. */
const mostPixels = 100e6;

/** Requested form of an image. */
export interface Wanted {
  /** Pixels of each side. */
  readonly side: number;
  readonly colour: Colour;
}

export interface ImageDecoder {
  /**
   * An image file in any format that sharp reads, rotated as its EXIF data say, transparency on white, cropped to the middle
   * square: `[side, side, channels]`. If it cannot be decoded, a string: the reason.
   */
  decode(file: Uint8Array, wanted: Wanted): Promise<Uint8Array | string>;
  /**
   * The numbers of a file whose type does not define black and white; undefined for any other file. If they cannot be used, a string:
   * the reason. For files that `decode` can read.
   */
  deep(file: Uint8Array, wanted: Pick<Wanted, 'side'>): Promise<DeepImage | string | undefined>;
  /** Bytes `[height, width, channels]` with one or three channels, cropped to the middle square and resized. */
  resize(image: Uint8Array, shape: ImageShape, side: number): Promise<Uint8Array>;
}

/** Loads sharp. An image uses one thread: many small ones are decoded at once instead. */
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
 * `[side, side, 3]`. The triangle filter, widened when an image shrinks, averages over the area that a new pixel covers, as
 * Pillow's BILINEAR does. It never leaves 0..255, so thin strokes get no halo as with Lanczos.
 */
function bytesOf(image: Sharp, side: number): Promise<Buffer> {
  return image.resize(side, side, cover).toColourspace('srgb').raw({ depth: 'uchar' }).toBuffer();
}

/** `open` is called twice: for the header, then for the pixels. */
async function readDeep(open: () => Sharp, side: number): Promise<DeepImage | string | undefined> {
  const { depth, space } = await open().metadata();
  if (depth === 'uchar' || depth === 'ushort') return undefined;
  const isWide = space === 'grey16' || space === 'rgb16';
  const isFloat = depth === 'float' || depth === 'double';
  if (isFloat && isWide) return '16-bit floating-point numbers are not supported';
  // sharp outputs signed 16 bits as unsigned: the values are shifted up before, and back after.
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

/** Little-endian or big-endian, with 32-bit or 64-bit offsets (TIFF 6.0; BigTIFF). */
function isTiff(file: Uint8Array): boolean {
  const start = Buffer.from(file.subarray(0, 4)).toString('latin1');
  return ['II*\0', 'MM\0*', 'II+\0', 'MM\0+'].includes(start);
}

/** libvips gives one line per message. Its message about 64-bit floats, which other programs write, is cryptic. */
const firstLine = (text: string) =>
  text.includes('tiff2vips: samples out of range')
    ? 'pixels of more than 32 bits, such as 64-bit floats, are not supported: convert them to 32 bits'
    : text.split('\n')[0]!.trim();

/** Node reads and writes at most 2 GB at once, both splits of a dataset are one file, and a member holds more than one copy. */
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

/** Images processed at once: enough for the threads of Node's pool, and few enough for memory. */
const inWork = 8;

/** Runs `work` for each item, several at once. Rejects with the first failure, after the calls that had started. */
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
