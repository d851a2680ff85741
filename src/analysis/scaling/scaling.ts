/**
 * A run's scaling law: members as cells, the law with intervals, its residuals, and what it predicts for larger members
 * and for compute.
 */
import type { Interval } from '../../statistics/intervals.js';
import { mean } from '../../statistics/mean.js';
import type { OnStep } from '../../terminal/steps.js';
import {
  amplitudeOf,
  curveAt,
  exponentOf,
  fitLaw,
  floorOf,
  predictedAt,
  type FittedLaw,
  type Known,
  type Scatter,
} from './fit.js';
import { frontierOf, type Frontier } from './frontier.js';
import { lawBounds, lawData, lawOf, lossAt, solve, type LossCell, type Law } from './law.js';

export interface ScalingMember {
  readonly coordinates: Readonly<Record<string, number>>;
  /** The loss, above 0. */
  readonly value: number;
}

export interface ScalingRequest {
  readonly members: readonly ScalingMember[];
  /** One or two coordinates; every member has them. */
  readonly factors: readonly string[];
  /**
   * Losses under bootstrap draws of the test set, `[draws]` of `[members]`; without them, intervals are over seeds
   * alone.
   */
  readonly draws?: readonly ArrayLike<number>[];
  readonly onStep?: OnStep;
}

export interface ScalingCell {
  readonly coordinates: readonly number[];
  /** Training FLOPs; NaN if unknown. */
  readonly flops: number;
  readonly values: readonly number[];
  readonly mean: number;
  readonly fitted: number;
  /** mean / fitted - 1. */
  readonly residual: number;
}

/** The largest members, predicted from the others. */
export interface HeldOut {
  /** Number of scales that the law was fitted to. */
  readonly known: number;
  readonly law: Law;
  readonly predicted: readonly (Known & {
    readonly coordinates: readonly number[];
    readonly truth: number;
    /** value / truth - 1. */
    readonly offBy: number;
    readonly isInside: boolean;
  })[];
}

export interface ScalingLaw {
  readonly factors: readonly string[];
  readonly law: Law;
  readonly floor: Known;
  readonly amplitudes: readonly Known[];
  readonly exponents: readonly Known[];
  readonly scatter: Scatter;
  /** In order of their coordinates. */
  readonly cells: readonly ScalingCell[];
  /** The law over its one factor, to as far again beyond the largest member; empty for two factors. */
  readonly curve: readonly { readonly at: number; readonly value: number; readonly interval: Interval }[];
  /** Undefined if too few scales would be left to fit. */
  readonly heldOut: HeldOut | undefined;
  /** Frontier of parameters and examples; undefined for one factor. */
  readonly frontier: Frontier | undefined;
}

interface PlacedCell extends LossCell {
  readonly flops: number;
  /** Indices of the members. */
  readonly members: readonly number[];
}

/** Members that differ only in their seed, in order of their coordinates. */
export function lossCells(members: readonly ScalingMember[], factors: readonly string[]): PlacedCell[] {
  const found = new Map<string, { readonly coordinates: number[]; readonly members: number[] }>();
  members.forEach((member, i) => {
    const coordinates = factors.map((factor) => member.coordinates[factor]!);
    const key = coordinates.join(' ');
    const cell = found.get(key) ?? { coordinates, members: [] };
    cell.members.push(i);
    found.set(key, cell);
  });
  return [...found.values()]
    .sort((a, b) => a.coordinates[0]! - b.coordinates[0]! || (a.coordinates[1] ?? 0) - (b.coordinates[1] ?? 0))
    .map(({ coordinates, members: places }) => ({
      coordinates,
      members: places,
      values: places.map((i) => members[i]!.value),
      flops: mean(places.map((i) => members[i]!.coordinates['flops'] ?? NaN)),
    }));
}

/** Why the cells do not determine the law's parameters, phrased to follow a run's name; undefined if they do. */
export function untold(
  cells: readonly Pick<LossCell, 'coordinates'>[],
  factors: readonly string[],
): string | undefined {
  const levels = factors.map((_, k) => new Set(cells.map(({ coordinates }) => coordinates[k]!)).size);
  const few = levels.findIndex((count) => count < 3);
  if (few >= 0)
    return `has ${levels[few] === 1 ? 'one value' : 'two values'} of ${factors[few]}, but a scaling law over it needs three`;
  if (factors.length === 1) return undefined;
  // Along a single line, N and D cannot be distinguished, nor can they on a corner of a grid.
  if (cells.length < 6 || cells.length <= Math.max(...levels))
    return `has ${cells.length} combinations of ${factors.join(' and ')}, too few to tell the two apart`;
  return undefined;
}

/** The first factor with which the loss does not fall; undefined if it falls with all. */
export function notFalling(members: readonly ScalingMember[], factors: readonly string[]): string | undefined {
  const data = lawData(lossCells(members, factors));
  const { terms } = lawOf(solve(data, lawBounds(data)), data);
  return factors.find((_, k) => terms[k]!.amplitude === 0);
}

/** For data that pass `untold` and `notFalling`. */
export function scalingLaw({ members, factors, draws = [], onStep }: ScalingRequest): ScalingLaw {
  const cells = lossCells(members, factors);
  const fit = fitLaw(
    cells,
    draws.map((drawn) => cells.map((cell) => ({ ...cell, values: cell.members.map((i) => drawn[i]!) }))),
    onStep,
  );
  const ofEach = <T>(of: (fit: FittedLaw, k: number) => T) => factors.map((_, k) => of(fit, k));
  return {
    ...{ factors, law: fit.law, scatter: fit.scatter },
    floor: floorOf(fit),
    amplitudes: ofEach(amplitudeOf),
    exponents: ofEach(exponentOf),
    cells: cells.map(({ coordinates, flops, values }) => {
      const [centre, fitted] = [mean(values), lossAt(fit.law, coordinates)];
      return { coordinates, flops, values, mean: centre, fitted, residual: centre / fitted - 1 };
    }),
    curve: factors.length === 1 ? curveOf(fit) : [],
    heldOut: heldOut(cells, factors),
    frontier:
      factors.length === 2
        ? frontierOf(
            fit,
            cells.map(({ flops }) => flops),
          )
        : undefined,
  };
}

const curvePoints = 25;

function curveOf(fit: FittedLaw): ScalingLaw['curve'] {
  const all = fit.cells.map(({ coordinates }) => coordinates[0]!);
  const [first, last] = [Math.min(...all), 2 * Math.max(...all)];
  return Array.from({ length: curvePoints }, (_, i) => {
    const at = first * (last / first) ** (i / (curvePoints - 1));
    return { at, ...curveAt(fit, [at]) };
  });
}

/** One scale in this many is held out. */
const heldOutOf = 4;

/** The largest quarter, by FLOPs if known, otherwise by the product of the coordinates. All have the same test set. */
function heldOut(cells: readonly PlacedCell[], factors: readonly string[]): HeldOut | undefined {
  const isKnown = factors.length > 1 && cells.every(({ flops }) => flops > 0);
  const sizeOf = ({ flops, coordinates }: PlacedCell) => (isKnown ? flops : coordinates.reduce((a, b) => a * b));
  const bySize = [...cells].sort((a, b) => sizeOf(a) - sizeOf(b));
  const known = bySize.slice(0, cells.length - Math.max(1, Math.floor(cells.length / heldOutOf)));
  // With as many scales as parameters any law fits, and nothing would show whether it holds.
  if (untold(known, factors) !== undefined || known.length <= 1 + 2 * factors.length) return undefined;
  const fit = fitLaw(known);
  if (fit.scatter.degreesOfFreedom === 0 || fit.law.terms.some(({ amplitude }) => amplitude === 0)) return undefined;
  return {
    known: known.length,
    law: fit.law,
    predicted: bySize.slice(known.length).map(({ coordinates, values }) => {
      const truth = mean(values);
      const { value, interval } = predictedAt(fit, coordinates, values.length);
      const isInside = truth >= interval.lower && truth <= interval.upper;
      return { coordinates, value, interval, truth, offBy: value / truth - 1, isInside };
    }),
  };
}
