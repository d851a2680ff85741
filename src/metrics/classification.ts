/** Metrics of a classifier's outcomes. */
import * as z from 'zod';
import { meanInterval, meanOf, wilsonInterval } from '../statistics/intervals.js';
import { defineMetric } from './metric.js';

const none = z.strictObject({});

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
  interval: 'Wilson',
  evaluate: ({ correct }) => count(correct) / correct.length,
  uncertainty({ correct }) {
    const n = correct.length;
    const p = count(correct) / n;
    return { standardError: Math.sqrt((p * (1 - p)) / n), ...wilsonInterval(count(correct), n) };
  },
  resolution: (n) => 1 / n,
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
  interval: 'normal',
  evaluate: ({ log_probability }) => -meanOf(log_probability).mean,
  uncertainty({ log_probability }) {
    const mean = meanOf(log_probability);
    return { standardError: mean.standardError, ...meanInterval({ ...mean, mean: -mean.mean }) };
  },
  resolution: () => null,
});

/**
 * The unbiased estimate over all subsets of the test set, and no simulation of some. Its interval: with images drawn
 * independently, K of them are all right with probability p^K, and p -> p^K is monotonic, so the limits of Wilson's interval
 * for p, each to the power K, cover p^K exactly as often as Wilson's cover p. The standard error is the delta method's,
 * K p^(K-1) sqrt(p (1-p) / n).
 */
export const subsetAccuracy = defineMetric({
  name: 'subset-accuracy',
  title: ({ k }) => `subset accuracy, K = ${k}`,
  kind: 'thresholded',
  better: 'higher',
  unit: 'probability',
  formula: 'C(m, k) / C(n, k), m of n images right: the chance that k images drawn without replacement are all right',
  source: 'Schaeffer et al. 2023 (arXiv 2304.15004), App. B, Fig. 10',
  parameters: z.strictObject({ k: z.int().min(1) }),
  needs: ['correct'],
  interval: "Wilson's limits to the power K",
  refuses: (n, { k }) => (k > n ? `the test set has ${n} images, ${k} are needed` : undefined),
  evaluate: ({ correct }, { k }) => shareOfSubsets(count(correct), correct.length, k),
  uncertainty({ correct }, { k }) {
    const n = correct.length;
    const m = count(correct);
    const p = m / n;
    const { lower, upper } = wilsonInterval(m, n);
    const standardError = k * p ** (k - 1) * Math.sqrt((p * (1 - p)) / n);
    // With fewer than k images right the estimate is 0 and Wilson's lower limit is not.
    return { standardError, lower: Math.min(lower ** k, shareOfSubsets(m, n, k)), upper: upper ** k };
  },
  resolution: (n, { k }) => shareOfSubsets(Math.min(k, n), n, k),
});

/** C(m, k) / C(n, k) = product over i < k of (m - i) / (n - i); as a sum of logarithms, since factors underflow and C(n, k) overflows. */
function shareOfSubsets(m: number, n: number, k: number): number {
  if (m < k) return 0;
  let log = 0;
  for (let i = 0; i < k; i++) log += Math.log((m - i) / (n - i));
  return Math.exp(log);
}

function count(correct: Uint8Array): number {
  let sum = 0;
  for (const value of correct) sum += value;
  return sum;
}
