/**
 * The induced curve as predicted from the standard one alone, assuming that examples are independent: comparison with the
 * measured curve shows where that fails.
 */
import { bisectLeft } from 'd3-array';
import type { MemberOutcomes } from '../metrics/curve.js';
import type { Metric } from '../metrics/metric.js';
import { accuracy } from '../metrics/classification.js';
import { mse } from '../metrics/reconstruction.js';
import { placeAccuracy } from '../metrics/sequence.js';
import type { OutcomeName } from '../runs/outcomes.js';
import { meansOf, scalesOf } from './curves.js';
import { mean } from '../statistics/mean.js';

export interface InducedPrediction {
  /** `accuracy^5` */
  readonly title: string;
  /** The assumption, in one sentence. */
  readonly assumption: string;
  /** Predictions for each member, `[members]`. */
  readonly memberValues: Float64Array;
  /** Means over seeds, `[scales]`. */
  readonly values: Float64Array;
}

/** The induced metric as a function of the metrics that it is predicted from. */
export interface InducingFunction {
  /** Metrics from whose values the prediction is made: accuracy, the accuracy at each place, the mean error. */
  readonly bases: readonly Metric[];
  /** The induced metric of a member of this width whose base metrics have these values. */
  readonly push: (values: ArrayLike<number>, width: number) => number;
}

interface Predictor {
  readonly needs: readonly OutcomeName[];
  readonly title: (metric: Metric) => string;
  readonly assumption: string;
  readonly link: (metric: Metric, members: readonly MemberOutcomes[]) => InducingFunction;
}

const powerOfAccuracy = ({ parameters }: Metric): InducingFunction => {
  const k = Number(parameters['k']);
  return { bases: [accuracy.with({})], push: (values) => values[0]! ** k };
};

const predictors: Readonly<Record<string, Predictor>> = {
  'subset-accuracy': {
    needs: ['correct'],
    title: ({ parameters }) => `accuracy^${parameters['k']!}`,
    assumption:
      'every example is right independently, with the same probability; subsets are drawn at random, so this holds by construction',
    link: powerOfAccuracy,
  },
  'subset-trials': {
    needs: ['correct'],
    title: ({ parameters }) => `accuracy^${parameters['k']!}`,
    assumption:
      'every example is right independently, with the same probability, whichever others are next to it in the test set',
    link: powerOfAccuracy,
  },
  'sequence-accuracy': {
    needs: ['correct', 'sequence'],
    title: ({ parameters }) => `product of ${parameters['l']!} accuracies`,
    assumption:
      'images of a sequence are right or wrong independently, with a probability that depends only on their place',
    link({ parameters }) {
      const places = Array.from({ length: Number(parameters['l']) }, (_, i) => placeAccuracy.with({ place: i + 1 }));
      return { bases: places, push: (values) => Array.from(values).reduce((product, p) => product * p, 1) };
    },
  },
  reconstruction: {
    needs: ['mse'],
    title: () => 'one scaled error distribution',
    assumption:
      "the errors of all members follow one distribution, scaled by the member's mean; it is pooled over the members of the other widths, each error divided by its member's mean",
    link: (metric, members) => scaledErrors(Number(metric.parameters['c']), members),
  },
};

/** Columns that the prediction reads; undefined for a metric without a prediction. */
export function predictionNeeds({ name }: Pick<Metric, 'name'>): readonly OutcomeName[] | undefined {
  return predictors[name]?.needs;
}

/** How a metric follows from others; undefined for one that is not a threshold on several examples, or on an error. */
export function inducingFunction(metric: Metric, members: readonly MemberOutcomes[]): InducingFunction | undefined {
  return predictors[metric.name]?.link(metric, members);
}

/** The prediction from independence; undefined if `linkOf` is. */
export function predictFromStandard(metric: Metric, members: readonly MemberOutcomes[]): InducedPrediction | undefined {
  const predictor = predictors[metric.name];
  if (predictor === undefined) return undefined;
  const { bases, push } = predictor.link(metric, members);
  const memberValues = Float64Array.from(members, ({ record, outcomes }) =>
    push(
      bases.map((base) => base.weighted(outcomes).evaluate()),
      record.width,
    ),
  );
  const { title, assumption } = predictor;
  return { title: title(metric), assumption, memberValues, values: meansOf(memberValues, scalesOf(members)) };
}

export interface Distance {
  /** Root of the mean squared difference over scales. */
  readonly rms: number;
  readonly largest: number;
  /** Index of the largest in the list of scales. */
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

function scaledErrors(c: number, members: readonly MemberOutcomes[]): InducingFunction {
  const pools = new Map<number, number[]>();
  for (const { record, outcomes } of members) {
    const errors = outcomes.mse!;
    const centre = mean(errors);
    const pool = pools.get(record.width) ?? [];
    pools.set(record.width, pool);
    for (const value of errors) pool.push(value / centre);
  }
  const sorted = [...pools].map(([width, pool]) => ({ width, pool: Float64Array.from(pool).sort() }));
  return {
    bases: [mse.with({})],
    push(values, width) {
      const others = sorted.filter((each) => sorted.length === 1 || each.width !== width);
      const below = others.reduce((sum, { pool }) => sum + bisectLeft(pool, c / values[0]!), 0);
      return below / others.reduce((sum, { pool }) => sum + pool.length, 0);
    },
  };
}
