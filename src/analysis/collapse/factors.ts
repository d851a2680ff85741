/**
 * Whether a factor adds anything to an ability once the loss is known. The ability is modelled as a smooth function of
 * the logarithm of the loss, of unknown shape, plus a slope on the factor (partially-linear.ts): on its logarithm, and
 * on the square of that for abilities that are largest or smallest in the middle. The statistic is the larger of the
 * two standardized scores, its null is drawn by random signs of whole trained models, and step-down minP adjusts the
 * p-values over factors.
 *
 * Only members that differ in the factor at about the same loss are informative. If the loss alone determines a
 * member's value, the factor cannot be distinguished from the loss, whatever the ability does.
 */
import { mean } from '../../statistics/mean.js';
import { naturalSpline, knotsOf } from '../../statistics/natural-spline.js';
import { slopesOf } from '../../statistics/partially-linear.js';
import { dot, orthonormal, residualOf } from '../../statistics/projection.js';
import type { Interval } from '../../statistics/intervals.js';
import { stepDown } from '../../statistics/multiplicity.js';
import type { Sfc32 } from '../../statistics/sfc32.js';

/** A member, or a member at a moment of its training. */
export interface CollapsePoint {
  /** Values of the factors, in their order. */
  readonly values: readonly number[];
  readonly seed: number;
  /** Above 0. */
  readonly loss: number;
  readonly ability: number;
}

export interface FactorTest {
  readonly factor: string;
  /** Share of the factor's variance that remains among members of equal loss, 0 to 1. */
  readonly overlap: number;
  /** Why the test cannot be made; undefined if it was made. */
  readonly untold: string | undefined;
  /** Ability at the largest value minus that at the smallest, at equal loss, 95 %. */
  readonly shift: { readonly value: number; readonly interval: Interval };
  /** The least such shift, in either direction, that a run like this would show in 4 of 5 cases. */
  readonly detectable: number;
  /** Whether the middle differs from both ends more than the ends differ from each other. */
  readonly isBent: boolean;
  readonly p: number;
  /** Adjusted over all tested factors. */
  readonly adjusted: number;
}

/** Least share of a factor's variance at equal loss: below it, misfits cause more false alarms (docs/collapse.md). */
const leastOverlap = 0.1;

/** Fewest trained models with which the test keeps its level. */
const fewestTrainings = 8;

export interface FactorsOptions {
  readonly draws: number;
  readonly random: Sfc32;
}

export function testFactors(
  points: readonly CollapsePoint[],
  factors: readonly string[],
  { draws, random }: FactorsOptions,
): FactorTest[] {
  const basis = basisOf(points);
  const clusters = trainingsAmong(points, factors);
  const trainings = new Set(clusters).size;
  const y = Float64Array.from(points, ({ ability }) => ability);
  const designs = factors.map((_, k) =>
    designOf(
      points.map(({ values }) => values[k]!),
      basis,
    ),
  );
  const terms = designs.flatMap(({ trend, bend }) => [trend, bend]);
  const slopes = slopesOf({ y, basis, terms, clusters, draws, random });
  const found = designs.map(({ range, overlap }, k) => {
    const [trend, bend] = [slopes[2 * k]!, slopes[2 * k + 1]!];
    const both = (a: number, b: number) => (Number.isNaN(b) ? a : Math.max(a, b));
    return {
      overlap,
      untold: untoldBy(overlap, trainings),
      shift: {
        value: range * trend.value,
        interval: { lower: range * trend.interval.lower, upper: range * trend.interval.upper },
      },
      detectable: (range * (trend.interval.upper - trend.interval.lower)) / 2 + range * z80 * trend.standardError,
      isBent: bend.statistic > trend.statistic,
      observed: both(trend.statistic, bend.statistic),
      null: trend.null.map((value, b) => both(value, bend.null[b]!)),
    };
  });
  const adjusted = stepDown(
    found.map(({ untold, observed, null: drawn }) => ({
      observed: untold === undefined ? observed : NaN,
      null: drawn,
    })),
  );
  return found.map(({ overlap, untold, shift, detectable, isBent }, k) => {
    return { factor: factors[k]!, overlap, untold, shift, detectable, isBent, ...adjusted[k]! };
  });
}

function untoldBy(overlap: number, trainings: number): string | undefined {
  if (trainings < fewestTrainings)
    return `the test needs ${fewestTrainings} trained models, but there ${trainings === 1 ? 'is' : 'are'} ${trainings}`;
  return overlap < leastOverlap ? 'members of equal loss hardly differ in it' : undefined;
}

/** Normal score of 80 %. */
const z80 = 0.8416;

/** Columns that span smooth functions of ln loss: one per four members, 3 to 20. */
export function basisOf(points: readonly Pick<CollapsePoint, 'loss'>[]): Float64Array[] {
  const x = points.map(({ loss }) => Math.log(loss));
  const count = Math.min(20, Math.max(3, Math.round(points.length / 4)));
  return orthonormal(naturalSpline(x, knotsOf(x, count)));
}

interface Design {
  readonly trend: Float64Array;
  /** The part of its square that the basis and the trend do not explain; none for two values. */
  readonly bend: Float64Array;
  /** Change along the trend, from the smallest value to the largest. */
  readonly range: number;
  readonly overlap: number;
}

function designOf(values: readonly number[], basis: readonly Float64Array[]): Design {
  const places = placesOf(values);
  const middle = mean(places);
  const trend = places.map((value) => value - middle);
  const rest = residualOf(basis, trend);
  const whole = dot(trend, trend) / (trend.length - 1);
  const square = trend.map((value) => value ** 2);
  const within = orthonormal([...basis, trend]);
  const isTwo = new Set(values).size < 3;
  return {
    trend,
    bend: isTwo ? new Float64Array(values.length) : residualOf(within, square),
    range: Math.max(...places) - Math.min(...places),
    overlap: Math.min(1, dot(rest, rest) / Math.max(1, trend.length - basis.length) / whole),
  };
}

/** Logarithms; for a factor that can be 0, the ranks of its values. */
function placesOf(values: readonly number[]): Float64Array {
  if (values.every((value) => value > 0)) return Float64Array.from(values, Math.log);
  const ascending = [...new Set(values)].sort((a, b) => a - b);
  return Float64Array.from(values, (value) => ascending.indexOf(value));
}

/**
 * Members that differ only in their steps are moments of one trained model, or nearly so, because their first steps are
 * the same.
 */
export function trainingsAmong(
  points: readonly Pick<CollapsePoint, 'values' | 'seed'>[],
  factors: readonly string[],
): number[] {
  const known = new Map<string, number>();
  return points.map(({ values, seed }) => {
    const key = [...values.filter((_, k) => !momentFactors.includes(factors[k]!)), seed].join(' ');
    const number = known.get(key) ?? known.size;
    known.set(key, number);
    return number;
  });
}

const momentFactors: readonly string[] = ['steps', 'epochs'];
