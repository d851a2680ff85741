/**
 * Rows of outcomes that belong to one sequence. They are consecutive in the file, in order of position, and are read
 * that way.
 */
import { UsageError } from '../terminal/errors.js';
import { counted } from '../terminal/format.js';

/** First row of each sequence, `[sequences + 1]`; the last entry is the number of rows. */
export function sequenceStarts(sequence: Int32Array): Int32Array {
  const starts: number[] = [];
  for (let i = 0; i < sequence.length; i++) if (i === 0 || sequence[i] !== sequence[i - 1]) starts.push(i);
  return Int32Array.from([...starts, sequence.length]);
}

/** One number per sequence, computed from its rows `begin` .. `end - 1`. */
export function perSequence(sequence: Int32Array, value: (begin: number, end: number) => number): Float64Array {
  const starts = sequenceStarts(sequence);
  return Float64Array.from({ length: starts.length - 1 }, (_, i) => value(starts[i]!, starts[i + 1]!));
}

/** Mean over the rows of each sequence. */
export function meanPerSequence(sequence: Int32Array, values: ArrayLike<number>): Float64Array {
  return perSequence(sequence, (begin, end) => {
    let sum = 0;
    for (let i = begin; i < end; i++) sum += values[i]!;
    return sum / (end - begin);
  });
}

/** Throws UsageError if sequences are shorter than the `asked` images that a metric needs, as chosen in `where`. */
export function refuseLonger(where: string, asked: number, length: number): void {
  if (asked > length) throw new UsageError(`the test sequences have ${counted(length, 'image')}`, where);
}
