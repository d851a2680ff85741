/** What a run is looked at with where nothing is said: its field's usual metric, and the one that the paper induces emergence with. */
import { outcomeKinds } from '../experiment/architectures.js';
import type { Metric } from '../metrics/metric.js';
import { accuracy, crossEntropy, subsetAccuracy } from '../metrics/classification.js';
import { mse, reconstruction } from '../metrics/reconstruction.js';
import { imageAccuracy, imageCrossEntropy, sequenceAccuracy } from '../metrics/sequence.js';
import type { OutcomeTable } from '../runs/outcomes.js';
import type { RunRecord } from '../runs/record.js';

export interface DefaultMetrics {
  /** The field's usual one. */
  readonly standard: Metric;
  /** Nonlinear or discontinuous in the same outcomes. */
  readonly induced: Metric;
  /** Continuous: what training minimises. */
  readonly loss: Metric;
}

/**
 * @param largest outcomes of the widest member: an autoencoder's cutoff is chosen from them
 */
export function defaultMetrics({ experiment }: RunRecord, largest: Partial<OutcomeTable>): DefaultMetrics {
  switch (outcomeKinds[experiment.arch]) {
    case 'classification':
      return { standard: accuracy.with({}), induced: subsetAccuracy.with({ k: 5 }), loss: crossEntropy.with({}) };
    case 'reconstruction': {
      const induced = reconstruction.with({ c: cutoffFor(largest.mse ?? new Float32Array()) });
      return { standard: mse.with({}), induced, loss: mse.with({}) };
    }
    case 'sequences': {
      const induced = sequenceAccuracy.with({ l: experiment.pairs ?? 1 });
      return { standard: imageAccuracy.with({}), induced, loss: imageCrossEntropy.with({}) };
    }
  }
}

/** Columns that `defaultMetrics` and its metrics read. */
export const defaultColumns = {
  classification: ['correct', 'log_probability'],
  reconstruction: ['mse'],
  sequences: ['correct', 'log_probability', 'sequence'],
} as const;

/**
 * The least of 1, 2 and 5 times a power of ten below which 9 in 10 of the images lie: a cutoff that the largest member
 * meets. It is chosen from the data, as the paper's was; that is what induces the effect.
 */
export function cutoffFor(errors: Float32Array): number {
  const sorted = Float32Array.from(errors).sort();
  const wanted = sorted[Math.ceil(0.9 * sorted.length) - 1] ?? 1;
  for (let exponent = -8; exponent <= 0; exponent++) {
    for (const digit of [1, 2, 5]) {
      const cutoff = Number(`${digit}e${exponent}`);
      if (cutoff > wanted) return cutoff;
    }
  }
  return 1;
}
