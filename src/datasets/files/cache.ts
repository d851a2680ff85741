/**
 * Decoded datasets in the user's cache folder, so that images are decoded and resized only once. A file's name is the hash of
 * all its inputs. Its first 32 bytes are the SHA-256 of the rest: a damaged file is rebuilt, and changed inputs give another file. Then
 * follow the length of a JSON header (uint32), the header, train images, test images, train labels, test labels (int32),
 * little-endian throughout.
 */
import { createHash } from 'node:crypto';
import * as path from 'node:path';
import * as z from 'zod';
import { int32Bytes } from '../../machine/bytes.js';
import { createFolder, writeFileAtomic } from '../../machine/files.js';
import { readFileIfThere } from '../../machine/inputs.js';
import { removeLeftovers } from '../../machine/leftovers.js';
import { cacheFolder } from '../../machine/folders.js';
import { isReported, RunError } from '../../terminal/errors.js';
import type { RawDataset } from '../dataset.js';
import { levelsSchema } from './deep.js';

/** Incremented whenever the same files and options give different bytes or notes. */
const format = 4;

const size = z.int().min(0);
const headerSchema = z.strictObject({
  shape: z.strictObject({ height: size, width: size, channels: size }),
  classes: size,
  classNames: z.array(z.string()).optional(),
  notes: z.array(z.string()).optional(),
  /** For the test images. */
  groups: z.strictObject({ noun: z.string(), of: z.array(z.int()) }).optional(),
  levels: levelsSchema.optional(),
  train: size,
  test: size,
});

/** What a dataset was made from and how: any JSON value; equal values give equal datasets. */
export type Recipe = Readonly<Record<string, unknown>>;

/** The dataset from the cache; if it is not there, that of `make`, which is then cached. */
export async function cachedDataset(recipe: Recipe, make: () => Promise<RawDataset>): Promise<RawDataset> {
  const file = cacheFile(recipe);
  const found = await readCached(file);
  if (found !== undefined) return found;
  const dataset = await make();
  const failure = await tryWrite(file, dataset);
  return failure === undefined ? dataset : { ...dataset, notes: [...(dataset.notes ?? []), failure] };
}

/** The file of a dataset with this recipe, whether it exists or not. */
export function cacheFile(recipe: Recipe): string {
  const key = createHash('sha256')
    .update(JSON.stringify({ format, ...recipe }))
    .digest('hex');
  return path.join(cacheFolder(), 'datasets', `${key.slice(0, 32)}.bin`);
}

async function readCached(file: string): Promise<RawDataset | undefined> {
  // A file that cannot be read counts as missing: it is rebuilt, and a failure to write it then is reported.
  const bytes = await readFileIfThere(file).catch(() => undefined);
  if (bytes === undefined || bytes.length < 36) return undefined;
  const body = bytes.subarray(32);
  if (!createHash('sha256').update(body).digest().equals(bytes.subarray(0, 32))) return undefined;
  return decode(body);
}

function decode(body: Buffer): RawDataset {
  let at = 4 + body.readUInt32LE();
  const { train, test, groups, ...about } = headerSchema.parse(JSON.parse(body.toString('utf8', 4, at)));
  const { height, width, channels } = about.shape;
  const take = (length: number) => body.subarray(at, (at += length));
  const [trainImages, testImages] = [take(train * height * width * channels), take(test * height * width * channels)];
  const labels = (count: number) => {
    const bytes = take(4 * count);
    return Int32Array.from({ length: count }, (_, i) => bytes.readInt32LE(4 * i));
  };
  return {
    ...about,
    ...(groups === undefined ? {} : { groups: { ...groups, of: Int32Array.from(groups.of) } }),
    train: { images: trainImages, labels: labels(train) },
    test: { images: testImages, labels: labels(test) },
  };
}

function encode({ shape, classes, classNames, notes, groups, levels, train, test }: RawDataset): Uint8Array[] {
  const counts = { train: train.labels.length, test: test.labels.length };
  const known = groups === undefined ? {} : { groups: { ...groups, of: [...groups.of] } };
  const about = { shape, classes, classNames, notes, levels, ...known, ...counts };
  const header = Buffer.from(JSON.stringify(about));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(header.length);
  return [length, header, train.images, test.images, int32Bytes(train.labels), int32Bytes(test.labels)];
}

/** Why the cache could not be written, for the user, as the dataset works without it; undefined if it was. */
async function tryWrite(file: string, dataset: RawDataset): Promise<string | undefined> {
  const body = encode(dataset);
  const hash = createHash('sha256');
  for (const piece of body) hash.update(piece);
  try {
    await createFolder(path.dirname(file));
    await removeLeftovers(path.dirname(file));
    await writeFileAtomic(file, [hash.digest(), ...body]);
    return undefined;
  } catch (error) {
    if (!isReported(error)) throw new RunError("can't be written", file, undefined, { cause: error });
    return `the decoded images could not be cached: ${error.message}`;
  }
}
