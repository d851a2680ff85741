/**
 * A folder or a zip archive of image files, a folder for each class. Files that are no images are skipped and counted; what
 * would change the classes without being seen, such as a class that has no image, is refused.
 */
import * as path from 'node:path';
import { Random } from '../statistics/random.js';
import { UsageError } from '../terminal/errors.js';
import { counted } from '../terminal/format.js';
import type { DatasetSource, LoadContext, RawDataset, RawSplit } from './dataset.js';
import { cachedDataset } from './files/cache.js';
import { allocateImages, eachAtOnce, imageDecoder, type Wanted } from './files/decode.js';
import { namesBelow, openParts, placeOf, type Part, type Parts } from './files/layout.js';

const defaults: Wanted = { side: 32, colour: 'rgb' };

export const images: DatasetSource = {
  name: 'images:',
  summary: 'a folder or a zip archive of images, a folder for each class',
  licence: "the images' own; not known to this program",
  citation: "the images' own; not known to this program",
  load: loadImages,
};

/** What `images:PATH` needs to be, for whoever got it wrong. */
const layout = 'a class is a folder of images: PATH/CLASS/..., or PATH/train/CLASS/... and PATH/test/CLASS/...';

/**
 * Images cropped to their middle square and resized, in the order of class and path.
 *
 * @throws UsageError where PATH is unreadable, unsafe or laid out otherwise, and where a class has no image
 */
export async function loadImages(location: string, { imageSize, colour }: LoadContext): Promise<RawDataset> {
  const wanted: Wanted = { side: imageSize ?? defaults.side, colour: colour ?? defaults.colour };
  const parts = await openParts(location);
  const recipe = {
    source: 'images',
    ...wanted,
    train: await recipeOf(parts.train),
    test: parts.test === undefined ? null : await recipeOf(parts.test),
  };
  const { notes = [], ...dataset } = await cachedDataset(recipe, () => decodeParts(parts, wanted, location));
  // The cache knows contents and no places: the same images may have moved.
  return { ...dataset, notes: notes.map((note) => `${location}: ${note}`) };
}

async function recipeOf({ tree, prefix }: Part) {
  return { prefix, hash: await tree.hash() };
}

async function decodeParts(parts: Parts, wanted: Wanted, location: string): Promise<RawDataset> {
  const { train, test } = parts;
  const classNames = namesBelow(train);
  if (classNames.length < 2)
    throw new UsageError(
      classNames.length === 0 ? 'holds no class folders' : `holds one class alone, ${classNames[0]!}`,
      placeOf(train),
      layout,
    );
  const known = new Map(classNames.map((name, label) => [name, label]));
  if (test !== undefined) refuseUnknown(test, known);
  const trained = await decodePart(train, known, wanted);
  refuseEmpty(train, trained, classNames);
  const notes = [...linkNotes(parts), ...skippedNotes(train, trained, location)];
  const channels = wanted.colour === 'rgb' ? 3 : 1;
  const about = {
    shape: { height: wanted.side, width: wanted.side, channels },
    classes: classNames.length,
    classNames,
  };
  if (test === undefined) {
    const drawn = drawTest(trained, classNames.length);
    const note = `no test folder: ${drawn.test.labels.length} of ${trained.labels.length} images, a fifth of each class, are the test set`;
    return { ...about, ...drawn, notes: [...notes, note] };
  }
  const tested = await decodePart(test, known, wanted);
  if (tested.labels.length === 0) throw new UsageError('holds no image', placeOf(test), layout);
  notes.push(...skippedNotes(test, tested, location), ...missingNotes(tested, classNames));
  return { ...about, train: splitOf(trained), test: splitOf(tested), notes };
}

function refuseUnknown(test: Part, known: ReadonlyMap<string, number>): void {
  const [first, ...others] = namesBelow(test).filter((name) => !known.has(name));
  if (first === undefined) return;
  throw new UsageError(
    `holds the class ${first}${others.length === 0 ? '' : ` and ${others.length} more`}, of which train has no image`,
    placeOf(test),
    'train and test have the same class folders',
  );
}

interface Decoded extends RawSplit {
  readonly skipped: readonly Skipped[];
}

interface Skipped {
  /** From the folder of the class folders. */
  readonly path: string;
  readonly why: string;
}

function splitOf({ images, labels }: Decoded): RawSplit {
  return { images, labels };
}

/** Decodes what can be decoded, in the order of class and path. */
async function decodePart(part: Part, known: ReadonlyMap<string, number>, wanted: Wanted): Promise<Decoded> {
  const { tree, prefix } = part;
  const paths = tree.paths.filter((each) => each.startsWith(prefix) && each.slice(prefix.length).includes('/'));
  const labelOf = (each: string) => known.get(each.slice(prefix.length).split('/')[0]!)!;
  // A class's files follow each other, whatever else sorts between "cat" and "cat/".
  const files = paths.map((each) => ({ path: each, label: labelOf(each) })).sort((a, b) => a.label - b.label);
  return decodeFiles(part, files, wanted);
}

interface LabelledFile {
  readonly path: string;
  readonly label: number;
}

async function decodeFiles({ tree, prefix }: Part, files: readonly LabelledFile[], wanted: Wanted): Promise<Decoded> {
  const pixels = wanted.side * wanted.side * (wanted.colour === 'rgb' ? 3 : 1);
  const images = allocateImages(files.length * pixels, tree.where);
  const decoder = await imageDecoder();
  const failures = new Map<number, string>();
  let next = 0;
  await eachAtOnce(tree.contents(files.map((file) => file.path)), async ([, bytes]) => {
    const at = next++;
    const image = bytes === undefined ? 'unreadable' : await decoder.decode(bytes, wanted);
    if (typeof image === 'string') failures.set(at, image);
    else images.set(image, at * pixels);
  });
  const kept = files.map((_, i) => i).filter((i) => !failures.has(i));
  kept.forEach((from, to) => images.copyWithin(to * pixels, from * pixels, (from + 1) * pixels));
  return {
    images: images.subarray(0, kept.length * pixels),
    labels: Int32Array.from(kept, (i) => files[i]!.label),
    skipped: files.flatMap((file, i) => {
      const why = failures.get(i);
      return why === undefined ? [] : [{ path: file.path.slice(prefix.length), why }];
    }),
  };
}

function skippedNotes(part: Part, { skipped, labels }: Decoded, location: string): string[] {
  const [first] = skipped;
  if (first === undefined) return [];
  const place = path.relative(location, placeOf(part));
  const files = counted(skipped.length + labels.length, 'file');
  const example = `${path.join(place, first.path)} (${first.why})`;
  return [`${skipped.length} of ${files} skipped, being damaged or no images; the first is ${example}`];
}

function linkNotes({ train, test }: Parts): string[] {
  const trees = new Set([train.tree, ...(test === undefined ? [] : [test.tree])]);
  return [...trees]
    .filter(({ links }) => links > 0)
    .map(({ links }) => `${counted(links, 'link')} out of this folder or to a folder not followed`);
}

function refuseEmpty(part: Part, { labels, skipped }: Decoded, classNames: readonly string[]): void {
  const seen = new Set(labels);
  const [first, ...others] = classNames.filter((_, label) => !seen.has(label));
  if (first === undefined) return;
  const more = others.length === 0 ? '' : ` (and ${others.length} more)`;
  const bad = skipped.find((file) => file.path.startsWith(`${first}/`));
  const reason = bad === undefined ? '' : `; ${bad.path}: ${bad.why}`;
  throw new UsageError(
    `the class folder ${first}${more} holds no image that can be read${reason}`,
    placeOf(part),
    'put images into it, or take it away',
  );
}

function missingNotes({ labels }: RawSplit, classNames: readonly string[]): string[] {
  const seen = new Set(labels);
  const missing = classNames.filter((_, label) => !seen.has(label));
  const more = missing.length > 3 ? ` and ${missing.length - 3} more classes` : '';
  return missing.length === 0 ? [] : [`no test image of ${missing.slice(0, 3).join(', ')}${more}`];
}

/** A fifth of each class, at random, the same each time; at least one image of a class stays for training. */
function drawTest(whole: RawSplit, classes: number): { train: RawSplit; test: RawSplit } {
  const members = Array.from({ length: classes }, (): number[] => []);
  whole.labels.forEach((label, i) => members[label]!.push(i));
  const test = new Set<number>();
  members.forEach((list, label) => {
    const count = Math.min(Math.max(1, Math.round(list.length / 5)), list.length - 1);
    const order = Random.named(0, 'images', 'test', label).permutation(list.length);
    for (const place of order.subarray(0, count)) test.add(list[place]!);
  });
  const indices = Array.from(whole.labels, (_, i) => i);
  return {
    train: pick(
      whole,
      indices.filter((i) => !test.has(i)),
    ),
    test: pick(
      whole,
      indices.filter((i) => test.has(i)),
    ),
  };
}

function pick({ images, labels }: RawSplit, indices: readonly number[]): RawSplit {
  const pixels = images.length / labels.length;
  const some = new Uint8Array(indices.length * pixels);
  indices.forEach((from, to) => {
    some.set(images.subarray(from * pixels, (from + 1) * pixels), to * pixels);
  });
  return { images: some, labels: Int32Array.from(indices, (i) => labels[i]!) };
}
