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
import type { OutcomeName, OutcomeTable } from '../runs/outcomes.js';
import type { Ordered } from '../statistics/kernels/kernels.js';
import type { Interval } from '../statistics/intervals.js';
import type { SharedSample, Terms } from '../statistics/shared-clusters.js';
import type { Unit } from './clusters.js';

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
  /** Default: 0 to 1 for a probability, otherwise none. */
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
 * What is known about a value in closed form: its standard error, its 95 % interval, the smallest possible value above
 * 0.
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
