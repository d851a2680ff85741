/** Metrics of a classifier's outcomes, an image at a time. */
import * as z from 'zod';
import { sharesAtMost } from './cutoffs.js';
import { areaUnderRoc } from '../statistics/ranks.js';
import { defineMetric } from './metric.js';
import { allOfK } from './subsets.js';

const none = z.strictObject({});
const paper = 'Schaeffer et al. 2023 (arXiv 2304.15004)';

export const accuracy = defineMetric({
  name: 'accuracy',
  title: () => 'accuracy',
  kind: 'thresholded',
  better: 'higher',
  unit: 'probability',
  formula: 'm / n, m of n images right',
  source: 'the usual measure; the most probable class has to be the true one',
  parameters: none,
  needs: ['correct'],
  units: 'images',
  share: true,
  values: ({ correct }) => Float64Array.from(correct),
});

export const topK = defineMetric({
  name: 'top-k',
  title: ({ k }) => `top-${k} accuracy`,
  kind: 'thresholded',
  better: 'higher',
  unit: 'probability',
  formula: 'share of the images whose true class is among the k most probable',
  source: 'Russakovsky et al. 2015 (arXiv 1409.0575), k = 5',
  parameters: z.strictObject({ k: z.int().min(1) }),
  needs: ['rank'],
  units: 'images',
  share: true,
  values: ({ rank }, { k }) => Float64Array.from(rank, (place) => (place <= k ? 1 : 0)),
  means: ({ rank }, _, { values }) => sharesAtMost(rank, values),
});

export const crossEntropy = defineMetric({
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
  units: 'images',
  share: false,
  values: ({ log_probability }) => Float64Array.from(log_probability, (value) => -value),
});

export const brier = defineMetric({
  name: 'brier',
  title: () => 'Brier score',
  kind: 'continuous',
  better: 'lower',
  unit: '',
  formula: 'mean over the images of the sum over the classes of (p - t)², t 1 for the true class and 0 else; 0 to 2',
  source: 'Brier 1950, Mon. Weather Rev. 78(1); for Fig. 6 of ' + paper,
  parameters: none,
  needs: ['brier'],
  limits: [0, 2],
  units: 'images',
  share: false,
  values: ({ brier }) => Float64Array.from(brier),
});

export const trueProbability = defineMetric({
  name: 'probability',
  title: () => 'probability of the true class',
  kind: 'continuous',
  better: 'higher',
  unit: 'probability',
  formula: 'mean over the images of p, the probability given to the true class',
  source: 'what a guess drawn from the model is right with',
  parameters: none,
  needs: ['log_probability'],
  units: 'images',
  share: false,
  values: ({ log_probability }) => Float64Array.from(log_probability, Math.exp),
});

export const margin = defineMetric({
  name: 'margin',
  title: () => 'margin',
  kind: 'continuous',
  better: 'higher',
  unit: '',
  formula: "mean over the images of the true class's probability minus the largest other; -1 to 1",
  source: 'the distance to the threshold of accuracy, which is margin above 0',
  parameters: none,
  needs: ['margin'],
  limits: [-1, 1],
  units: 'images',
  share: false,
  values: ({ margin }) => Float64Array.from(margin),
});

/** Imported outcomes alone have it. */
export const score = defineMetric({
  name: 'score',
  title: () => 'score',
  kind: 'continuous',
  better: 'higher',
  unit: '',
  formula: 'mean over the examples of a score that another tool gave them, higher for better',
  source: 'imported: docs/import.md',
  parameters: none,
  needs: ['score'],
  units: 'images',
  share: false,
  values: ({ score: values }) => Float64Array.from(values),
});

export const auroc = defineMetric({
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
  units: 'images',
  weighted: ({ correct, confidence }) => areaUnderRoc(confidence, correct),
});

export const subsetAccuracy = defineMetric({
  name: 'subset-accuracy',
  title: ({ k }) => `subset accuracy, K = ${k}`,
  kind: 'thresholded',
  better: 'higher',
  unit: 'probability',
  formula: 'C(m, k) / C(n, k), m of n images right: the chance that k images drawn without replacement are all right',
  source: `${paper}, App. B, Fig. 10`,
  parameters: z.strictObject({ k: z.int().min(1) }),
  needs: ['correct'],
  units: 'images',
  ...allOfK,
  values: ({ correct }) => Float64Array.from(correct),
  means({ correct }, _, { values }) {
    const mean = correct.reduce((sum, value) => sum + value, 0) / correct.length;
    return new Float64Array(values.length).fill(mean);
  },
});

export const subsetTrials = defineMetric({
  name: 'subset-trials',
  title: ({ k }) => `subset accuracy by trials, K = ${k}`,
  kind: 'thresholded',
  better: 'higher',
  unit: 'probability',
  formula: 'share of the disjoint groups of k images, in the order of the test set, that are all right',
  source: `${paper}, App. B, read plainly: far fewer trials than subset-accuracy has, so a coarser resolution`,
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
