/** Single image files converted to the form of a dataset's images, for a member trained on those. */
import { readInput } from '../machine/inputs.js';
import { UsageError } from '../terminal/errors.js';
import type { ImageShape } from './dataset.js';
import { allocateImages, eachAtOnce, imageDecoder, type ImageDecoder } from './files/decode.js';
import { levelOf, quantiseBy, type DeepPlace, type Levels } from './files/deep.js';
import { parseDatasetName } from './index.js';

export interface PictureOptions {
  /** The dataset's name: some read files as negatives. */
  readonly dataset: string;
  readonly shape: ImageShape;
  /** Black and white as the dataset had them, for files that do not state them. */
  readonly levels: Levels;
  /** Invert black and white, as the last step. */
  readonly invert: boolean;
}

const mostBytes = 200e6;
const remedy = 'give image files: PNG, JPEG, WebP, GIF, TIFF, AVIF or SVG';

/**
 * The middle square of each file at the dataset's size and in its colours, `[files, height, width, channels]`, as
 * `images:` reads a folder. `notes` say what was taken for black and white in files that do not state it.
 *
 * @throws UsageError for the first file that is not an image, with the number of others; and for datasets whose images
 * cannot come from files
 */
export async function readPictures(
  files: readonly string[],
  { dataset, shape, levels, invert }: PictureOptions,
): Promise<{ images: Uint8Array; notes: readonly string[] }> {
  const { height: side, width, channels } = shape;
  if (side !== width || (channels !== 1 && channels !== 3))
    throw new UsageError(
      `its images are ${side} x ${width} with ${channels} channels; image files can become square ones of 1 or 3 channels`,
      dataset,
    );
  const decoder = await imageDecoder();
  const size = side * side * channels;
  const images = allocateImages(files.length * size, 'IMAGE');
  const failures = new Map<number, UsageError>();
  const deep: DeepPlace[] = [];
  await eachAtOnce(files.entries(), async ([i, file]) => {
    const into = images.subarray(i * size, (i + 1) * size);
    try {
      const own = await decodeInto(into, file, { decoder, side });
      if (own === undefined) return;
      if (levelOf(levels, own.isFloat) === undefined) throw unknownLevels(file);
      deep.push({ ...own, into });
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      failures.set(i, error);
    }
  });
  refuseFailures(files, failures);
  const notes = quantiseBy(deep, levels);
  const isNegative = parseDatasetName(dataset).source.readsNegatives === true;
  if (isNegative !== invert) images.forEach((byte, i) => (images[i] = 255 - byte));
  return { images, notes };
}

/** With its own scale, a dark image would become as light as those that the member was trained on. */
function unknownLevels(file: string): UsageError {
  return new UsageError(
    'stores numbers for which black and white are not defined, and the run does not record which ones it used',
    file,
    'save it with 8 or 16 bits, unsigned, scaled as the training images were',
  );
}

async function decodeInto(
  into: Uint8Array,
  file: string,
  { decoder, side }: { readonly decoder: ImageDecoder; readonly side: number },
) {
  const bytes = await readInput(file, file, { mostBytes, remedy });
  const refuse = (why: string) => new UsageError(`is not an image that can be read (${why})`, file, remedy);
  const colour = into.length === side * side ? 'grey' : 'rgb';
  const image = await decoder.decode(bytes, { side, colour });
  if (typeof image === 'string') throw refuse(image);
  into.set(image);
  const own = await decoder.deep(bytes, { side });
  if (typeof own === 'string') throw refuse(own);
  return own;
}

function refuseFailures(files: readonly string[], failures: ReadonlyMap<number, UsageError>): void {
  const first = Math.min(...failures.keys());
  const failure = failures.get(first);
  if (failure === undefined) return;
  if (failures.size === 1) throw failure;
  throw new UsageError(
    `${failures.size} of ${files.length} files can't be read; the first is ${failure.message}`,
    'IMAGE',
  );
}
