/**
 * A metric is a function of stored outcomes. Its definition is data: the registry, the parser of `subset-accuracy:k=5`,
 * tables, captions and documentation all read the same object.
 *
 * A metric is defined over units, images or sequences. Almost every metric is a function of the mean of one number per
 * unit (`values`, `transform`), and sweeps need to know nothing else. One that is not, such as the area under a curve,
 * says how it is computed under weights of the rows (`weighted`). Intervals and bootstraps may draw something other
 * than the units: the images that sequences share, or groups of images (clusters.ts).
 */
import type * as z from 'zod';
import { hasColumns, type OutcomeName, type OutcomeTable } from '../runs/outcomes.js';
import type { Ordered } from '../statistics/kernels/kernels.js';
import { meanInterval, meanOf, wilsonInterval, type Interval, type Mean } from '../statistics/intervals.js';
import {
  sampledMean,
  wilsonOfMean,
  type SampledMean,
  type SharedSample,
  type Terms,
} from '../statistics/shared-clusters.js';
import { UsageError } from '../terminal/errors.js';
import { counted } from '../terminal/format.js';
import { clustersOf, type Unit } from './clusters.js';
import { sequenceStarts } from './sequence-rows.js';

export type MetricKind = 'continuous' | 'thresholded';

export type { Unit } from './clusters.js';

interface About {
  readonly name: string;
  readonly kind: MetricKind;
  readonly better: 'higher' | 'lower';
  /** `probability`, `nats`, `dB`; '' for none. */
  readonly unit: string;
  readonly formula: string;
  readonly source: string;
  /** What makes it infinite or undefined, for notes: `no image is wrong, or none is right`. */
  readonly notFinite?: string | undefined;
}

/** Smallest and largest value that a metric can have, infinite if there is none. */
export type Limits = readonly [number, number];

/** A metric under weights of rows, units or clusters of them, and how many of these there are. */
export interface Weighted {
  readonly count: number;
  /** Weights `[count]`; default: each counts once. */
  readonly evaluate: (weights?: ArrayLike<number>) => number;
  /** For an area under a ROC: its items in order, for `pairsKernel`; with several orders the mean is taken. */
  readonly orders?: readonly Ordered[];
}

/** Common to all ways of defining a metric. */
export interface CommonDefinition<Parameters extends z.ZodType, Needs extends OutcomeName> extends About {
  readonly parameters: Parameters;
  /** As in a figure's label and a table's heading. */
  title(parameters: z.output<Parameters>): string;
  /** Columns of the outcomes. */
  needs: readonly Needs[] | ((parameters: z.output<Parameters>) => readonly Needs[]);
  readonly units: Unit;
  /** Default: 0 to 1 for a probability, else none. */
  readonly limits?: Limits;
  /** Why `count` units are too few for the parameters; undefined if they are enough. */
  refuses?(count: number, parameters: z.output<Parameters>): string | undefined;
}

/** One number per unit: a column of the outcomes itself, or one computed from several. Must not be modified. */
export type UnitNumbers = Float64Array | Float32Array | Int32Array | Uint8Array;

/** What a unit's value depends on, if units share images or groups: see `SharedSample`. */
export interface Parts extends Pick<SharedSample, 'rows' | 'first' | 'allOf'> {
  /** Rows of each unit where units are images; default: 1. */
  readonly perUnit?: number;
}

/** `transform` of the mean over the units of one number each. */
export interface MeanDefinition<Parameters extends z.ZodType, Needs extends OutcomeName> extends CommonDefinition<
  Parameters,
  Needs
> {
  /** Whether each value is 0 or 1, so that the mean is a share of the units. */
  readonly share: boolean;
  /** `[units]` */
  values(outcomes: Pick<OutcomeTable, Needs>, parameters: z.output<Parameters>): UnitNumbers;
  /** Default: all rows of a unit, with nothing known about the effect of each. */
  parts?(outcomes: Pick<OutcomeTable, Needs>, parameters: z.output<Parameters>): Parts;
  /** Non-decreasing in `mean`; default: the mean itself. */
  transform?(mean: number, count: number, parameters: z.output<Parameters>): number;
  /** Slope of `transform`, for the delta method; default: 1. */
  slope?(mean: number, parameters: z.output<Parameters>): number;
  /** `transform` of the limits of the mean's interval, where that differs. */
  limit?(limit: number, parameters: z.output<Parameters>): number;
  /** The kind of interval, for captions; default: Wilson for a share, otherwise normal. */
  readonly interval?: string;
  /**
   * Means over the units at many values of one parameter at once, the others as in `parameters`; for sweeps, if there
   * is a faster way than one by one. Undefined for a parameter that has none.
   */
  means?(
    outcomes: Pick<OutcomeTable, Needs>,
    parameters: z.output<Parameters>,
    over: { readonly key: string; readonly values: readonly number[] },
  ): Float64Array | undefined;
}

/**
 * What is known of a value in closed form: its standard error, its 95 % interval, the smallest possible value above 0.
 */
export type Closed = Pick<Measurement, 'standardError' | 'lower' | 'upper' | 'resolution'>;

/** Any function of weighted rows. Without an interval in closed form it needs a bootstrap. */
export interface WeightedDefinition<Parameters extends z.ZodType, Needs extends OutcomeName> extends CommonDefinition<
  Parameters,
  Needs
> {
  /** Under weights of the rows. */
  weighted(outcomes: Pick<OutcomeTable, Needs>, parameters: z.output<Parameters>): Weighted;
  /** If rows are independent: for shares, from Wilson's intervals. */
  closed?(outcomes: Pick<OutcomeTable, Needs>, parameters: z.output<Parameters>): Closed;
  /** The kind of interval that `closed` gives, for captions. */
  readonly interval?: string;
}

export type MetricDefinition<Parameters extends z.ZodType, Needs extends OutcomeName> =
  MeanDefinition<Parameters, Needs> | WeightedDefinition<Parameters, Needs>;

/** One number per unit of the test set, and what the metric makes of their mean. */
export interface UnitValues {
  readonly values: UnitNumbers;
  /** Whether each is 0 or 1. */
  readonly share: boolean;
  /** The metric if the mean over `count` units is `mean`; default: over all. */
  readonly transform: (mean: number, count?: number) => number;
}

/** Whether the metric is the plain mean over units. */
export function isMean({ transform }: Pick<UnitValues, 'transform'>): boolean {
  return [0.1, 0.5, 0.9].every((mean) => transform(mean) === mean);
}

/** How a bootstrap draws a metric of one member. */
export type Drawn =
  /** Each unit separately. */
  | ({ readonly kind: 'units' } & UnitValues)
  /** Clusters and units that share them: the metric is `transform` of `mean` plus the sum of counts times terms. */
  | {
      readonly kind: 'terms';
      readonly mean: number;
      readonly terms: Terms;
      readonly transform: (mean: number) => number;
      /** Units. */
      readonly count: number;
    }
  /** Weights apply to images or groups. */
  | ({ readonly kind: 'weights'; /** Units. */ readonly units: number } & Weighted);

/** One member under one metric. */
export interface Measurement extends Interval {
  readonly value: number;
  /**
   * NaN if only a bootstrap can give it; so are `lower` and `upper`, the 95 % interval over the sampling of the test
   * set.
   */
  readonly standardError: number;
  /** Smallest value above 0 that the test set can show; null if any value is possible. */
  readonly resolution: number | null;
  /** Units of the test set. */
  readonly count: number;
}

/** A metric with its parameters chosen. */
export interface Metric extends About {
  /** `accuracy`, `subset-accuracy:k=5`: what `parseMetric` takes. */
  readonly id: string;
  readonly title: string;
  /** Columns to read, including those that intervals need. */
  readonly needs: readonly OutcomeName[];
  readonly units: Unit;
  readonly limits: Limits;
  /** Whether the interval of `measure`, if any, is based on Wilson's, which hold near 0 and 1 too. */
  readonly wilson: boolean;
  /** Names and values of the parameters. */
  readonly parameters: Readonly<Record<string, number | string>>;
  /** The kind of interval that `measure` gives, for captions: `Wilson`. */
  readonly interval: string;
  /** Why `count` units are too few; undefined if they are enough. */
  refuses(count: number): string | undefined;
  /**
   * The value with its interval in closed form. Throws UsageError if the test set is too small; Error if columns are
   * missing, which is not a user's mistake.
   */
  measure(outcomes: Partial<OutcomeTable>): Measurement;
  /** Undefined for a metric that is not a function of a mean. Throws like `measure`. */
  unitValues(outcomes: Partial<OutcomeTable>): UnitValues | undefined;
  /** What a bootstrap of the test set draws. Throws like `measure`. */
  drawn(outcomes: Partial<OutcomeTable>): Drawn;
  /** Under weights of the units. Throws like `measure`. */
  weighted(outcomes: Partial<OutcomeTable>): Weighted;
  /**
   * The metric at each value of one of its parameters, `[values]`; undefined if there is no faster way than one by one.
   * The caller makes sure that values are in the parameter's range.
   */
  sweep(
    outcomes: Partial<OutcomeTable>,
    over: { readonly key: string; readonly values: readonly number[] },
  ): Float64Array | undefined;
}

/** A definition together with functions that choose its parameters. */
export type MetricFamily<Parameters extends z.ZodType, Needs extends OutcomeName> = MetricDefinition<
  Parameters,
  Needs
> & {
  /** Throws ZodError on parameters out of range. */
  with(parameters: z.input<Parameters>): Metric;
  /** `with` for parameters typed by a user. */
  from(parameters: unknown): Metric;
};

export function defineMetric<Parameters extends z.ZodType, Needs extends OutcomeName>(
  definition: MetricDefinition<Parameters, Needs>,
): MetricFamily<Parameters, Needs> {
  const from = (parameters: unknown) => choose(definition, definition.parameters.parse(parameters));
  return { ...definition, with: from, from };
}

function choose<Parameters extends z.ZodType, Needs extends OutcomeName>(
  definition: MetricDefinition<Parameters, Needs>,
  chosen: z.output<Parameters>,
): Metric {
  const { name, kind, better, unit, formula, source, notFinite, units } = definition;
  const parameters = { ...(chosen as object) } as Readonly<Record<string, number | string>>;
  const shown = Object.entries(parameters).map(([key, value]) => `${key}=${String(value)}`);
  const id = [name, ...(shown.length > 0 ? [shown.join(',')] : [])].join(':');
  const own = typeof definition.needs === 'function' ? definition.needs(chosen) : definition.needs;
  const needs = units === 'images' ? own : [...new Set<OutcomeName>([...own, 'sequence', 'example'])];
  const columnsOf = (outcomes: Partial<OutcomeTable>): Pick<OutcomeTable, Needs> => {
    if (!hasColumns(outcomes, own)) throw new Error(`${id} needs the columns ${own.join(', ')}`);
    return outcomes;
  };
  const fitting = (count: number): number => {
    const refusal = definition.refuses?.(count, chosen);
    if (refusal !== undefined) throw new UsageError(refusal, id);
    return count;
  };
  const limits = definition.limits ?? (unit === 'probability' ? [0, 1] : [-Infinity, Infinity]);
  const title = definition.title(chosen);
  const about = { id, name, title, kind, better, unit, formula, source, notFinite, needs, units, limits };
  const refuses = (count: number) => definition.refuses?.(count, chosen);
  if ('weighted' in definition) {
    const rows = (outcomes: Partial<OutcomeTable>) => definition.weighted(columnsOf(outcomes), chosen);
    const weighted = (outcomes: Partial<OutcomeTable>): Weighted => {
      const ofRows = rows(outcomes);
      const result = units === 'images' ? ofRows : weightedBy(ofRows, sequencesOf(outcomes));
      fitting(result.count);
      return result;
    };
    return {
      ...about,
      parameters,
      interval: definition.interval ?? 'bootstrap',
      wilson: definition.closed !== undefined,
      refuses,
      weighted,
      drawn(outcomes) {
        const { count } = weighted(outcomes);
        const clusters = clustersOf(outcomes, units);
        const ofRows = rows(outcomes);
        return { kind: 'weights', units: count, ...(clusters === undefined ? ofRows : weightedBy(ofRows, clusters)) };
      },
      sweep: () => undefined,
      unitValues: () => undefined,
      measure(outcomes) {
        const { count, evaluate } = weighted(outcomes);
        const isPlain = clustersOf(outcomes, units) === undefined;
        const closed = isPlain ? definition.closed?.(columnsOf(outcomes), chosen) : undefined;
        return { value: evaluate(), ...(closed ?? bootstrapped), count };
      },
    };
  }
  const { share } = definition;
  const unitValues = (outcomes: Partial<OutcomeTable>): UnitValues => {
    const values = definition.values(columnsOf(outcomes), chosen);
    const count = fitting(values.length);
    return { values, share, transform: (mean, n = count) => definition.transform?.(mean, n, chosen) ?? mean };
  };
  const sampled = (outcomes: Partial<OutcomeTable>, values: UnitNumbers): SampledMean | undefined => {
    const parts = definition.parts?.(columnsOf(outcomes), chosen) ?? {};
    return sampledOf(values, { id, units, outcomes, parts });
  };
  const wilson = share || (units === 'sequences' && unit === 'probability');
  return {
    ...about,
    parameters,
    interval:
      units === 'sequences'
        ? wilson
          ? 'Wilson at the effective sample size'
          : 'normal, images as clusters'
        : (definition.interval ?? (share ? 'Wilson' : 'normal')),
    wilson,
    refuses,
    unitValues,
    drawn(outcomes) {
      const { values, transform } = unitValues(outcomes);
      const shared = sampled(outcomes, values);
      if (shared === undefined) return { kind: 'units', values, share, transform };
      const within = (value: number) => Math.min(limits[1], Math.max(limits[0], value));
      return {
        kind: 'terms',
        count: values.length,
        mean: meanOfUnits(values).mean,
        terms: shared.terms,
        // Terms are linear, while the mean may be bounded by 0 and 1.
        transform: (mean) => within(transform(share ? Math.min(1, Math.max(0, mean)) : mean)),
      };
    },
    sweep(outcomes, over) {
      const columns = columnsOf(outcomes);
      const means = definition.means?.(columns, chosen, over);
      if (means === undefined || definition.transform === undefined) return means;
      const count = definition.values(columns, chosen).length;
      return means.map((mean, i) => {
        const at = { ...(chosen as object), [over.key]: over.values[i] } as z.output<Parameters>;
        return definition.transform!(mean, count, at);
      });
    },
    weighted(outcomes) {
      const { values, transform } = unitValues(outcomes);
      return { count: values.length, evaluate: (weights) => transform(weightedMean(values, weights)) };
    },
    measure(outcomes) {
      const { values, transform } = unitValues(outcomes);
      const count = values.length;
      const mean = meanOfUnits(values);
      const value = transform(mean.mean);
      const slope = definition.slope?.(mean.mean, chosen) ?? 1;
      const limit = (end: number) => definition.limit?.(end, chosen) ?? transform(end);
      const shared = sampled(outcomes, values);
      const within = (end: number) => (unit === 'probability' ? Math.min(1, Math.max(0, end)) : end);
      // A share has the binomial's standard error, with n and not n - 1 in the denominator.
      const standardError =
        shared?.standardError ?? (share ? Math.sqrt((mean.mean * (1 - mean.mean)) / count) : mean.standardError);
      const ends =
        shared !== undefined && wilson
          ? wilsonOfMean(shared)
          : share
            ? wilsonInterval(Math.round(mean.mean * count), count)
            : meanInterval({ ...mean, standardError });
      return {
        value,
        standardError: slope * standardError,
        // With fewer than k images right a subset accuracy is 0, but its lower limit would not be.
        lower: Math.min(within(limit(ends.lower)), value),
        upper: Math.max(within(limit(ends.upper)), value),
        resolution: share ? smallest(count, transform) : null,
        count,
      };
    },
  };
}

/** For metrics whose errors only a bootstrap can give. */
const bootstrapped: Closed = { standardError: NaN, lower: NaN, upper: NaN, resolution: null };

function sequencesOf({ sequence }: Partial<OutcomeTable>): { readonly count: number; readonly of: Int32Array } {
  if (sequence === undefined) throw new Error('sequences need the column sequence');
  const starts = sequenceStarts(sequence);
  const of = new Int32Array(sequence.length);
  for (let i = 0; i + 1 < starts.length; i++) of.fill(i, starts[i], starts[i + 1]);
  return { count: starts.length - 1, of };
}

/** A metric under weights of rows, as one under weights of what the rows belong to. */
function weightedBy({ evaluate, orders }: Weighted, { count, of }: { count: number; of: Int32Array }): Weighted {
  return {
    count,
    evaluate: (weights) => evaluate(weights && Float64Array.from(of, (place) => weights[place]!)),
    ...(orders === undefined
      ? {}
      : { orders: orders.map(({ unitOf, negative }) => ({ unitOf: unitOf.map((row) => of[row]!), negative })) }),
  };
}

interface SampledRequest {
  readonly id: string;
  readonly units: Unit;
  readonly outcomes: Partial<OutcomeTable>;
  readonly parts: Parts;
}

/** Undefined if each unit is drawn separately. Throws UsageError unless there is one value for each unit. */
function sampledOf(values: UnitNumbers, { id, units, outcomes, parts }: SampledRequest): SampledMean | undefined {
  const clusters = clustersOf(outcomes, units);
  if (clusters === undefined) return undefined;
  const { perUnit = 1, rows, first, allOf } = parts;
  const starts =
    units === 'sequences'
      ? sequenceStarts(outcomes.sequence!)
      : Int32Array.from({ length: Math.floor(clusters.of.length / perUnit) + 1 }, (_, i) => i * perUnit);
  const expected = starts.length - 1;
  if (values.length !== expected)
    throw new UsageError(
      `returned ${counted(values.length, 'number')} for ${expected} test ${units}`,
      id,
      'return one for each',
    );
  // For a metric of images, a row's number is its value.
  const known = rows ?? (units === 'images' && perUnit === 1 ? values : undefined);
  return sampledMean({
    values: Float64Array.from(values),
    starts,
    clusterOf: clusters.of,
    clusters: clusters.count,
    rows: known,
    first,
    allOf,
  });
}

/** Every metric based on a column asks for its mean. */
const known = new WeakMap<UnitNumbers, Mean>();

/** The mean over the units with its error, computed once per column. */
export function meanOfUnits(values: UnitNumbers): Mean {
  const found = known.get(values);
  if (found !== undefined) return found;
  const mean = meanOf(values);
  known.set(values, mean);
  return mean;
}

function weightedMean(values: UnitNumbers, weights: ArrayLike<number> | undefined): number {
  if (weights === undefined) return meanOfUnits(values).mean;
  let sum = 0;
  let total = 0;
  for (let i = 0; i < values.length; i++) {
    sum += weights[i]! * values[i]!;
    total += weights[i]!;
  }
  return sum / total;
}

/** The smallest value above 0 that a share of `count` units can give. */
function smallest(count: number, transform: (mean: number) => number): number | null {
  let [low, high] = [1, count];
  if (!(transform(1) > 0)) return null;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (transform(middle / count) > 0) high = middle;
    else low = middle + 1;
  }
  return transform(low / count);
}
