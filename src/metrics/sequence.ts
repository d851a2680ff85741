/**
 * Metrics of images in sequences. Images of one sequence are not independent (a label that was seen helps with the next
 * image), so intervals are over the draw of sequences: each gives one number, and those are.
 */
import * as z from 'zod';
import { meanInterval, meanOf, wilsonInterval } from '../statistics/intervals.js';
import { defineMetric } from './metric.js';

const none = z.strictObject({});

/** Mean of a column over each sequence; rows of a sequence follow each other. */
function meansBySequence(sequence: Int32Array, values: ArrayLike<number>): Float64Array {
  const sums = new Map<number, { sum: number; count: number }>();
  for (let i = 0; i < values.length; i++) {
    const total = sums.get(sequence[i]!) ?? { sum: 0, count: 0 };
    total.sum += values[i]!;
    total.count++;
    sums.set(sequence[i]!, total);
  }
  return Float64Array.from(sums.values(), ({ sum, count }) => sum / count);
}

export const imageAccuracy = defineMetric({
  name: 'image-accuracy',
  title: () => 'accuracy per image',
  kind: 'thresholded',
  better: 'higher',
  unit: 'probability',
  formula: 'share of the images that are right, wherever they stand in their sequence',
  source: 'the usual measure; Schaeffer et al. 2023, Fig. 8',
  parameters: none,
  needs: ['correct', 'sequence'],
  interval: 'normal',
  evaluate: ({ correct }) => meanOf(correct).mean,
  uncertainty({ correct, sequence }) {
    const mean = meanOf(meansBySequence(sequence, correct));
    const { lower, upper } = meanInterval(mean);
    return { standardError: mean.standardError, lower: Math.max(0, lower), upper: Math.min(1, upper) };
  },
  resolution: (n) => 1 / n,
});

export const imageCrossEntropy = defineMetric({
  name: 'image-cross-entropy',
  title: () => 'cross-entropy per image',
  kind: 'continuous',
  better: 'lower',
  unit: 'nats',
  formula: 'mean over the images of -ln p, p the probability given to the true class',
  source: 'the loss that training minimises, on the test sequences',
  parameters: none,
  needs: ['log_probability', 'sequence'],
  interval: 'normal',
  evaluate: ({ log_probability }) => -meanOf(log_probability).mean,
  uncertainty({ log_probability, sequence }) {
    const mean = meanOf(meansBySequence(sequence, log_probability));
    return { standardError: mean.standardError, ...meanInterval({ ...mean, mean: -mean.mean }) };
  },
  resolution: () => null,
});

export const sequenceAccuracy = defineMetric({
  name: 'sequence-accuracy',
  title: ({ l }) => `sequence accuracy, L = ${l}`,
  kind: 'thresholded',
  better: 'higher',
  unit: 'probability',
  formula: 'share of the sequences whose first l images are all right',
  source: 'Schaeffer et al. 2023 (arXiv 2304.15004), Fig. 8',
  parameters: z.strictObject({ l: z.int().min(1) }),
  needs: ['correct', 'sequence', 'position'],
  interval: 'Wilson',
  evaluate(outcomes, { l }) {
    const { right, count } = wholeSequences(outcomes, l);
    return right / count;
  },
  uncertainty(outcomes, { l }) {
    const { right, count } = wholeSequences(outcomes, l);
    const p = right / count;
    return { standardError: Math.sqrt((p * (1 - p)) / count), ...wilsonInterval(right, count) };
  },
  // Of so many rows: the number of sequences is not known here, and no sequence is shorter than l.
  resolution: (rows, { l }) => l / rows,
});

interface SequenceColumns {
  readonly correct: Uint8Array;
  readonly sequence: Int32Array;
  readonly position: Int32Array;
}

/** How many sequences there are, and of how many the first l images are right. */
function wholeSequences({ correct, sequence, position }: SequenceColumns, l: number): { right: number; count: number } {
  const rightUpTo = new Map<number, number>();
  for (let i = 0; i < correct.length; i++) {
    const hit = position[i]! < l ? correct[i]! : 0;
    rightUpTo.set(sequence[i]!, (rightUpTo.get(sequence[i]!) ?? 0) + hit);
  }
  let right = 0;
  for (const hits of rightUpTo.values()) if (hits === l) right++;
  return { right, count: rightUpTo.size };
}
