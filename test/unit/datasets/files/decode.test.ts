import sharp from 'sharp';
import { expect, test } from 'vitest';
import { eachAtOnce, imageDecoder } from '../../../../src/datasets/files/decode.js';
import { greyToRgb, rgbToGrey } from '../../../../src/datasets/files/pixels.js';
import { plainPng, pngOf } from '../../../support/pictures.js';

const grey = { side: 4, colour: 'grey' } as const;
const rgb = { side: 4, colour: 'rgb' } as const;

async function decode(file: Uint8Array, wanted: { side: number; colour: 'grey' | 'rgb' }): Promise<number[]> {
  const image = await (await imageDecoder()).decode(file, wanted);
  if (typeof image === 'string') throw new Error(image);
  return [...image];
}

const times = (count: number, ...values: number[]) => Array.from({ length: count }, () => values).flat();

test("grey is Pillow's mode L", () => {
  // Image.new('RGB', (1, 1), colour).convert('L') of Pillow 13.0.
  const colours = [255, 0, 0, 0, 255, 0, 0, 0, 255, 10, 20, 30, 255, 255, 255];
  expect([...rgbToGrey(Uint8Array.from(colours))]).toEqual([76, 150, 29, 18, 255]);
  const all = Uint8Array.from({ length: 256 }, (_, i) => i);
  expect(rgbToGrey(greyToRgb(all))).toEqual(all);
});

test('an image of the target size is not changed', async () => {
  const bytes = Uint8Array.from({ length: 48 }, (_, i) => (i * 37) % 256);
  expect(await decode(await pngOf(bytes, 4, 3), rgb)).toEqual([...bytes]);
  expect(await decode(await pngOf(bytes.subarray(0, 16), 4, 1), grey)).toEqual([...bytes.subarray(0, 16)]);
});

test('a smaller image averages: stripes of one pixel become grey, not stripes', async () => {
  const stripes = Uint8Array.from({ length: 64 * 64 }, (_, i) => (i % 2) * 255);
  const small = await decode(await pngOf(stripes, 64, 1), { side: 8, colour: 'grey' });
  // Away from the edge a triangle of 16 pixels covers as much black as white: 127.5.
  for (let row = 0; row < 8; row++)
    for (const value of small.slice(8 * row + 1, 8 * row + 7)) expect(Math.abs(value - 127.5)).toBeLessThan(1);
});

test('an oblong image is cropped to its middle', async () => {
  const [left, middle, right] = [times(4, 200, 0, 0), times(8, 0, 200, 0), times(4, 0, 0, 200)];
  const row = [...left, ...middle, ...right];
  const wide = Uint8Array.from(times(8, ...row));
  expect(await decode(await pngOf(wide, 16, 3), { side: 8, colour: 'rgb' })).toEqual(times(64, 0, 200, 0));
});

test('EXIF orientation is applied', async () => {
  // Left half red, right half blue, to be rotated by 90 degrees clockwise (orientation 6): red above.
  const pixels = Uint8Array.from(times(4, ...times(2, 255, 0, 0), ...times(2, 0, 0, 255)));
  const turned = await sharp(pixels, { raw: { width: 4, height: 4, channels: 3 } })
    .withMetadata({ orientation: 6 })
    .png()
    .toBuffer();
  expect(await decode(turned, rgb)).toEqual([...times(8, 255, 0, 0), ...times(8, 0, 0, 255)]);
});

test('transparent areas become white', async () => {
  const pixels = Uint8Array.from([...times(8, 0, 0, 0, 0), ...times(8, 0, 0, 0, 255)]);
  expect(await decode(await pngOf(pixels, 4, 4), grey)).toEqual([...times(8, 255), ...times(8, 0)]);
});

test('16 bits, a palette, CMYK, WebP, GIF and TIFF are also read', async () => {
  const deep = await sharp(
    Uint16Array.from({ length: 16 }, (_, i) => 4096 * i),
    { raw: { width: 4, height: 4, channels: 1 } },
  )
    .toColourspace('grey16')
    .png()
    .toBuffer();
  expect((await sharp(deep).metadata()).depth).toBe('ushort');
  expect(await decode(deep, grey)).toEqual(Array.from({ length: 16 }, (_, i) => 16 * i));
  const red = sharp(await plainPng([255, 0, 0], 4, 4));
  for (const file of [
    await red.clone().png({ palette: true }).toBuffer(),
    await red.clone().webp({ lossless: true }).toBuffer(),
    await red.clone().gif().toBuffer(),
    await red.clone().tiff({ compression: 'lzw' }).toBuffer(),
  ])
    expect(await decode(file, rgb)).toEqual(times(16, 255, 0, 0));
  const cmyk = await red.clone().toColourspace('cmyk').jpeg().toBuffer();
  const [r, g, b] = await decode(cmyk, rgb);
  expect(r).toBeGreaterThan(200);
  expect(Math.max(g!, b!)).toBeLessThan(80);
});

test('a file that is not an image, is cut off or claims too many pixels gives a reason, not a crash', async () => {
  const decoder = await imageDecoder();
  const whole = await sharp(await plainPng([1, 2, 3], 64, 64))
    .jpeg()
    .toBuffer();
  expect(await decoder.decode(Buffer.from('hello'), grey)).toBe('Input buffer contains unsupported image format');
  expect(await decoder.decode(Buffer.alloc(0), grey)).toMatch(/empty/i);
  expect(await decoder.decode(whole.subarray(0, whole.length - 40), grey)).toMatch(/premature end of JPEG image/);
  const huge = Buffer.from(await plainPng([0, 0, 0], 1, 1));
  // Width and height in the header of a PNG (RFC 2083, 4.1.1).
  huge.writeUInt32BE(50_000, 16);
  huge.writeUInt32BE(50_000, 20);
  expect(typeof (await decoder.decode(huge, grey))).toBe('string');
  const bomb = await sharp({ create: { width: 12_000, height: 9_000, channels: 3, background: 'black' } })
    .png()
    .toBuffer();
  expect(await decoder.decode(bomb, grey)).toBe('Input image exceeds pixel limit');
});

test('a failure stops the remaining work, and leaves no unhandled rejection', async () => {
  const begun: number[] = [];
  const work = eachAtOnce(
    Array.from({ length: 100 }, (_, i) => i),
    async (i) => {
      begun.push(i);
      await new Promise(setImmediate);
      if (i >= 3) throw new Error(`item ${i}`);
    },
  );
  await expect(work).rejects.toThrow('item 3');
  expect(begun.length).toBeLessThan(20);
});
