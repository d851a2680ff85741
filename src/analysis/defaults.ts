/** What a run is looked at with where nothing is said: its field's usual metric, and the one that the paper induces emergence with. */
import { outcomeKinds } from '../experiment/architectures.js';
import type { Metric } from '../metrics/metric.js';
import { accuracy, crossEntropy, subsetAccuracy } from '../metrics/classification.js';
import { mse, reconstruction } from '../metrics/reconstruction.js';
import { imageAccuracy, imageCrossEntropy, sequenceAccuracy } from '../metrics/sequence.js';
import type { MemberOutcomes } from '../metrics/curve.js';
import type { OutcomeTable } from '../runs/outcomes.js';
import type { RunRecord } from '../runs/record.js';
import type { ChosenMetric } from './chosen.js';

export interface DefaultMetrics {
  /** The field's usual one. */
  readonly standard: Metric;
  /** Nonlinear or discontinuous in the same outcomes. */
  readonly induced: Metric;
  /** Continuous: what training minimises. */
  readonly loss: Metric;
}

/**
 * @param largest outcomes of the widest member: K of a classifier and the cutoff of an autoencoder are chosen from them
 */
export function defaultMetrics({ experiment }: RunRecord, largest: Partial<OutcomeTable>): DefaultMetrics {
  switch (outcomeKinds[experiment.arch]) {
    case 'classification': {
      const induced = subsetAccuracy.with({ k: subsetSizeFor(largest.correct ?? new Uint8Array()) });
      return { standard: accuracy.with({}), induced, loss: crossEntropy.with({}) };
    }
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

/** Share of the images that the chosen cutoff is to be above. */
const wantedShare = 0.9;

/**
 * The largest of 2, 5, 10, 20, 50, ... that the widest member still gets all right in 1 of 10 draws, with at least 10 disjoint
 * groups of it in the test set: a K that tells the largest member from the others. It is chosen from the data, which is what
 * induces the effect. 2 where none of them is that easy.
 *
 * @param correct 1 or 0, of every test image
 */
export function subsetSizeFor(correct: ArrayLike<number>): number {
  const table = { correct: Uint8Array.from(correct) };
  const allRight = (k: number) => subsetAccuracy.with({ k }).measure(table).value;
  const sizes = [0, 1, 2, 3, 4]
    .flatMap((exponent) => [1, 2, 5].map((digit) => digit * 10 ** exponent))
    .filter((k) => k > 1 && 10 * k <= correct.length);
  return sizes.findLast((k) => allRight(k) >= 0.1) ?? 2;
}

/**
 * The least of 1, 2 and 5 times a power of ten below which 9 in 10 of the images lie: a cutoff that the largest member
 * meets. It is chosen from the data, as the paper's was; that is what induces the effect.
 */
export function cutoffFor(errors: Float32Array): number {
  const sorted = Float32Array.from(errors).sort();
  const wanted = sorted[Math.ceil(wantedShare * sorted.length) - 1] ?? 1;
  return cutoffs.find((cutoff) => cutoff > wanted) ?? 1;
}

const cutoffs = Array.from({ length: 25 }, (_, i) => Number(`${[1, 2, 5][i % 3]!}e${Math.floor(i / 3) - 8}`));

/** The induced metric of `defaultMetrics`, with the choice of an autoencoder's cutoff, which is made on the outcomes. */
export function defaultInduced(record: RunRecord, members: readonly MemberOutcomes[]): ChosenMetric {
  const largest = members.length - 1;
  const { outcomes } = members[largest]!;
  const { induced } = defaultMetrics(record, outcomes);
  if (outcomeKinds[record.experiment.arch] !== 'reconstruction') return { metric: induced };
  const { mse: errors } = outcomes;
  const met = cutoffs.map((c) => {
    const metric = reconstruction.with({ c });
    return { metric, share: metric.measure(outcomes).value };
  });
  // Six standard errors from the wanted share no draw gets across.
  const reach = 6 * Math.sqrt((wantedShare * (1 - wantedShare)) / errors!.length);
  const always = met.findIndex(({ share }) => share === 1 || share > wantedShare + reach);
  const within = met
    .slice(0, always < 0 ? met.length : always + 1)
    .filter(({ metric, share }) => metric.id === induced.id || share > wantedShare - reach)
    .map(({ metric }) => metric);
  return {
    metric: induced,
    choice: {
      rule: 'the least of 1, 2 and 5 times a power of ten that 9 in 10 images of the largest member stay below',
      candidates: within,
      pick(curves) {
        const place = curves.findIndex(({ memberValues }) => memberValues[largest]! >= wantedShare - 1e-12);
        return place < 0 ? curves.length - 1 : place;
      },
    },
  };
}
