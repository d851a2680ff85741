/** The scales of a family, and curves as lists of values at them. Pure, so that a page computes the same. */
import type { Metric } from '../metrics/metric.js';

/** The quantity on a curve's horizontal axis. */
export type ScaleName = 'width' | 'parameters' | 'flops';

/** A point of a family's curve before any metric: the members of one width. */
export interface Scale {
  readonly width: number;
  readonly parameters: number;
  readonly trainingFlops: number;
  /** Their indices in the list of members. */
  readonly members: readonly number[];
}

/** The members of each width, in order of width. */
export function scalesOf(members: readonly { readonly record: Omit<Scale, 'members'> }[]): Scale[] {
  const placesOf = new Map<number, number[]>();
  for (const [place, { record }] of members.entries()) {
    const places = placesOf.get(record.width);
    if (places === undefined) placesOf.set(record.width, [place]);
    else places.push(place);
  }
  return [...placesOf]
    .sort(([a], [b]) => a - b)
    .map(([width, places]) => {
      const { parameters, trainingFlops } = members[places[0]!]!.record;
      return { width, parameters, trainingFlops, members: places };
    });
}

/** A scale's number on an axis. */
export function positionOf({ width, parameters, trainingFlops }: Omit<Scale, 'members'>, axis: ScaleName): number {
  return axis === 'width' ? width : axis === 'flops' ? trainingFlops : parameters;
}

export function meansOf(memberValues: Float64Array, scales: readonly Scale[]): Float64Array {
  const means = new Float64Array(scales.length);
  for (const [i, { members }] of scales.entries()) {
    let sum = 0;
    for (const member of members) sum += memberValues[member]!;
    means[i] = sum / members.length;
  }
  return means;
}

/** max - min. */
export function rangeOf(values: Iterable<number>): number {
  const all = [...values];
  return Math.max(...all) - Math.min(...all);
}

/** The curve with higher values for better ones. */
export function orient({ better }: Pick<Metric, 'better'>, values: Float64Array): Float64Array {
  return better === 'higher' ? values : values.map((value) => -value);
}

/** Whether a logarithmic axis can show all values: if a factor such as dropout is 0 for some members, its axis is linear. */
export function haveLogarithms(values: readonly number[]): boolean {
  return values.every((value) => value > 0);
}

/**
 * Whether a logarithmic axis suits the values. It doesn't if one gap between neighbours takes more than half of it and no gap would
 * take half of a linear one, as with moments every 500 steps of which the first is step 1.
 */
export function suitLogarithms(values: readonly number[]): boolean {
  if (!haveLogarithms(values)) return false;
  const sorted = [...new Set(values)].sort((a, b) => a - b);
  const widest = (at: (value: number) => number) => {
    const [least, most] = [at(Number(sorted[0])), at(Number(sorted.at(-1)))];
    return Math.max(...sorted.slice(1).map((value, i) => at(value) - at(Number(sorted[i])))) / (most - least);
  };
  return sorted.length < 4 || widest(Math.log) <= 0.5 || widest(Number) >= 0.5;
}
