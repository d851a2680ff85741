/**
 * Sequences of (image, label) pairs, drawn from a labelled split by a seeded stream (the set-up of Chan et al. 2022, arXiv
 * 2205.05055). Plain, each pair's class is uniform over the classes that have images, and its image uniform within the
 * class. In a bursty sequence the last pair's class and one other come up several times before it, so that the context
 * tells the answer; in a remapped one each class has a label drawn anew, so that only the context can.
 */
import type { Random } from '../statistics/random.js';

export interface SequenceOptions {
  /** Class of every image, `[images]`. */
  readonly labels: Int32Array;
  readonly classes: number;
  /** Pairs of a sequence. */
  readonly pairs: number;
  /** Share of bursty sequences. */
  readonly burstiness: number;
  /** Share of sequences with labels drawn anew. */
  readonly labelRemapping: number;
}

/** `[count, pairs]` each, row-major. */
export interface Sequences {
  /** Which image. */
  readonly indices: Int32Array;
  /** The label that stands beside it and is to be predicted. */
  readonly labels: Int32Array;
}

/** How often a class comes up in a bursty context (Chan et al. 2022); fewer where the context is shorter than two such. */
const burst = 3;

/** Draws `count` sequences. */
export function drawSequences(count: number, options: SequenceOptions, random: Random): Sequences {
  const { pairs } = options;
  const images = imagesByClass(options);
  const indices = new Int32Array(count * pairs);
  const labels = new Int32Array(count * pairs);
  for (let i = 0; i < count; i++) {
    const bursty = random.uniform() < options.burstiness && images.length > 1 && pairs > 2;
    const remapped = random.uniform() < options.labelRemapping;
    const chosen = bursty ? burstyClasses(images.length, pairs, random) : plainClasses(images.length, pairs, random);
    const names = remapped ? newLabels(chosen, options.classes, random) : undefined;
    chosen.forEach((place, j) => {
      const { label, members } = images[place]!;
      const at = i * pairs + j;
      indices[at] = members[random.integer(members.length)]!;
      labels[at] = names?.get(place) ?? label;
    });
  }
  return { indices, labels };
}

interface ClassImages {
  readonly label: number;
  readonly members: readonly number[];
}

/** The classes that have images; some may be missing from a test split. */
function imagesByClass({ labels, classes }: SequenceOptions): ClassImages[] {
  const members = Array.from({ length: classes }, (): number[] => []);
  labels.forEach((label, image) => members[label]!.push(image));
  return members.flatMap((list, label) => (list.length === 0 ? [] : [{ label, members: list }]));
}

function plainClasses(classes: number, pairs: number, random: Random): number[] {
  return Array.from({ length: pairs }, () => random.integer(classes));
}

/** The last one is the query; before it, in random order: the query's class and another one, then distinct others. */
function burstyClasses(classes: number, pairs: number, random: Random): number[] {
  const context = pairs - 1;
  const copies = Math.min(burst, Math.floor(context / 2));
  const left = context - 2 * copies;
  const [query, other, ...rest] = distinct(Math.min(classes, 2 + left), classes, random) as [
    number,
    number,
    ...number[],
  ];
  const filler = Array.from({ length: left }, (_, i) => rest[i] ?? random.integer(classes));
  const before = [...Array.from({ length: copies }, () => [query, other]).flat(), ...filler];
  return [...Array.from(random.permutation(context), (i) => before[i]!), query];
}

/** So many different numbers below `limit`, in random order. */
function distinct(count: number, limit: number, random: Random): number[] {
  const chosen = new Set<number>();
  while (chosen.size < count) chosen.add(random.integer(limit));
  return [...chosen];
}

function newLabels(chosen: readonly number[], classes: number, random: Random): Map<number, number> {
  const places = [...new Set(chosen)];
  const labels = distinct(places.length, classes, random);
  return new Map(places.map((place, i) => [place, labels[i]!]));
}
