/** Datasets converted to another size or colour. */
import { UsageError } from '../terminal/errors.js';
import type { ImageShape, LoadContext, RawDataset, RawSplit } from './dataset.js';
import { cachedDataset } from './files/cache.js';
import { allocateImages, eachAtOnce, imageDecoder } from './files/decode.js';
import { greyToRgb, rgbToGrey } from './files/pixels.js';

/**
 * The dataset as it is wanted; itself where it is so already. Resized images are kept in the cache under `fingerprint()` of
 * what they were made of.
 *
 * @throws UsageError for images that are neither grey nor rgb
 */
export async function convert(
  raw: RawDataset,
  { imageSize, colour }: Pick<LoadContext, 'imageSize' | 'colour'>,
  name: string,
  fingerprint: () => string,
): Promise<RawDataset> {
  const { height, width, channels } = raw.shape;
  const sized = imageSize === undefined || (height === imageSize && width === imageSize);
  const coloured = colour === undefined || channels === (colour === 'rgb' ? 3 : 1);
  if (sized && coloured) return raw;
  if (channels !== 1 && channels !== 3)
    throw new UsageError(
      `has images with ${channels} channels; only 1 or 3 can be converted`,
      name,
      'leave --image-size and --colour out',
    );
  const recoloured = coloured ? raw : recolour(raw);
  if (sized) return recoloured;
  const recipe = { source: 'resized', of: fingerprint(), channels: recoloured.shape.channels, side: imageSize };
  // Names and notes are no part of the fingerprint: two datasets of the same bytes may differ in them.
  const { notes = [], ...resized } = await cachedDataset(recipe, () => resize(recoloured, imageSize, name));
  return { ...recoloured, ...resized, notes: [...(raw.notes ?? []), ...notes] };
}

/** Grey to rgb, or rgb to grey. */
function recolour(raw: RawDataset): RawDataset {
  const turn = raw.shape.channels === 1 ? greyToRgb : rgbToGrey;
  return {
    ...raw,
    shape: { ...raw.shape, channels: raw.shape.channels === 1 ? 3 : 1 },
    train: { ...raw.train, images: turn(raw.train.images) },
    test: { ...raw.test, images: turn(raw.test.images) },
  };
}

/** Pixels and labels alone. */
async function resize({ shape, classes, train, test }: RawDataset, side: number, name: string): Promise<RawDataset> {
  return {
    shape: { ...shape, height: side, width: side },
    classes,
    train: await resizeSplit(train, { shape, side, name }),
    test: await resizeSplit(test, { shape, side, name }),
  };
}

async function resizeSplit(
  { images, labels }: RawSplit,
  { shape, side, name }: { shape: ImageShape; side: number; name: string },
): Promise<RawSplit> {
  const from = shape.height * shape.width * shape.channels;
  const to = side * side * shape.channels;
  const resized = allocateImages(labels.length * to, name);
  const decoder = await imageDecoder();
  await eachAtOnce(labels.keys(), async (i) => {
    resized.set(await decoder.resize(images.subarray(i * from, (i + 1) * from), shape, side), i * to);
  });
  return { images: resized, labels };
}
