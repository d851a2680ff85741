/**
 * A metric is a function of stored outcomes. Its definition is data: the registry, the parser of `subset-accuracy:k=5`,
 * tables, captions and documentation all read the same object.
 *
 * A test set is a draw of units, images or sequences. Almost every metric is a function of the mean of one number per unit
 * (`values`, `transform`), and that is all that intervals, bootstraps and sweeps need to know. What is no such mean, as the
 * area under a curve, says how it is computed under weights of the units (`weighted`).
 */
import type * as z from 'zod';
import { hasColumns, type OutcomeName, type OutcomeTable } from '../runs/outcomes.js';
import type { Ordered } from '../statistics/kernels/kernels.js';
import { meanInterval, meanOf, wilsonInterval, type Interval } from '../statistics/intervals.js';
import { UsageError } from '../terminal/errors.js';

export type MetricKind = 'continuous' | 'thresholded';

/** What a test set is a draw of. Images of one sequence are not independent: a label that was seen helps with the next. */
export type Unit = 'images' | 'sequences';

interface About {
  readonly name: string;
  readonly kind: MetricKind;
  readonly better: 'higher' | 'lower';
  /** `probability`, `nats`, `dB`; '' for none. */
  readonly unit: string;
  readonly formula: string;
  readonly source: string;
}

/** Least and greatest value that a metric can have, infinite where there is none. */
export type Limits = readonly [number, number];

/** A metric under weights of the units, and how many units there are. */
export interface Weighted {
  readonly count: number;
  /** Weights of the units, `[count]`; every unit once where left out. */
  readonly evaluate: (weights?: ArrayLike<number>) => number;
  /** Of an area under a ROC: its items in order, for `pairsKernel`; of several orders the mean is taken. */
  readonly orders?: readonly Ordered[];
}

/** What each way of defining a metric has in common. */
interface Definition<Parameters extends z.ZodType, Needs extends OutcomeName> extends About {
  readonly parameters: Parameters;
  /** As a figure's label and a table's heading have it. */
  title(parameters: z.output<Parameters>): string;
  /** Columns of the outcomes. */
  needs: readonly Needs[] | ((parameters: z.output<Parameters>) => readonly Needs[]);
  readonly units: Unit;
  /** Left out: 0 to 1 for a probability, else none. */
  readonly limits?: Limits;
  /** Why so many units are too few for the parameters; undefined where they are enough. */
  refuses?(count: number, parameters: z.output<Parameters>): string | undefined;
}

/** `transform` of the mean over the units of one number each. */
export interface MeanDefinition<Parameters extends z.ZodType, Needs extends OutcomeName> extends Definition<
  Parameters,
  Needs
> {
  /** Whether each value is 0 or 1, so that the mean is a share of the units. */
  readonly share: boolean;
  /** `[units]` */
  values(outcomes: Pick<OutcomeTable, Needs>, parameters: z.output<Parameters>): Float64Array;
  /** Never falling in `mean`; left out: the mean itself. */
  transform?(mean: number, count: number, parameters: z.output<Parameters>): number;
  /** Slope of `transform`, for the delta method; left out: 1. */
  slope?(mean: number, parameters: z.output<Parameters>): number;
  /** `transform` of the limits of the mean's interval, where that differs. */
  limit?(limit: number, parameters: z.output<Parameters>): number;
  /** What the interval is, for captions; left out: Wilson for a share, else normal. */
  readonly interval?: string;
  /**
   * Means over the units at many values of one parameter at once, the others as in `parameters`; for sweeps, where there is a
   * faster way than one by one. Undefined for a parameter that has none.
   */
  means?(
    outcomes: Pick<OutcomeTable, Needs>,
    parameters: z.output<Parameters>,
    over: { readonly key: string; readonly values: readonly number[] },
  ): Float64Array | undefined;
}

/** Any function of weighted units. Its interval needs a bootstrap. */
export interface WeightedDefinition<Parameters extends z.ZodType, Needs extends OutcomeName> extends Definition<
  Parameters,
  Needs
> {
  weighted(outcomes: Pick<OutcomeTable, Needs>, parameters: z.output<Parameters>): Weighted;
}

export type MetricDefinition<Parameters extends z.ZodType, Needs extends OutcomeName> =
  MeanDefinition<Parameters, Needs> | WeightedDefinition<Parameters, Needs>;

/** One number per unit of the test set, and what the metric makes of their mean. */
export interface UnitValues {
  readonly values: Float64Array;
  /** Whether each is 0 or 1. */
  readonly share: boolean;
  /** The metric where the mean over so many units is `mean`; left out: over all. */
  readonly transform: (mean: number, count?: number) => number;
}

/** One member under one metric. */
export interface Measurement extends Interval {
  readonly value: number;
  /** NaN where only a bootstrap can tell; so are `lower` and `upper`, the 95 % interval over the draw of the units. */
  readonly standardError: number;
  /** Smallest value above 0 that the test set can show; null where any value can come. */
  readonly resolution: number | null;
  /** Units of the test set. */
  readonly count: number;
}

/** A metric whose parameters are chosen. */
export interface Metric extends About {
  /** `accuracy`, `subset-accuracy:k=5`: what `parseMetric` takes. */
  readonly id: string;
  readonly title: string;
  readonly needs: readonly OutcomeName[];
  readonly units: Unit;
  readonly limits: Limits;
  /** Names and values of the parameters. */
  readonly parameters: Readonly<Record<string, number | string>>;
  /** What the interval of `measure` is, for captions: `Wilson`. */
  readonly interval: string;
  /** Why so many units are too few; undefined where they are enough. */
  refuses(count: number): string | undefined;
  /**
   * The value with its interval in closed form. Throws UsageError where the test set is too small; Error where columns are
   * missing, which is no user's mistake.
   */
  measure(outcomes: Partial<OutcomeTable>): Measurement;
  /** Undefined for a metric that is no function of a mean. Throws as `measure`. */
  unitValues(outcomes: Partial<OutcomeTable>): UnitValues | undefined;
  /** Throws as `measure`. */
  weighted(outcomes: Partial<OutcomeTable>): Weighted;
  /**
   * The metric at each value of one of its parameters, `[values]`; undefined where it knows no faster way than one by one.
   * Values out of the parameter's range are the caller's mistake.
   */
  sweep(
    outcomes: Partial<OutcomeTable>,
    over: { readonly key: string; readonly values: readonly number[] },
  ): Float64Array | undefined;
}

/** A definition with the way to choose its parameters. */
export type MetricFamily<Parameters extends z.ZodType, Needs extends OutcomeName> = MetricDefinition<
  Parameters,
  Needs
> & {
  /** Throws ZodError on parameters out of range. */
  with(parameters: z.input<Parameters>): Metric;
  /** `with` for parameters that someone typed. */
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
  const { name, kind, better, unit, formula, source, units } = definition;
  const parameters = { ...(chosen as object) } as Readonly<Record<string, number | string>>;
  const shown = Object.entries(parameters).map(([key, value]) => `${key}=${String(value)}`);
  const id = [name, ...(shown.length > 0 ? [shown.join(',')] : [])].join(':');
  const needs = typeof definition.needs === 'function' ? definition.needs(chosen) : definition.needs;
  const columnsOf = (outcomes: Partial<OutcomeTable>): Pick<OutcomeTable, Needs> => {
    if (!hasColumns(outcomes, needs)) throw new Error(`${id} needs the columns ${needs.join(', ')}`);
    return outcomes;
  };
  const fitting = (count: number): number => {
    const refusal = definition.refuses?.(count, chosen);
    if (refusal !== undefined) throw new UsageError(refusal, id);
    return count;
  };
  const limits = definition.limits ?? (unit === 'probability' ? [0, 1] : [-Infinity, Infinity]);
  const title = definition.title(chosen);
  const about = { id, name, title, kind, better, unit, formula, source, needs, units, limits };
  const refuses = (count: number) => definition.refuses?.(count, chosen);
  if ('weighted' in definition) {
    const weighted = (outcomes: Partial<OutcomeTable>): Weighted => {
      const result = definition.weighted(columnsOf(outcomes), chosen);
      fitting(result.count);
      return result;
    };
    return {
      ...about,
      parameters,
      interval: 'bootstrap',
      refuses,
      weighted,
      sweep: () => undefined,
      unitValues: () => undefined,
      measure(outcomes) {
        const { count, evaluate } = weighted(outcomes);
        return { value: evaluate(), standardError: NaN, lower: NaN, upper: NaN, resolution: null, count };
      },
    };
  }
  const { share } = definition;
  const unitValues = (outcomes: Partial<OutcomeTable>): UnitValues => {
    const values = definition.values(columnsOf(outcomes), chosen);
    const count = fitting(values.length);
    return { values, share, transform: (mean, n = count) => definition.transform?.(mean, n, chosen) ?? mean };
  };
  return {
    ...about,
    parameters,
    interval: definition.interval ?? (share ? 'Wilson' : 'normal'),
    refuses,
    unitValues,
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
      const mean = meanOf(values);
      const value = transform(mean.mean);
      const slope = definition.slope?.(mean.mean, chosen) ?? 1;
      const limit = (end: number) => definition.limit?.(end, chosen) ?? transform(end);
      const ends = share ? wilsonInterval(Math.round(mean.mean * count), count) : meanInterval(mean);
      const within = (end: number) => (unit === 'probability' ? Math.min(1, Math.max(0, end)) : end);
      // Of a share the standard error is that of its binomial, n and not n - 1 below.
      const standardError = share ? Math.sqrt((mean.mean * (1 - mean.mean)) / count) : mean.standardError;
      return {
        value,
        standardError: slope * standardError,
        // With fewer than k images right a subset accuracy is 0, and its lower limit is not.
        lower: Math.min(within(limit(ends.lower)), value),
        upper: Math.max(within(limit(ends.upper)), value),
        resolution: share ? smallest(count, transform) : null,
        count,
      };
    },
  };
}

function weightedMean(values: Float64Array, weights: ArrayLike<number> | undefined): number {
  if (weights === undefined) return meanOf(values).mean;
  let sum = 0;
  let total = 0;
  for (let i = 0; i < values.length; i++) {
    sum += weights[i]! * values[i]!;
    total += weights[i]!;
  }
  return sum / total;
}

/** The least value above 0 that a share of `count` units leads to. */
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
