/**
 * Metrics of whole sequences. Each sequence gives one number; intervals take into account that sequences share images
 * (clusters.ts).
 */
import * as z from 'zod';
import type { OutcomeTable } from '../runs/outcomes.js';
import { defineMetric } from './define-metric.js';
import { none } from './per-image.js';
import { perSequence, refuseLonger, sequenceStarts } from './sequence-rows.js';

const paper = 'Schaeffer et al. 2023 (arXiv 2304.15004)';

/** What sequence-accuracy is made of; not in the registry, because nobody would report a curve for each place. */
export const placeAccuracy = defineMetric({
  name: 'place-accuracy',
  title: ({ place }) => `accuracy at place ${place}`,
  kind: 'thresholded',
  better: 'higher',
  unit: 'probability',
  formula: 'share of the sequences whose image at a place is right; place 1 is the first',
  source: `${paper}, Sec. 2: if images were independent, the product of these accuracies would be that of a whole sequence`,
  parameters: z.strictObject({ place: z.int().min(1) }),
  needs: ['correct', 'sequence'],
  units: 'sequences',
  share: true,
  values: ({ correct, sequence }, { place }) =>
    perSequence(sequence, (begin, end) => {
      refuseLonger(`place-accuracy:place=${place}`, place, end - begin);
      return correct[begin + place - 1]!;
    }),
});

export const editDistance = defineMetric({
  name: 'edit-distance',
  title: () => 'token edit distance',
  kind: 'continuous',
  better: 'lower',
  unit: 'tokens',
  formula: 'mean over the sequences of the Levenshtein distance between predicted and true classes, each a token',
  source: `${paper}, Sec. 2; Levenshtein 1966, Sov. Phys. Dokl. 10(8)`,
  parameters: none,
  needs: ['label', 'predicted', 'sequence'],
  limits: [0, Infinity],
  units: 'sequences',
  share: false,
  values: ({ label, predicted, sequence }) =>
    perSequence(sequence, (begin, end) => levenshtein(label.subarray(begin, end), predicted.subarray(begin, end))),
  parts: ({ label, predicted }) => ({ rows: label.map((each, i) => Number(each !== predicted[i])) }),
});

/** Fewest insertions, deletions and substitutions that turn one list into the other. */
function levenshtein(a: Int32Array, b: Int32Array): number {
  let last = Int32Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = new Int32Array(b.length + 1);
    row[0] = i;
    for (let j = 1; j <= b.length; j++) {
      const substituted = last[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      row[j] = Math.min(substituted, last[j]! + 1, row[j - 1]! + 1);
    }
    last = row;
  }
  return last[b.length]!;
}

/** Images in each sequence, by the column `sequence`; all sequences have the same number. */
export function sequenceLength({ sequence }: Pick<OutcomeTable, 'sequence'>): number {
  return sequenceStarts(sequence)[1] ?? 0;
}
