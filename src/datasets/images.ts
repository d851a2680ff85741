/**
 * A folder or a zip archive of image files, a folder for each class. Files that are no images are skipped and counted; what
 * would change the classes without being seen, such as a class that has no image, is refused.
 */
import { Random } from '../statistics/random.js';
import { UsageError } from '../terminal/errors.js';
import { counted } from '../terminal/format.js';
import type { DatasetSource, LoadContext, RawDataset, RawSplit } from './dataset.js';
import { cachedDataset } from './files/cache.js';
import { allocateImages, eachAtOnce, imageDecoder, type Wanted } from './files/decode.js';
import { namesBelow, openParts, placeOf, type Part, type Parts } from './files/layout.js';
import type { FileTree } from './files/tree.js';

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
  return cachedDataset(recipe, () => decodeParts(parts, wanted));
}

async function recipeOf({ tree, prefix }: Part) {
  return { prefix, hash: await tree.hash() };
}

async function decodeParts({ train, test }: Parts, wanted: Wanted): Promise<RawDataset> {
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
  const channels = wanted.colour === 'rgb' ? 3 : 1;
  const about = {
    shape: { height: wanted.side, width: wanted.side, channels },
    classes: classNames.length,
    classNames,
  };
  if (test === undefined) {
    const drawn = drawTest(trained, classNames.length);
    const note = `${train.tree.where} has no test folder: ${drawn.test.labels.length} of its ${trained.labels.length} images, a fifth of each class, are the test set`;
    return { ...about, ...drawn, notes: [...trained.notes, note] };
  }
  const tested = await decodePart(test, known, wanted);
  if (tested.labels.length === 0) throw new UsageError('holds no image', placeOf(test), layout);
  const notes = [...trained.notes, ...tested.notes, ...missingNote(test, tested, classNames)];
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
  readonly notes: readonly string[];
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
  const { decoded, skipped } = await decodeFiles(tree, files, wanted);
  return { ...decoded, notes: skippedNotes(part, files.length, skipped) };
}

interface LabelledFile {
  readonly path: string;
  readonly label: number;
}

interface Skipped {
  readonly path: string;
  readonly why: string;
}

async function decodeFiles(
  tree: FileTree,
  files: readonly LabelledFile[],
  wanted: Wanted,
): Promise<{ decoded: RawSplit; skipped: Skipped[] }> {
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
    decoded: {
      images: images.subarray(0, kept.length * pixels),
      labels: Int32Array.from(kept, (i) => files[i]!.label),
    },
    skipped: [...failures.keys()].sort((a, b) => a - b).map((i) => ({ path: files[i]!.path, why: failures.get(i)! })),
  };
}

function skippedNotes(part: Part, files: number, skipped: readonly Skipped[]): string[] {
  const notes: string[] = [];
  const [first] = skipped;
  if (first !== undefined)
    notes.push(
      `${placeOf(part)}: ${skipped.length} of ${counted(files, 'file')} skipped, being damaged or no images; the first is ${first.path} (${first.why})`,
    );
  if (part.tree.links > 0)
    notes.push(
      `${part.tree.where}: ${counted(part.tree.links, 'link')} out of this folder or to a folder not followed`,
    );
  return notes;
}

function refuseEmpty(part: Part, { labels, notes }: Decoded, classNames: readonly string[]): void {
  const seen = new Set(labels);
  const [first, ...others] = classNames.filter((_, label) => !seen.has(label));
  if (first === undefined) return;
  const more = others.length === 0 ? '' : ` (and ${others.length} more)`;
  const reason = notes[0] === undefined ? '' : ` [${notes[0]}]`;
  throw new UsageError(
    `the class folder ${first}${more} holds no image that can be read${reason}`,
    placeOf(part),
    'put images into it, or take it away',
  );
}

function missingNote(test: Part, { labels }: RawSplit, classNames: readonly string[]): string[] {
  const seen = new Set(labels);
  const missing = classNames.filter((_, label) => !seen.has(label));
  if (missing.length === 0) return [];
  return [
    `${placeOf(test)}: no test image of ${missing.slice(0, 3).join(', ')}${missing.length > 3 ? ` and ${missing.length - 3} more classes` : ''}`,
  ];
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
