/** The metrics with which a run is shown by default: its field's usual metric, and the one with which the paper induces emergence. */
import type { Metric } from '../metrics/metric.js';
import {
  accuracy,
  crossEntropy,
  imageAccuracy,
  imageCrossEntropy,
  sequenceAccuracy,
  subsetAccuracy,
} from '../metrics/classification.js';
import { mse, reconstruction } from '../metrics/reconstruction.js';
import type { MemberOutcomes } from '../metrics/curve.js';
import { isImported, kindOf, pairsOf, type Made } from '../runs/imported.js';
import type { OpenRun } from '../runs/opened.js';
import type { OutcomeName, OutcomeTable } from '../runs/outcomes.js';
import { mean } from '../statistics/mean.js';
import type { ChosenMetric } from './chosen.js';

export interface DefaultMetrics {
  /** The field's usual metric. */
  readonly standard: Metric;
  /** Nonlinear or discontinuous in the same outcomes. */
  readonly induced: Metric;
  /** Continuous: what training minimises; undefined for imported outcomes without probabilities. */
  readonly loss?: Metric | undefined;
}

/** @param members K of a classifier and the cutoff of an autoencoder are chosen from those of the largest width */
export function defaultMetrics(record: Made, members: readonly Sized[]): DefaultMetrics {
  const largest = largestOf(members);
  switch (kindOf(record)) {
    case 'classification': {
      const induced = subsetAccuracy.with({
        k: subsetSizeFor(largest.map(({ correct }) => correct ?? new Uint8Array())),
      });
      const loss = largest[0]?.log_probability === undefined ? undefined : crossEntropy.with({});
      return { standard: accuracy.with({}), induced, loss };
    }
    case 'reconstruction': {
      const induced = reconstruction.with({ c: cutoffFor(largest.map(({ mse }) => mse ?? new Float32Array())) });
      return { standard: mse.with({}), induced, loss: mse.with({}) };
    }
    case 'sequences': {
      // With one image there is no sequence to get right: accuracy is the thresholded metric of the model's
      // probability.
      if (pairsOf(record) === 1)
        return {
          standard: imageCrossEntropy.with({}),
          induced: imageAccuracy.with({}),
          loss: imageCrossEntropy.with({}),
        };
      const induced = sequenceAccuracy.with({ l: pairsOf(record) });
      return { standard: imageAccuracy.with({}), induced, loss: imageCrossEntropy.with({}) };
    }
  }
}

/** The metrics shown by default, each once: an autoencoder's loss is its standard metric. */
export function usualMetrics(record: Made, members: readonly Sized[]): readonly Metric[] {
  const { standard, induced, loss } = defaultMetrics(record, members);
  return loss === undefined || loss.id === standard.id ? [standard, induced] : [standard, induced, loss];
}

/** Outcomes of a member of some width. */
export interface Sized {
  readonly record: { readonly width: number };
  readonly outcomes: Partial<OutcomeTable>;
}

/** Outcomes of all seeds of the largest width. */
function largestOf(members: readonly Sized[]): Partial<OutcomeTable>[] {
  const width = Math.max(...members.map(({ record }) => record.width));
  return members.flatMap(({ record, outcomes }) => (record.width === width ? outcomes : []));
}

/** Columns that `defaultMetrics` and its metrics read; for imported outcomes, those that they have. */
export function defaultColumnsOf({ record, columns }: Pick<OpenRun, 'record' | 'columns'>): OutcomeName[] {
  const all = defaultColumns[kindOf(record)];
  return isImported(record) ? all.filter((name) => columns.includes(name)) : [...all];
}

/** The same without the loss: what the standard and the induced metric read. */
export function curveColumnsOf(run: Pick<OpenRun, 'record' | 'columns'>): OutcomeName[] {
  const { record } = run;
  const isLossStandard = kindOf(record) === 'sequences' && pairsOf(record) === 1;
  return defaultColumnsOf(run).filter((name) => name !== 'log_probability' || isLossStandard);
}

const defaultColumns = {
  classification: ['correct', 'log_probability'],
  reconstruction: ['mse'],
  sequences: ['correct', 'log_probability', 'sequence', 'example'],
} as const;

/** Share of the images whose errors the chosen cutoff exceeds. */
const wantedShare = 0.9;

/**
 * The largest of 2, 5, 10, 20, 50, ... that members of the largest width still get all right in 1 of 10 draws, with at least 10
 * disjoint groups of K in the test set: a K that distinguishes them from the others. Choosing it from the data is what induces
 * the effect. 2 if none of them is that easy, 1 for a single image.
 *
 * @param seeds for each, the columns of 1 or 0 of every test image
 */
export function subsetSizeFor(seeds: readonly ArrayLike<number>[]): number {
  const tables = seeds.map((correct) => ({ correct: Uint8Array.from(correct) }));
  const allRight = (k: number) => mean(tables.map((table) => subsetAccuracy.with({ k }).measure(table).value));
  const images = seeds[0]?.length ?? 0;
  return subsetSizes(images).findLast((k) => allRight(k) >= wantedChance) ?? (images === 1 ? 1 : 2);
}

/** Probability with which the largest width gets all K right. */
const wantedChance = 0.1;

/** Candidates for a test set of this size: 2, and those of which it holds ten groups. */
function subsetSizes(images: number): number[] {
  const sizes = [0, 1, 2, 3, 4].flatMap((exponent) => [1, 2, 5].map((digit) => digit * 10 ** exponent));
  return sizes.filter((k) => (k === 2 && images > 1) || (k > 2 && 10 * k <= images));
}

/**
 * The least of 1, 2 and 5 times a power of ten below which the errors of 9 in 10 images lie, as a mean over seeds: a cutoff
 * that the largest width meets. It is chosen from the data, as the paper's was; that is what induces the effect.
 *
 * @param seeds errors of the same images
 */
export function cutoffFor(seeds: readonly ArrayLike<number>[]): number {
  const sorted = Float32Array.from(seeds.flatMap((errors) => Array.from(errors))).sort();
  const wanted = sorted[Math.ceil(wantedShare * sorted.length) - 1] ?? 1;
  return cutoffs.find((cutoff) => cutoff > wanted) ?? 1;
}

const cutoffs = Array.from({ length: 25 }, (_, i) => Number(`${[1, 2, 5][i % 3]!}e${Math.floor(i / 3) - 8}`));

/** The induced metric of `defaultMetrics`, with the choice of K or of the cutoff made on the outcomes. */
export function defaultInduced(record: Made, members: readonly MemberOutcomes[]): ChosenMetric {
  const { induced } = defaultMetrics(record, members);
  switch (kindOf(record)) {
    case 'classification':
      return chosenSize(induced, members);
    case 'reconstruction':
      return chosenCutoff(induced, members);
    case 'sequences':
      return { metric: induced };
  }
}

/** Number of standard errors that no draw of the test set exceeds. */
const mostErrors = 6;

function chosenSize(induced: Metric, members: readonly MemberOutcomes[]): ChosenMetric {
  const seeds = largestOf(members);
  const n = seeds[0]!.correct!.length;
  const accuracies = seeds.map((outcomes) => accuracy.with({}).measure(outcomes).value);
  const reachOf = (right: number) => mostErrors * Math.sqrt((right * (1 - right)) / n);
  // Means over drawn seeds lie between the least and the most accurate seed; other seeds may lie beyond, by as much
  // again.
  const [low, high] = [Math.min(...accuracies), Math.max(...accuracies)];
  const least = low - (high - low) - reachOf(low);
  const most = high + (high - low) + reachOf(high);
  const chance = (share: number, k: number) => Math.min(1, Math.max(0, share)) ** k;
  const sizes = subsetSizes(n);
  // From the size that the least share would select to the first that not even the largest share gets right often
  // enough.
  const within = sizes.filter((k, i) => {
    const isTooEasy = i + 1 < sizes.length && chance(least, sizes[i + 1]!) >= wantedChance;
    const isTooHard = i > 0 && chance(most, k) < wantedChance;
    return !isTooEasy && !isTooHard;
  });
  const metrics = within.map((k) => subsetAccuracy.with({ k }));
  return {
    metric: induced,
    choice: {
      rule: 'the largest K of 2, 5, 10, 20, 50, ... at which all K are right in at least 1 of 10 draws at the largest scale',
      candidates: metrics.some(({ id }) => id === induced.id) ? metrics : [induced],
      pick(curves) {
        return Math.max(
          0,
          curves.findLastIndex(({ values }) => values.at(-1)! >= wantedChance),
        );
      },
    },
  };
}

function chosenCutoff(induced: Metric, members: readonly MemberOutcomes[]): ChosenMetric {
  const seeds = largestOf(members);
  const met = cutoffs.map((c) => {
    const metric = reconstruction.with({ c });
    const shares = seeds.map((outcomes) => metric.measure(outcomes).value);
    // Means over drawn seeds lie between the two; other seeds may lie beyond, by as much again.
    const [low, high] = [Math.min(...shares), Math.max(...shares)];
    return { metric, least: low === 1 ? 1 : 2 * low - high, most: 2 * high - low };
  });
  const reach = mostErrors * Math.sqrt((wantedShare * (1 - wantedShare)) / seeds[0]!.mse!.length);
  const always = met.findIndex(({ least }) => least === 1 || least > wantedShare + reach);
  const within = met
    .slice(0, always < 0 ? met.length : always + 1)
    .filter(({ metric, most }) => metric.id === induced.id || most > wantedShare - reach)
    .map(({ metric }) => metric);
  return {
    metric: induced,
    choice: {
      rule: 'the smallest of 1, 2 and 5 times a power of ten that is above the error of 9 in 10 images at the largest scale',
      candidates: within,
      pick(curves) {
        const place = curves.findIndex(({ values }) => values.at(-1)! >= wantedShare - 1e-12);
        return place < 0 ? curves.length - 1 : place;
      },
    },
  };
}
