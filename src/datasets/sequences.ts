/**
 * Sequences of (image, label) pairs, drawn from a labelled split by a seeded random stream (the set-up of Chan et al. 2022, arXiv
 * 2205.05055). In a plain sequence, each pair's class is uniform over the classes that have images, and its image uniform within
 * the class. In a bursty one, the last pair's class and one other appear several times before it, so that the context gives the
 * answer; in a remapped one, each class has a new random label, so that only the context does. Class frequencies may follow
 * Zipf's law, a few common and most rare, and the last classes may be held out.
 */
import { bisectRight } from 'd3-array';
import { Random } from '../statistics/random.js';
import { UsageError } from '../terminal/errors.js';

export interface SequenceOptions {
  /** Class of every image, `[images]`. */
  readonly labels: Int32Array;
  readonly classes: number;
  /** Pairs in a sequence. */
  readonly pairs: number;
  /** Share of bursty sequences. */
  readonly burstiness: number;
  /** Share of sequences with new random labels. */
  readonly labelRemapping: number;
  /** Number of classes that never appear, the last by label; default: none. */
  readonly heldOut?: number | undefined;
  /** The class of rank r appears in proportion to 1 / r^x; default: all equally often. */
  readonly zipf?: number | undefined;
}

/** Each `[count, pairs]`, row-major. */
export interface Sequences {
  /** Index of the image. */
  readonly indices: Int32Array;
  /** The label paired with it, which is to be predicted. */
  readonly labels: Int32Array;
}

/** How often each of two classes appears in a bursty context (Chan et al. 2022); less often if the context is too short for that. */
const burst = 3;

/** Draws `count` sequences. */
export function drawSequences(count: number, options: SequenceOptions, random: Random): Sequences {
  const { pairs, classes, heldOut = 0 } = options;
  const images = imagesByClass(options).filter(({ label }) => label < classes - heldOut);
  if (images.length === 0) throw new UsageError('no image is of a class that is not held out', '--held-out-classes');
  const draw = classDraw(images, options, random);
  const indices = new Int32Array(count * pairs);
  const labels = new Int32Array(count * pairs);
  for (let i = 0; i < count; i++) {
    const bursty = random.uniform() < options.burstiness && images.length > 1 && pairs > 2;
    const remapped = random.uniform() < options.labelRemapping;
    const chosen = bursty
      ? burstyClasses(images.length, pairs, { draw, random })
      : Array.from({ length: pairs }, () => draw());
    const names = remapped ? newLabels(chosen, classes - heldOut, random) : undefined;
    chosen.forEach((place, j) => {
      const { label, members } = images[place]!;
      const at = i * pairs + j;
      indices[at] = members[random.integer(members.length)]!;
      labels[at] = names?.get(place) ?? label;
    });
  }
  return { indices, labels };
}

export interface ClassImages {
  readonly label: number;
  readonly members: readonly number[];
}

/** Returns the index of a class, a new draw at each call. */
type ClassDraw = () => number;

function classDraw(
  images: readonly ClassImages[],
  { classes, zipf }: Pick<SequenceOptions, 'classes' | 'zipf'>,
  random: Random,
): ClassDraw {
  if (zipf === undefined || zipf === 0) return () => random.integer(images.length);
  const ranks = classRanks(classes);
  const ends: number[] = [];
  for (const { label } of images) ends.push((ends.at(-1) ?? 0) + (1 + ranks[label]!) ** -zipf);
  // Rounding may make the product equal to the whole sum.
  return () => Math.min(bisectRight(ends, random.uniform() * ends.at(-1)!), ends.length - 1);
}

/** Rank of every class from 0, `[classes]`: the same for every seed, and unrelated to the labels. */
export function classRanks(classes: number): Int32Array {
  return Random.named(0, 'class ranks').permutation(classes);
}

/** The classes that have images; some may be missing from a test split. */
export function imagesByClass({ labels, classes }: Pick<SequenceOptions, 'labels' | 'classes'>): ClassImages[] {
  const members = Array.from({ length: classes }, (): number[] => []);
  labels.forEach((label, image) => members[label]!.push(image));
  return members.flatMap((list, label) => (list.length === 0 ? [] : [{ label, members: list }]));
}

/** The last one is the query; before it, in random order: the query's class and another one, then distinct others. */
function burstyClasses(
  classes: number,
  pairs: number,
  { draw, random }: { readonly draw: ClassDraw; readonly random: Random },
): number[] {
  const context = pairs - 1;
  const copies = Math.min(burst, Math.floor(context / 2));
  const left = context - 2 * copies;
  const [query, other, ...rest] = distinct(Math.min(classes, 2 + left), draw) as [number, number, ...number[]];
  const filler = Array.from({ length: left }, (_, i) => rest[i] ?? draw());
  const before = [...Array.from({ length: copies }, () => [query, other]).flat(), ...filler];
  return [...Array.from(random.permutation(context), (i) => before[i]!), query];
}

/** This many different ones, in the order in which they were drawn. */
export function distinct(count: number, draw: () => number): number[] {
  const chosen = new Set<number>();
  while (chosen.size < count) chosen.add(draw());
  return [...chosen];
}

function newLabels(chosen: readonly number[], classes: number, random: Random): Map<number, number> {
  const places = [...new Set(chosen)];
  const labels = distinct(places.length, () => random.integer(classes));
  return new Map(places.map((place, i) => [place, labels[i]!]));
}
