/**
 * A metric against scale: each member's value with its uncertainty, and at each scale the mean over seeds with its
 * spread.
 */
import { group } from 'd3-array';
import type { OutcomeTable } from '../runs/outcomes.js';
import type { MemberRecord } from '../runs/record.js';
import { meanOf, type Interval } from '../statistics/intervals.js';
import { overSeeds } from '../statistics/seeds.js';
import type { Measurement, Metric } from './metric.js';

export interface MemberOutcomes {
  readonly record: Pick<MemberRecord, 'id' | 'width' | 'seed' | 'parameters' | 'trainingFlops'> & {
    /** The trained model that this is a moment of; omitted if the member was trained separately. */
    readonly training?: string | undefined;
  };
  readonly outcomes: Partial<OutcomeTable>;
}

/** A member under a metric. The interval is over the sampling of the test examples. */
export interface MemberValue extends Measurement {
  readonly id: string;
  readonly width: number;
  readonly seed: number;
  readonly parameters: number;
  readonly trainingFlops: number;
}

/** All seeds of a width. */
export interface WidthPoint {
  readonly width: number;
  readonly parameters: number;
  readonly trainingFlops: number;
  readonly seeds: number;
  readonly mean: number;
  /** Of the values over seeds; NaN for one seed. */
  readonly standardDeviation: number;
  /** 95 % of the mean over seeds, see `overSeeds`; undefined for one seed. */
  readonly interval: Interval | undefined;
}

export interface Curve {
  readonly metric: Metric;
  /** In order of width, then seed. */
  readonly members: readonly MemberValue[];
  /** In order of width. */
  readonly points: readonly WidthPoint[];
}

function memberValues(metric: Metric, members: readonly MemberOutcomes[]): MemberValue[] {
  return members
    .map(({ record: { id, width, seed, parameters, trainingFlops }, outcomes }) => {
      return { id, width, seed, parameters, trainingFlops, ...metric.measure(outcomes) };
    })
    .sort((a, b) => a.width - b.width || a.seed - b.seed);
}

export function curve(metric: Metric, members: readonly MemberOutcomes[]): Curve {
  const values = memberValues(metric, members);
  return {
    metric,
    members: values,
    points: [...group(values, ({ width }) => width).values()].map((seeds) => pointOf(metric, seeds)),
  };
}

function pointOf(metric: Metric, seeds: readonly MemberValue[]): WidthPoint {
  const { width, parameters, trainingFlops } = seeds[0]!;
  const values = seeds.map(({ value }) => value);
  const { mean, standardDeviation } = meanOf(values);
  return {
    ...{ width, parameters, trainingFlops, seeds: seeds.length, mean, standardDeviation },
    interval: seeds.length < 2 ? undefined : overSeeds(values, metric.limits, (place) => seeds[place]!),
  };
}
