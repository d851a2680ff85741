/**
 * Image files with a class each: by their folders, or by a labels file. Files that are not images are skipped and counted; anything that
 * would silently change the classes, such as a class without an image, is refused.
 */
import { createHash } from 'node:crypto';
import * as path from 'node:path';
import { guide } from '../machine/installation.js';
import { Random } from '../statistics/random.js';
import { UsageError } from '../terminal/errors.js';
import { counted } from '../terminal/format.js';
import type { DatasetSource, LoadContext, RawDataset, RawSplit } from './dataset.js';
import { cachedDataset } from './files/cache.js';
import { layouts, partName, type LabelledFiles, type ClassLayout, type Part } from './files/classes.js';
import { allocateImages, eachAtOnce, imageDecoder, type Wanted } from './files/decode.js';
import { quantise, type DeepPlace } from './files/deep.js';
import { openLayout } from './files/layout.js';
import type { FileTree } from './files/tree.js';

const defaults: Wanted = { side: 32, colour: 'rgb' };

export const images: DatasetSource = {
  name: 'images:',
  summary: 'a folder or a zip archive of images, with a folder for each class or with labels.csv',
  licence: "the images' own; not known to this program",
  citation: "the images' own; not known to this program",
  load: loadImages,
};

/**
 * Images cropped to their middle square and resized, in the order of class and path.
 *
 * @throws UsageError if PATH is unreadable, unsafe or laid out differently, or if a class has no image
 */
export async function loadImages(location: string, { imageSize, colour }: LoadContext): Promise<RawDataset> {
  const wanted: Wanted = { side: imageSize ?? defaults.side, colour: colour ?? defaults.colour };
  const layout = await openLayout(location);
  const recipe = await recipeOf(layout, wanted);
  const { notes = [], ...dataset } = await cachedDataset(recipe, () => decodeLayout(layout, wanted, location));
  const { classNames, train, test, notes: first } = layout;
  const all = [...first, ...linkNotes([train, ...(test === undefined ? [] : [test])]), ...notes];
  // The cache knows contents but not places: the same images may have moved.
  return { ...dataset, classNames, notes: all.map((note) => `${location}: ${note}`) };
}

/** Everything that the decoded images depend on. */
async function recipeOf({ classNames, train, test }: ClassLayout, wanted: Wanted) {
  const parts = [train, ...(test === undefined ? [] : [test])];
  const hashes = new Map<FileTree, string>();
  for (const { tree } of parts) if (!hashes.has(tree)) hashes.set(tree, await tree.hash());
  const files = createHash('sha256').update(JSON.stringify(parts.map((part) => part.files)));
  return {
    source: 'images',
    ...wanted,
    classes: classNames.length,
    hashes: parts.map(({ tree }) => hashes.get(tree)),
    files: files.digest('hex'),
  };
}

async function decodeLayout(
  { classNames, train, test, groupNoun }: ClassLayout,
  wanted: Wanted,
  location: string,
): Promise<RawDataset> {
  const files = { train: await readFiles(train, wanted), test: test && (await readFiles(test, wanted)) };
  const { levels, notes } = quantise([...files.train.deep, ...(files.test?.deep ?? [])]);
  const trained = keptOf(train, files.train);
  refuseEmpty(train, trained, classNames);
  notes.push(...skippedNotes(train, trained, location));
  const channels = wanted.colour === 'rgb' ? 3 : 1;
  const shape = { height: wanted.side, width: wanted.side, channels };
  const about = { shape, classes: classNames.length, ...(Object.keys(levels).length === 0 ? {} : { levels }) };
  if (test === undefined || files.test === undefined) {
    const drawn = drawTest(trained, classNames.length);
    if (drawn.test.labels.length === 0)
      throw new UsageError(
        'each class has only one image, so none is left for the test set',
        partName(train),
        `put at least two images into each class folder, or add test images (${guide('datasets.md')})`,
      );
    const note = `no test folder: ${drawn.test.labels.length} of ${trained.labels.length} images, about a fifth of each class, become the test set`;
    const known = groupsOf(groupNoun, drawn.train, drawn.test);
    return { ...about, ...splitsOf(drawn), ...known.groups, notes: [...notes, note, ...known.notes] };
  }
  const tested = keptOf(test, files.test);
  if (tested.labels.length === 0) throw new UsageError('holds no images', partName(test), layouts);
  notes.push(...skippedNotes(test, tested, location));
  const known = groupsOf(groupNoun, trained, tested);
  const splits = splitsOf({ train: trained, test: tested });
  return { ...about, ...splits, ...known.groups, notes: [...notes, ...known.notes] };
}

/** Images with what a labels file says about each. */
interface Grouped extends RawSplit {
  readonly groupNames: readonly (string | undefined)[];
}

interface Decoded extends Grouped {
  readonly skipped: readonly Skipped[];
}

interface Skipped {
  /** Relative to the folder of the class folders. */
  readonly path: string;
  readonly why: string;
}

function splitsOf({ train, test }: { readonly train: RawSplit; readonly test: RawSplit }) {
  const plain = ({ images, labels }: RawSplit): RawSplit => ({ images, labels });
  return { train: plain(train), test: plain(test) };
}

/** Groups of the test images, with notes about them. */
function groupsOf(
  noun: string | undefined,
  train: Grouped,
  test: Grouped,
): { readonly groups: Pick<RawDataset, 'groups'>; readonly notes: readonly string[] } {
  if (noun === undefined) return { groups: {}, notes: [] };
  const numbers = new Map([...new Set(test.groupNames)].map((name, number) => [name, number]));
  const of = Int32Array.from(test.groupNames, (name) => numbers.get(name)!);
  const trained = new Set(train.groupNames);
  const both = [...numbers.keys()].filter((name) => trained.has(name)).length;
  const note = `${both} of the ${numbers.size} ${noun} of test images have training images too: results on them say nothing about other ${noun}`;
  return { groups: { groups: { noun, of } }, notes: both === 0 ? [] : [note] };
}

interface ReadFiles {
  /** For every file; blank for one without an image. */
  readonly images: Uint8Array;
  /** By the file's position. */
  readonly failures: ReadonlyMap<number, string>;
  /** Images whose black and white are unknown until all have been read. */
  readonly deep: readonly DeepPlace[];
}

async function readFiles({ tree, files }: LabelledFiles, wanted: Wanted): Promise<ReadFiles> {
  const pixels = wanted.side * wanted.side * (wanted.colour === 'rgb' ? 3 : 1);
  const images = allocateImages(files.length * pixels, tree.where);
  const decoder = await imageDecoder();
  const failures = new Map<number, string>();
  const deep: DeepPlace[] = [];
  let next = 0;
  await eachAtOnce(tree.contents(files.map((file) => file.path)), async ([, bytes]) => {
    const at = next++;
    const image = typeof bytes === 'string' ? bytes : await decoder.decode(bytes, wanted);
    const own = typeof bytes === 'string' || typeof image === 'string' ? undefined : await decoder.deep(bytes, wanted);
    if (typeof image === 'string' || typeof own === 'string')
      failures.set(at, typeof own === 'string' ? own : String(image));
    else images.set(image, at * pixels);
    if (typeof own === 'object') deep.push({ ...own, into: images.subarray(at * pixels, (at + 1) * pixels) });
  });
  return { images, failures, deep };
}

/** Only the images, in the order of the files. */
function keptOf({ prefix, files }: LabelledFiles, { images, failures }: ReadFiles): Decoded {
  const pixels = images.length / Math.max(1, files.length);
  const kept = files.map((_, i) => i).filter((i) => !failures.has(i));
  kept.forEach((from, to) => images.copyWithin(to * pixels, from * pixels, (from + 1) * pixels));
  return {
    images: images.subarray(0, kept.length * pixels),
    labels: Int32Array.from(kept, (i) => files[i]!.label),
    groupNames: kept.map((i) => files[i]!.group),
    skipped: files.flatMap((file, i) => {
      const why = failures.get(i);
      return why === undefined ? [] : [{ path: file.path.slice(prefix.length), why }];
    }),
  };
}

function skippedNotes(part: Part, { skipped, labels }: Decoded, location: string): string[] {
  const [first] = skipped;
  if (first === undefined) return [];
  const place = path.relative(location, partName(part));
  const files = counted(skipped.length + labels.length, 'file');
  const example = `${path.join(place, first.path)} (${first.why})`;
  return [`${skipped.length} of ${files} skipped: damaged or not images; the first is ${example}`];
}

function linkNotes(parts: readonly Part[]): string[] {
  return [...new Set(parts.map(({ tree }) => tree))]
    .filter(({ links }) => links.length > 0)
    .map(({ links }) => `${counted(links.length, 'link')} to folders or out of this folder not followed`);
}

function refuseEmpty(part: Part, { labels, skipped }: Decoded, classNames: readonly string[]): void {
  const seen = new Set(labels);
  const [first, ...others] = classNames.filter((_, label) => !seen.has(label));
  if (first === undefined) return;
  const more = others.length === 0 ? '' : ` (and ${others.length} more)`;
  const bad = skipped.find((file) => file.path.startsWith(`${first}/`)) ?? skipped[0];
  const reason = [...(bad === undefined ? [] : [`${bad.path}: ${bad.why}`]), ...linkNotes([part])]
    .map((each) => `; ${each}`)
    .join('');
  throw new UsageError(
    `the class ${first}${more} has no readable image${reason}`,
    partName(part),
    'add images to it, or remove it',
  );
}

/** A random fifth of each class, the same each time; at least one image of a class stays for training. */
function drawTest(whole: Grouped, classes: number): { train: Grouped; test: Grouped } {
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

function pick({ images, labels, groupNames }: Grouped, indices: readonly number[]): Grouped {
  const pixels = images.length / labels.length;
  const some = new Uint8Array(indices.length * pixels);
  indices.forEach((from, to) => {
    some.set(images.subarray(from * pixels, (from + 1) * pixels), to * pixels);
  });
  return {
    images: some,
    labels: Int32Array.from(indices, (i) => labels[i]!),
    groupNames: indices.map((i) => groupNames[i]),
  };
}
