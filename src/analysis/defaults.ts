/** What a run is looked at with where nothing is said: its field's usual metric, and the one that the paper induces emergence with. */
import type { Metric } from '../metrics/metric.js';
import { accuracy, crossEntropy, subsetAccuracy } from '../metrics/classification.js';
import { mse, reconstruction } from '../metrics/reconstruction.js';
import { imageAccuracy, imageCrossEntropy, sequenceAccuracy } from '../metrics/sequence.js';
import type { MemberOutcomes } from '../metrics/curve.js';
import { isImported, kindOf, pairsOf, type Made } from '../runs/imported.js';
import type { OpenRun } from '../runs/load.js';
import type { OutcomeName, OutcomeTable } from '../runs/outcomes.js';
import type { ChosenMetric } from './chosen.js';

export interface DefaultMetrics {
  /** The field's usual one. */
  readonly standard: Metric;
  /** Nonlinear or discontinuous in the same outcomes. */
  readonly induced: Metric;
  /** Continuous: what training minimises; of imported outcomes that have no probabilities there is none. */
  readonly loss?: Metric | undefined;
}

/**
 * @param largest outcomes of the widest member: K of a classifier and the cutoff of an autoencoder are chosen from them
 */
export function defaultMetrics(record: Made, largest: Partial<OutcomeTable>): DefaultMetrics {
  switch (kindOf(record)) {
    case 'classification': {
      const induced = subsetAccuracy.with({ k: subsetSizeFor(largest.correct ?? new Uint8Array()) });
      const loss = largest.log_probability === undefined ? undefined : crossEntropy.with({});
      return { standard: accuracy.with({}), induced, loss };
    }
    case 'reconstruction': {
      const induced = reconstruction.with({ c: cutoffFor(largest.mse ?? new Float32Array()) });
      return { standard: mse.with({}), induced, loss: mse.with({}) };
    }
    case 'sequences': {
      const induced = sequenceAccuracy.with({ l: pairsOf(record) });
      return { standard: imageAccuracy.with({}), induced, loss: imageCrossEntropy.with({}) };
    }
  }
}

/** Columns that `defaultMetrics` and its metrics read; of imported outcomes those that they have. */
export function defaultColumnsOf({ record, columns }: Pick<OpenRun, 'record' | 'columns'>): OutcomeName[] {
  const all = defaultColumns[kindOf(record)];
  return isImported(record) ? all.filter((name) => columns.includes(name)) : [...all];
}

const defaultColumns = {
  classification: ['correct', 'log_probability'],
  reconstruction: ['mse'],
  sequences: ['correct', 'log_probability', 'sequence', 'example'],
} as const;

/** Share of the images that the chosen cutoff is to be above. */
const wantedShare = 0.9;

/**
 * The largest of 2, 5, 10, 20, 50, ... that the widest member still gets all right in 1 of 10 draws, with at least 10 disjoint
 * groups of it in the test set: a K that tells the largest member from the others. It is chosen from the data, which is what
 * induces the effect. 2 where none of them is that easy, 1 of a single image.
 *
 * @param correct 1 or 0, of every test image
 */
export function subsetSizeFor(correct: ArrayLike<number>): number {
  const table = { correct: Uint8Array.from(correct) };
  const allRight = (k: number) => subsetAccuracy.with({ k }).measure(table).value;
  return subsetSizes(correct.length).findLast((k) => allRight(k) >= wantedChance) ?? (correct.length === 1 ? 1 : 2);
}

/** Chance that the widest member is to have of getting all K right. */
const wantedChance = 0.1;

/** Of a test set of so many images: 2, and those of which it holds ten groups. */
function subsetSizes(images: number): number[] {
  const sizes = [0, 1, 2, 3, 4].flatMap((exponent) => [1, 2, 5].map((digit) => digit * 10 ** exponent));
  return sizes.filter((k) => (k === 2 && images > 1) || (k > 2 && 10 * k <= images));
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

/** The induced metric of `defaultMetrics`, with the choice of K or of the cutoff, which is made on the outcomes. */
export function defaultInduced(record: Made, members: readonly MemberOutcomes[]): ChosenMetric {
  const { induced } = defaultMetrics(record, members.at(-1)!.outcomes);
  switch (kindOf(record)) {
    case 'classification':
      return chosenSize(induced, members);
    case 'reconstruction':
      return chosenCutoff(induced, members);
    case 'sequences':
      return { metric: induced };
  }
}

/** Standard errors that no draw gets across. */
const mostErrors = 6;

function chosenSize(induced: Metric, members: readonly MemberOutcomes[]): ChosenMetric {
  const largest = members.length - 1;
  const { correct } = members[largest]!.outcomes;
  const n = correct!.length;
  const right = accuracy.with({}).measure({ correct: correct! }).value;
  const reach = mostErrors * Math.sqrt((right * (1 - right)) / n);
  const chance = (share: number, k: number) => Math.min(1, Math.max(0, share)) ** k;
  const sizes = subsetSizes(n);
  // From the size that the least share would take to the first that not even the largest share gets right often enough.
  const within = sizes.filter((k, i) => {
    const isTooEasy = i + 1 < sizes.length && chance(right - reach, sizes[i + 1]!) >= wantedChance;
    const isTooHard = i > 0 && chance(right + reach, k) < wantedChance;
    return !isTooEasy && !isTooHard;
  });
  const metrics = within.map((k) => subsetAccuracy.with({ k }));
  return {
    metric: induced,
    choice: {
      rule: 'the largest K of 2, 5, 10, 20, 50, ... that the largest member still gets all right in 1 of 10 draws',
      candidates: metrics.some(({ id }) => id === induced.id) ? metrics : [induced],
      pick(curves) {
        return Math.max(
          0,
          curves.findLastIndex(({ memberValues }) => memberValues[largest]! >= wantedChance),
        );
      },
    },
  };
}

function chosenCutoff(induced: Metric, members: readonly MemberOutcomes[]): ChosenMetric {
  const largest = members.length - 1;
  const { outcomes } = members[largest]!;
  const { mse: errors } = outcomes;
  const met = cutoffs.map((c) => {
    const metric = reconstruction.with({ c });
    return { metric, share: metric.measure(outcomes).value };
  });
  const reach = mostErrors * Math.sqrt((wantedShare * (1 - wantedShare)) / errors!.length);
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
