/** Metrics of a classifier's outcomes: of images, of images in sequences, and of several images at once. */
import * as z from 'zod';
import type { OutcomeTable } from '../runs/outcomes.js';
import { areaUnderRoc } from '../statistics/ranks.js';
import { against, atMost } from './cutoffs.js';
import { defineMetric } from './define-metric.js';
import { inSequences, none, perImage, sequencesOf, subsetsOf } from './per-image.js';

const paper = 'Schaeffer et al. 2023 (arXiv 2304.15004)';

/** A plain loop, because `Float64Array.from` with a function takes ten times as long. */
function negative(column: Float32Array): Float32Array {
  const values = new Float32Array(column.length);
  for (let i = 0; i < values.length; i++) values[i] = -column[i]!;
  return values;
}

const right = {
  name: 'accuracy',
  hit: 'right',
  needs: ['correct'],
  rows: ({ correct }: Pick<OutcomeTable, 'correct'>) => correct,
} as const;

export const { images: accuracy, sequences: imageAccuracy } = perImage({
  title: () => 'accuracy',
  kind: 'thresholded',
  better: 'higher',
  unit: 'probability',
  formula: 'share of the images that are right',
  source: 'the usual measure: the most probable class must be the true one',
  parameters: none,
  share: true,
  ...right,
});

export const subsetAccuracy = subsetsOf(right, {
  title: ({ k }) => `subset accuracy, K = ${k}`,
  source: `${paper}, App. B, Fig. 10`,
  parameters: z.strictObject({ k: z.int().min(1) }),
});

export const sequenceAccuracy = sequencesOf(right, {
  title: ({ l }) => `sequence accuracy, L = ${l}`,
  source: `${paper}, Fig. 8`,
  parameters: z.strictObject({ l: z.int().min(1) }),
});

export const { images: topK } = perImage({
  name: 'top-k',
  title: ({ k }) => `top-${k} accuracy`,
  kind: 'thresholded',
  better: 'higher',
  unit: 'probability',
  formula: 'share of the images whose true class is among the k most probable',
  source: 'Russakovsky et al. 2015 (arXiv 1409.0575), k = 5',
  parameters: z.strictObject({ k: z.int().min(1) }),
  needs: ['rank'],
  share: true,
  ...against(atMost, 'k', () => 'rank'),
});

export const { images: crossEntropy, sequences: imageCrossEntropy } = perImage({
  name: 'cross-entropy',
  title: () => 'cross-entropy',
  kind: 'continuous',
  better: 'lower',
  unit: 'nats',
  formula: 'mean over the images of -ln p, p the probability given to the true class',
  source: 'the loss that training minimises, on the test set',
  parameters: none,
  needs: ['log_probability'],
  limits: [0, Infinity],
  rows: ({ log_probability }) => negative(log_probability),
});

export const { images: brier, sequences: imageBrier } = perImage({
  name: 'brier',
  title: () => 'Brier score',
  kind: 'continuous',
  better: 'lower',
  unit: '',
  formula:
    'mean over the images of the sum over the classes of (p - t)², t 1 for the true class and 0 otherwise; 0 to 2',
  source: 'Brier 1950, Mon. Weather Rev. 78(1); for Fig. 6 of ' + paper,
  parameters: none,
  needs: ['brier'],
  limits: [0, 2],
  rows: ({ brier }) => brier,
});

export const { images: trueProbability } = perImage({
  name: 'probability',
  title: () => 'probability of the true class',
  kind: 'continuous',
  better: 'higher',
  unit: 'probability',
  formula: 'mean over the images of p, the probability given to the true class',
  source: 'the chance that a guess drawn from the model is right',
  parameters: none,
  needs: ['log_probability'],
  rows: ({ log_probability }) => Float64Array.from(log_probability, Math.exp),
});

export const { images: margin, sequences: imageMargin } = perImage({
  name: 'margin',
  title: () => 'margin',
  kind: 'continuous',
  better: 'higher',
  unit: '',
  formula: "mean over the images of the true class's probability minus the largest other; -1 to 1",
  source: 'the distance to the threshold of accuracy (margin above 0)',
  parameters: none,
  needs: ['margin'],
  limits: [-1, 1],
  rows: ({ margin }) => margin,
});

/** Only imported outcomes have it. */
export const { images: score } = perImage({
  name: 'score',
  title: () => 'score',
  kind: 'continuous',
  better: 'higher',
  unit: '',
  formula: 'mean over the examples of a score from another tool, higher is better',
  source: 'imported: docs/import.md',
  parameters: none,
  needs: ['score'],
  rows: ({ score: values }) => values,
});

const area = {
  name: 'auroc',
  title: () => 'AUROC of confidence',
  kind: 'continuous',
  better: 'higher',
  unit: 'probability',
  formula: 'chance that of a right and a wrong image the right one has the higher confidence, ties counting half',
  source: 'Hendrycks and Gimpel 2017 (arXiv 1610.02136); Hanley and McNeil 1982, Radiology 143(1)',
  notFinite: 'no image is wrong, or none is right: there is no pair to compare',
  parameters: none,
  needs: ['correct', 'confidence'],
  weighted: ({ correct, confidence }: Pick<OutcomeTable, 'correct' | 'confidence'>) =>
    areaUnderRoc(confidence, correct),
} as const;
export const auroc = defineMetric({ ...area, units: 'images' });
export const imageAuroc = defineMetric({ ...area, ...inSequences(area) });

export const subsetTrials = defineMetric({
  name: 'subset-trials',
  title: ({ k }) => `subset accuracy by trials, K = ${k}`,
  kind: 'thresholded',
  better: 'higher',
  unit: 'probability',
  formula: 'share of the disjoint groups of k images, in the order of the test set, that are all right',
  source: `${paper}, App. B, read literally: far fewer trials than subset-accuracy has, so a coarser resolution`,
  parameters: z.strictObject({ k: z.int().min(1) }),
  needs: ['correct'],
  units: 'images',
  share: true,
  refuses: (groups, { k }) => (groups < 1 ? `the test set has fewer than ${k} images` : undefined),
  values({ correct }, { k }) {
    const groups = Math.floor(correct.length / k);
    return Float64Array.from({ length: groups }, (_, i) => Math.min(...correct.subarray(i * k, (i + 1) * k)));
  },
  parts: ({ correct }, { k }) => ({ rows: correct, perUnit: k, allOf: true }),
});
