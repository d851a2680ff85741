/**
 * Parts of a test set, and the batches in which it is evaluated. The last bits of a row's outcome depend on its place in the batch,
 * and on nothing else there: so a row has the same place in every batch that contains it, whatever part is requested, and a part is
 * drawn with each place about equally often, so that it fills no more batches than its size needs.
 */
import { Random } from '../statistics/random.js';

/** Approximate number of images in a batch: it has whole examples. */
const usualBatch = 250;

/** The test data: images, and how many of them make an example. */
export interface Tested {
  readonly images: number;
  readonly pairs: number;
}

/** Images of a batch. */
export function batchSize({ images, pairs }: Tested): number {
  return Math.min(images, pairs * Math.max(1, Math.floor(usualBatch / pairs)));
}

/** A row's place in a batch. The last batch of the whole ends with the last row, so it may overlap the one before it. */
function placeInBatch(row: number, { images, size }: { readonly images: number; readonly size: number }): number {
  const last = images - size;
  return row < last ? row % size : row - last;
}

/** Rows of a random part of the test examples, ascending, the same for every member. */
export function partOf(tested: Tested, examples: number): Int32Array {
  const { images, pairs } = tested;
  const size = batchSize(tested);
  const most = Math.ceil((examples * pairs) / size);
  const taken = new Int32Array(size);
  const chosen = Random.named(0, 'test part')
    .permutation(images / pairs)
    .filter((example) => taken[placeInBatch(example * pairs, { images, size })]!++ < most)
    .slice(0, examples)
    .sort();
  return Int32Array.from({ length: examples * pairs }, (_, i) => chosen[Math.floor(i / pairs)]! * pairs + (i % pairs));
}

/** Rows evaluated at once, `[batch size]`; which of the results are needed, and where they go. */
export interface TestBatch {
  readonly rows: Int32Array;
  /** Pairs of a place in the batch and one in the whole answer. */
  readonly wanted: readonly (readonly [place: number, at: number])[];
}

/** Batches that contain certain rows, as whole examples; empty places repeat the first row. Rows after the test set come in order. */
export function batchesOf(rows: Int32Array, tested: Tested): TestBatch[] {
  const { images } = tested;
  const size = batchSize(tested);
  const filled = new Int32Array(size);
  const batches: { rows: Int32Array; wanted: [number, number][] }[] = [];
  rows.forEach((row, at) => {
    const place = row < images ? placeInBatch(row, { images, size }) : (row - images) % size;
    const which = filled[place]!++;
    const batch = (batches[which] ??= { rows: new Int32Array(size).fill(rows[0]!), wanted: [] });
    batch.rows[place] = row;
    batch.wanted.push([place, at]);
  });
  return batches;
}
