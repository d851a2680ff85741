import sharp from 'sharp';
import { beforeEach, describe, expect, test } from 'vitest';
import { imageDecoder } from '../../../../src/datasets/files/decode.js';
import { loadImages } from '../../../../src/datasets/images.js';
import { folderWith, mistakeOf, ownCache } from '../../../support/pictures.js';
import { tiffOf, type TiffPixels } from '../../../support/tiff.js';

beforeEach(async () => {
  await ownCache();
});

const side = 4;
const ramp = (from: number, to: number, channels = 1) =>
  Array.from({ length: side * side * channels }, (_, i) => {
    const at = Math.floor(i / channels) / (side * side - 1);
    return from + at * (to - from);
  });
const grey = { width: side, channels: 1 } as const;

/** Two classes of two images: the first of class a as bytes for training, and the notes. */
async function trainedOn(a: TiffPixels, b: TiffPixels) {
  const files = {
    'train/a/1.tif': tiffOf(a),
    'train/b/1.tif': tiffOf(b),
    'test/a/1.tif': tiffOf(a),
    'test/b/1.tif': tiffOf(b),
  };
  const folder = await folderWith(files);
  const { train, notes } = await loadImages(folder, { dataDir: '/nowhere', imageSize: side, colour: 'grey' });
  const size = side * side;
  return {
    a: [...train.images.subarray(0, size)],
    b: [...train.images.subarray(size)],
    notes: notes!.map((note) => note.replace(`${folder}: `, '')),
  };
}

const floats = (from: number, to: number): TiffPixels => ({
  ...grey,
  sample: 'float',
  data: Float32Array.from(ramp(from, to)),
});

describe('floats', () => {
  test('from 0 to 1 map to black and white, the same way in every image', async () => {
    const { a, b, notes } = await trainedOn(floats(0, 0.25), floats(0.5, 1));
    expect(a).toEqual(ramp(0, 0.25).map((value) => Math.round(255 * Math.fround(value))));
    expect(b).toEqual(ramp(0.5, 1).map((value) => Math.round(255 * Math.fround(value))));
    expect(notes).toEqual(['4 TIFF images of floating-point numbers from 0 to 1: 0 is treated as black, 1 as white']);
  });

  test('from 0 to 255 are bytes, as before', async () => {
    const { a, notes } = await trainedOn(floats(0, 240), floats(3, 250));
    expect(a).toEqual(ramp(0, 240));
    expect(notes).toEqual([]);
  });

  test('of another range map to black and white from the minimum to the maximum of all images', async () => {
    const { a, b, notes } = await trainedOn(floats(-1000, 0), floats(0, 1000));
    expect([a[0], a[15], b[0], b[15]]).toEqual([0, 128, 128, 255]);
    expect(notes).toEqual([
      '4 TIFF images of floating-point numbers from -1000 to 1000: -1000 is treated as black, 1000 as white',
    ]);
  });

  test('in colour are linear light, as libvips reads them', async () => {
    const { a, notes } = await trainedOn(
      { width: side, channels: 3, sample: 'float', data: Float32Array.from(ramp(0, 1, 3)) },
      { width: side, channels: 3, sample: 'float', data: Float32Array.from(ramp(1, 0, 3)) },
    );
    // sRGB (IEC 61966-2-1) of linear 1/15, 8/15: 1.055 x^(1/2.4) - 0.055, of 255; libvips' tables may round differently by 1.
    const srgb = (x: number) => 255 * (1.055 * x ** (1 / 2.4) - 0.055);
    expect(Math.abs(a[1]! - srgb(1 / 15))).toBeLessThan(1.5);
    expect(Math.abs(a[8]! - srgb(8 / 15))).toBeLessThan(1.5);
    expect(notes).toEqual([]);
  });

  test('that are NaN or infinite are refused with a reason', async () => {
    const bad = tiffOf({ ...grey, sample: 'float', data: Float32Array.from(ramp(0, NaN)) });
    const folder = await folderWith({
      'a/1.tif': bad,
      'b/1.tif': tiffOf(floats(0, 1)),
      'b/2.tif': tiffOf(floats(0, 1)),
    });
    expect(await mistakeOf(loadImages(folder, { dataDir: '/nowhere' }))).toContain(
      'the class a has no readable image; a/1.tif: holds pixels that are not numbers',
    );
  });
});

describe('integers', () => {
  const ints = (from: number, to: number): TiffPixels => ({
    ...grey,
    sample: 'int',
    data: Int32Array.from(ramp(from, to)),
  });

  test('of 32 bits that fit into 8 or 16 are treated as such', async () => {
    expect((await trainedOn(ints(0, 255), ints(0, 15))).notes).toEqual([]);
    const { a, notes } = await trainedOn(ints(0, 65535), ints(0, 300));
    expect(a).toEqual(ramp(0, 65535).map((value) => Math.round(value / 257)));
    expect(notes).toEqual([
      '4 TIFF images of signed integers, or of 32 bits, from 0 to 65535: 0 is treated as black, 65535 as white',
    ]);
  });

  test('of 32 bits, large and negative', async () => {
    const { a, b } = await trainedOn(ints(-3e6, 0), { ...grey, sample: 'uint', data: Uint32Array.from(ramp(0, 3e6)) });
    expect([a[0], a[15], b[0], b[15]]).toEqual([0, 128, 128, 255]);
  });

  test('of signed 16 bits, as from a CT scanner', async () => {
    const { a, b } = await trainedOn(
      { ...grey, sample: 'int', data: Int16Array.from(ramp(-1000, 0)) },
      { ...grey, sample: 'int', data: Int16Array.from(ramp(0, 1000)) },
    );
    expect([a[0], a[15], b[0], b[15]]).toEqual([0, 128, 128, 255]);
  });
});

test('images of 8 and 16 bits are read without levels', async () => {
  const decoder = await imageDecoder();
  const raw = { raw: { width: side, height: side, channels: 1 } } as const;
  const eight = await sharp(Uint8Array.from(ramp(0, 255)), raw)
    .tiff()
    .toBuffer();
  const sixteen = await sharp(Uint16Array.from(ramp(0, 65535)), raw)
    .toColourspace('grey16')
    .tiff()
    .toBuffer();
  for (const file of [eight, sixteen, Buffer.from('II*\0')]) {
    const deep = await decoder.deep(file, { side });
    if (file.length > 4) expect(deep).toBeUndefined();
    else expect(typeof deep).toBe('string');
  }
});
