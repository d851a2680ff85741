/** A family's outcomes as the page carries them. */
import { defaultMetrics } from '../../analysis/defaults.js';
import { predictFromStandard } from '../../analysis/independence.js';
import { clustersOf } from '../../metrics/clusters.js';
import type { MemberOutcomes } from '../../metrics/curve.js';
import type { Metric } from '../../metrics/metric.js';
import { quantile } from '../../statistics/bootstrap.js';
import { Random } from '../../statistics/random.js';
import type { OutcomeTable } from '../../runs/outcomes.js';
import { kindOf, pairsOf, type AnyRun, type Made } from '../../runs/imported.js';
import { trainedWords, type FamilyWords } from '../../runs/words.js';
import { int32Bytes } from '../../machine/bytes.js';
import { codesOf, cutoffGrid, packBits, toBase64 } from './codes.js';
import type { PageMetric, PageOutcomes, PageRun, PageThreshold } from './data.js';
import { testSizes } from './sizes.js';

/** A family that can be explored. */
export type CompactRun = Omit<PageRun, 'about' | 'pictures' | 'reconstructions'>;

/** Bytes of outcomes that a page may have for all its runs, before Base64: a third more in the file. */
export const outcomeBudget = 1_200_000;

export interface CompactRequest {
  readonly record: Made & Pick<AnyRun, 'name'>;
  readonly words?: FamilyWords;
  /** By width and seed, at least two widths. */
  readonly members: readonly MemberOutcomes[];
  /** Left out: the induced metric of `train`. A subset accuracy, a reconstruction or a sequence accuracy. */
  readonly induced?: Metric | undefined;
  /** Bytes that the outcomes may take; fewer units are in the page where they would take more. */
  readonly budget?: number;
}

export interface Compacted {
  readonly run: CompactRun;
  /** Each of the page's units: its place in the test set, `[count]`. */
  readonly order: Int32Array;
}

export function compact({
  record,
  members,
  induced,
  words = trainedWords,
  budget = outcomeBudget,
}: CompactRequest): Compacted {
  const usual = defaultMetrics(record, members);
  const metric = induced ?? usual.induced;
  const kind = kindOf(record);
  const length = kind === 'sequences' ? pairsOf(record) : 1;
  const total = rowsOf(members[0]!.outcomes) / length;
  const bits = kind === 'reconstruction' ? 8 : length;
  const units = kind === 'sequences' ? 'sequences' : 'images';
  const clusters = clustersOf(members[0]!.outcomes, units);
  const bytesForAll = clusters === undefined ? 0 : 4 * length;
  const count = Math.min(total, Math.floor((8 * budget) / (members.length * bits + 8 * bytesForAll)));
  const order = Random.named(0, 'page', total).permutation(total).slice(0, count);
  const threshold = thresholdOf(metric, { members, count, length, words });
  const outcomes = outcomesOf(kind, { members, order, length, cutoffs: threshold.options });
  const prediction = predictFromStandard(metric, members)!;
  const run: CompactRun = {
    name: record.name,
    words,
    members: members.map(({ record: { id, width, seed, parameters, trainingFlops } }) => {
      return { id, width, seed, parameters, trainingFlops };
    }),
    ...{ units, count, total },
    standard: about(usual.standard),
    induced: { ...about(metric), ...threshold },
    predicted: { title: prediction.title, assumption: prediction.assumption },
    outcomes,
    clusters: clusters === undefined ? null : toBase64(int32Bytes(inOrder(clusters.of, order, length))),
  };
  return { run, order };
}

function about({ title, unit, better }: Metric): PageMetric {
  return { title, unit, better };
}

function rowsOf(outcomes: Partial<OutcomeTable>): number {
  return (outcomes.correct ?? outcomes.mse)?.length ?? 0;
}

interface Extent {
  readonly members: readonly MemberOutcomes[];
  readonly count: number;
  readonly length: number;
  readonly words: FamilyWords;
}

function thresholdOf({ name, parameters }: Metric, { members, count, length, words }: Extent): PageThreshold {
  switch (name) {
    case 'subset-accuracy': {
      const chosen = Number(parameters['k']);
      return {
        ...{ key: 'k', metric: name, chosen, label: `K ${words.examples} must all be right` },
        options: withChosen(
          steps.filter((k) => k <= smallestSize(count)),
          chosen,
        ),
      };
    }
    case 'sequence-accuracy': {
      const chosen = Number(parameters['l']);
      const options = Array.from({ length }, (_, i) => i + 1);
      return {
        ...{ key: 'l', metric: name, chosen, label: 'the first L images must all be right' },
        options,
      };
    }
    case 'reconstruction': {
      const chosen = Number(parameters['c']);
      const label = 'squared error per pixel below c';
      return { ...{ key: 'c', metric: name, chosen, label }, options: cutoffsOf(members, chosen) };
    }
    default:
      throw new Error(`${name} has no slider`);
  }
}

const steps = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 14, 16, 18, 20, 25, 30, 35, 40, 45, 50, 60, 70, 80, 90, 100];

function withChosen(options: readonly number[], chosen: number): number[] {
  return [...new Set([...options, chosen])].sort((a, b) => a - b);
}

/** The largest K has to be possible on the smallest test set. */
function smallestSize(count: number): number {
  return testSizes(count)[0]!;
}

/** From where a hundredth of the best member's images lies to the largest error of all. */
function cutoffsOf(members: readonly MemberOutcomes[], chosen: number): number[] {
  let [least, most] = [Infinity, 0];
  for (const { outcomes } of members) {
    const ascending = Float32Array.from(outcomes.mse!).sort();
    const low = quantile(ascending, 0.01);
    if (low > 0) least = Math.min(least, low);
    most = Math.max(most, ascending.at(-1)!);
  }
  // Of errors that are all 0 any cutoff says the same. Up a little, so that rounding leaves no error above.
  return most === 0 || least === Infinity ? [chosen] : cutoffGrid(least, 1.02 * most, chosen);
}

interface Packing {
  readonly members: readonly MemberOutcomes[];
  readonly order: Int32Array;
  readonly length: number;
  readonly cutoffs: readonly number[];
}

function outcomesOf(kind: PageOutcomes['kind'], { members, order, length, cutoffs }: Packing): PageOutcomes {
  if (kind !== 'reconstruction') {
    const right = members.map(({ outcomes }) => packBits(inOrder(outcomes.correct!, order, length)));
    const text = toBase64(joined(right));
    return kind === 'sequences' ? { kind, length, right: text } : { kind, right: text };
  }
  const errors = members.map(({ outcomes }) => inOrder(outcomes.mse!, order, 1));
  const codes = errors.map((list) => codesOf(list, cutoffs));
  return {
    kind,
    errors: toBase64(joined(codes)),
    codeMeans: meansByCode(codes, errors, cutoffs.length + 1),
    memberMeans: errors.map((list) => list.reduce((sum, value) => sum + value, 0) / list.length),
  };
}

/** Units in another order, `length` rows each. */
function inOrder<T extends Uint8Array | Float32Array | Int32Array>(column: T, order: Int32Array, length: number): T {
  const result = column.slice(0, order.length * length);
  order.forEach((unit, place) => {
    result.set(column.subarray(unit * length, (unit + 1) * length), place * length);
  });
  return result as T;
}

function joined(lists: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(lists.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const list of lists) {
    all.set(list, at);
    at += list.length;
  }
  return all;
}

/** Rounded to seven digits, which is finer than a float32. */
function meansByCode(codes: readonly Uint8Array[], errors: readonly Float32Array[], length: number): number[] {
  const sums = new Float64Array(length);
  const counts = new Float64Array(length);
  codes.forEach((list, i) => {
    list.forEach((code, unit) => {
      sums[code]! += errors[i]![unit]!;
      counts[code]!++;
    });
  });
  return Array.from(sums, (sum, code) => (counts[code] === 0 ? 0 : Number((sum / counts[code]!).toPrecision(7))));
}
