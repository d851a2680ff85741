/** Metrics of images in sequences. Each sequence gives one number; intervals know that sequences share images (clusters.ts). */
import * as z from 'zod';
import type { OutcomeName, OutcomeTable } from '../runs/outcomes.js';
import { areaUnderRoc } from '../statistics/ranks.js';
import { sharesBelow } from './cutoffs.js';
import { UsageError } from '../terminal/errors.js';
import { defineMetric } from './metric.js';
import { meanPerSequence, perSequence, sequenceStarts } from './sequence-rows.js';

const none = z.strictObject({});
const paper = 'Schaeffer et al. 2023 (arXiv 2304.15004)';

/** A mean over images, wherever they stand: each sequence has the mean of its own, and all are of the same length. */
function meanOfRows<Needs extends OutcomeName>(rows: (outcomes: Pick<OutcomeTable, Needs>) => ArrayLike<number>) {
  return {
    units: 'sequences',
    share: false,
    values: (outcomes: Pick<OutcomeTable, Needs | 'sequence'>) => meanPerSequence(outcomes.sequence, rows(outcomes)),
    parts: (outcomes: Pick<OutcomeTable, Needs>) => ({ rows: rows(outcomes) }),
  } as const;
}

export const imageAccuracy = defineMetric({
  name: 'image-accuracy',
  title: () => 'accuracy per image',
  kind: 'thresholded',
  better: 'higher',
  unit: 'probability',
  formula: 'share of the images that are right, wherever they stand in their sequence',
  source: `the usual measure; ${paper}, Fig. 8`,
  parameters: none,
  needs: ['correct', 'sequence'],
  ...meanOfRows<'correct'>(({ correct }) => correct),
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
  limits: [0, Infinity],
  ...meanOfRows<'log_probability'>(({ log_probability }) => Float64Array.from(log_probability, (value) => -value)),
});

export const imageBrier = defineMetric({
  name: 'image-brier',
  title: () => 'Brier score per image',
  kind: 'continuous',
  better: 'lower',
  unit: '',
  formula: 'mean over the images of the sum over the classes of (p - t)², t 1 for the true class and 0 else; 0 to 2',
  source: 'Brier 1950, Mon. Weather Rev. 78(1)',
  parameters: none,
  needs: ['brier', 'sequence'],
  limits: [0, 2],
  ...meanOfRows<'brier'>(({ brier }) => brier),
});

/** What sequence-accuracy is made of; not in the registry, as a curve for each place is no metric that anyone reports. */
export const placeAccuracy = defineMetric({
  name: 'place-accuracy',
  title: ({ place }) => `accuracy at place ${place}`,
  kind: 'thresholded',
  better: 'higher',
  unit: 'probability',
  formula: 'share of the sequences whose image at a place is right; place 1 is the first',
  source: `${paper}, Sec. 2: the accuracies whose product all of a sequence would be right with, were they independent`,
  parameters: z.strictObject({ place: z.int().min(1) }),
  needs: ['correct', 'sequence'],
  units: 'sequences',
  share: true,
  values: ({ correct, sequence }, { place }) =>
    perSequence(sequence, (begin, end) => {
      refuseLonger('place-accuracy', place, end - begin);
      return correct[begin + place - 1]!;
    }),
});

/** Throws UsageError where sequences are shorter than a metric asks for. */
export function refuseLonger(name: string, l: number, length: number): void {
  if (l > length) throw new UsageError(`the test sequences have ${length} images`, `${name}:l=${l}`);
}

export const imageMargin = defineMetric({
  name: 'image-margin',
  title: () => 'margin per image',
  kind: 'continuous',
  better: 'higher',
  unit: '',
  formula: "mean over the images of the true class's probability minus the largest other; -1 to 1",
  source: 'the distance to the threshold of image-accuracy, which is margin above 0',
  parameters: none,
  needs: ['margin', 'sequence'],
  limits: [-1, 1],
  ...meanOfRows<'margin'>(({ margin }) => margin),
});

export const imageAuroc = defineMetric({
  name: 'image-auroc',
  title: () => 'AUROC of confidence per image',
  kind: 'continuous',
  better: 'higher',
  unit: 'probability',
  formula: 'chance that of a right and a wrong image the right one has the higher confidence, ties counting half',
  source: 'Hendrycks and Gimpel 2017 (arXiv 1610.02136); its interval draws images',
  notFinite: 'no image is wrong, or none is right: there is no pair to compare',
  parameters: none,
  needs: ['correct', 'confidence', 'sequence'],
  units: 'sequences',
  weighted: ({ correct, confidence }) => areaUnderRoc(confidence, correct),
});

export const sequenceAccuracy = defineMetric({
  name: 'sequence-accuracy',
  title: ({ l }) => `sequence accuracy, L = ${l}`,
  kind: 'thresholded',
  better: 'higher',
  unit: 'probability',
  formula: 'share of the sequences whose first l images are all right',
  source: `${paper}, Fig. 8`,
  parameters: z.strictObject({ l: z.int().min(1) }),
  needs: ['correct', 'sequence'],
  units: 'sequences',
  share: true,
  values: ({ correct, sequence }, { l }) =>
    perSequence(sequence, (begin, end) => {
      refuseLonger('sequence-accuracy', l, end - begin);
      for (let i = begin; i < begin + l; i++) if (correct[i] === 0) return 0;
      return 1;
    }),
  parts: ({ correct }, { l }) => ({ rows: correct, first: l, allOf: true }),
  means({ correct, sequence }, _, { values }) {
    const firstRight = perSequence(sequence, (begin, end) => {
      refuseLonger('sequence-accuracy', Math.max(...values), end - begin);
      let i = begin;
      while (i < end && correct[i] === 1) i++;
      return i - begin;
    });
    return sharesBelow(firstRight, values).map((share) => 1 - share);
  },
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

/** Insertions, deletions and substitutions that make one list the other. */
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

/** Images in each sequence, by the column `sequence`; they all have the same. */
export function sequenceLength({ sequence }: Pick<OutcomeTable, 'sequence'>): number {
  return sequenceStarts(sequence)[1] ?? 0;
}
