/**
 * The induced curve as the standard one alone predicts it, were it not for what examples have in common: the measured curve
 * beside it shows where that fails.
 */
import type { MemberOutcomes } from '../metrics/curve.js';
import type { Metric } from '../metrics/metric.js';
import { sequenceStarts } from '../metrics/sequence-rows.js';
import type { OutcomeName } from '../runs/outcomes.js';
import { meansOf, scalesOf } from './curves.js';

export interface Prediction {
  /** `accuracy^5` */
  readonly title: string;
  /** What is assumed, one sentence. */
  readonly assumption: string;
  /** Of each member, `[members]`. */
  readonly memberValues: Float64Array;
  /** Means over seeds, `[scales]`. */
  readonly values: Float64Array;
}

interface Predictor {
  readonly needs: readonly OutcomeName[];
  readonly title: (metric: Metric) => string;
  readonly assumption: string;
  readonly values: (metric: Metric, members: readonly MemberOutcomes[]) => Float64Array;
}

const predictors: Readonly<Record<string, Predictor>> = {
  'subset-accuracy': {
    needs: ['correct'],
    title: ({ parameters }) => `accuracy^${parameters['k']!}`,
    assumption:
      'every image is right with the same chance and for itself; subsets are drawn at random, so this holds by construction',
    values: (metric, members) => accuracyToThe(Number(metric.parameters['k']), members),
  },
  'subset-trials': {
    needs: ['correct'],
    title: ({ parameters }) => `accuracy^${parameters['k']!}`,
    assumption: 'every image is right with the same chance and for itself, whatever stands beside it in the test set',
    values: (metric, members) => accuracyToThe(Number(metric.parameters['k']), members),
  },
  'sequence-accuracy': {
    needs: ['correct', 'sequence'],
    title: ({ parameters }) => `product of ${parameters['l']!} accuracies`,
    assumption:
      'images of a sequence are right or wrong for themselves, with a chance that depends on their place alone',
    values: (metric, members) =>
      Float64Array.from(members, ({ outcomes }) => productOfPlaces(outcomes, Number(metric.parameters['l']))),
  },
  reconstruction: {
    needs: ['mse'],
    title: () => 'one scaled error distribution',
    assumption:
      "errors of all members have one distribution but for the member's mean; it is pooled over the members of the other widths, each error over its member's mean",
    values: (metric, members) => scaledErrors(Number(metric.parameters['c']), members),
  },
};

/** Columns that the prediction reads; undefined for a metric that has none. */
export function predictionNeeds({ name }: Pick<Metric, 'name'>): readonly OutcomeName[] | undefined {
  return predictors[name]?.needs;
}

/** What independence predicts; undefined for a metric that is no threshold on several examples, or on an error. */
export function predictFromStandard(metric: Metric, members: readonly MemberOutcomes[]): Prediction | undefined {
  const predictor = predictors[metric.name];
  if (predictor === undefined) return undefined;
  const memberValues = predictor.values(metric, members);
  const { title, assumption } = predictor;
  return { title: title(metric), assumption, memberValues, values: meansOf(memberValues, scalesOf(members)) };
}

export interface Distance {
  /** Root of the mean squared difference over scales. */
  readonly rms: number;
  readonly largest: number;
  /** Place of the largest in the list of scales. */
  readonly at: number;
}

/** Between two curves at the same scales. */
export function distanceBetween(a: ArrayLike<number>, b: ArrayLike<number>): Distance {
  let [squares, largest, at] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    const difference = Math.abs(a[i]! - b[i]!);
    squares += difference ** 2;
    if (difference > largest) [largest, at] = [difference, i];
  }
  return { rms: Math.sqrt(squares / a.length), largest, at };
}

function accuracyToThe(k: number, members: readonly MemberOutcomes[]): Float64Array {
  return Float64Array.from(members, ({ outcomes: { correct } }) => {
    return (correct!.reduce((sum, value) => sum + value, 0) / correct!.length) ** k;
  });
}

function productOfPlaces({ correct, sequence }: MemberOutcomes['outcomes'], l: number): number {
  const starts = sequenceStarts(sequence!);
  const sequences = starts.length - 1;
  let product = 1;
  for (let place = 0; place < l; place++) {
    let right = 0;
    for (let s = 0; s < sequences; s++) if (starts[s]! + place < starts[s + 1]!) right += correct![starts[s]! + place]!;
    product *= right / sequences;
  }
  return product;
}

function scaledErrors(c: number, members: readonly MemberOutcomes[]): Float64Array {
  const means = members.map(({ outcomes: { mse } }) => mse!.reduce((sum, value) => sum + value, 0) / mse!.length);
  const pools = new Map<number, number[]>();
  members.forEach(({ record: { width }, outcomes: { mse } }, i) => {
    const pool = pools.get(width) ?? [];
    pools.set(width, pool);
    for (const value of mse!) pool.push(value / means[i]!);
  });
  const sorted = [...pools].map(([width, pool]) => ({ width, pool: Float64Array.from(pool).sort() }));
  return Float64Array.from(members, ({ record }, i) => {
    const others = sorted.filter(({ width }) => sorted.length === 1 || width !== record.width);
    const below = others.reduce((sum, { pool }) => sum + countBelow(pool, c / means[i]!), 0);
    return below / others.reduce((sum, { pool }) => sum + pool.length, 0);
  });
}

function countBelow(ascending: Float64Array, value: number): number {
  let [low, high] = [0, ascending.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (ascending[middle]! < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
