/** A curve's data in the form that fits take, and what a model's bounds and starts need to know about them. */
import { FitError } from '../statistics/least-squares.js';
import { counted } from '../terminal/format.js';

export interface CurveData {
  /** Above 0, in any order; several points may share one. */
  readonly scales: readonly number[];
  readonly values: readonly number[];
  /** Standard errors of the values; see `errors`. */
  readonly standardErrors?: readonly number[] | undefined;
  /** As in `LeastSquaresProblem`: correct up to a factor (default), or known. */
  readonly errors?: 'known' | 'relative' | undefined;
  /** The limits of the metric, such as 0 and 1; infinite ones count as none. */
  readonly limits?: { readonly lower: number; readonly upper: number } | undefined;
}

/** What bounds and starts need to know about the data. */
export interface DataRange {
  readonly scales: readonly number[];
  /** Logarithm of each point's scale. */
  readonly x: readonly number[];
  readonly y: readonly number[];
  /** 1 / standard error. */
  readonly weights: readonly number[];
  readonly first: number;
  readonly last: number;
  /** last - first, above 0. */
  readonly span: number;
  /** Distance between the two closest different scales. */
  readonly gap: number;
  /** Bounds of a level. */
  readonly lower: number;
  readonly upper: number;
}

/** Of a model, what its data are compared with. */
interface Described {
  readonly name: string;
  readonly parameters: readonly string[];
}

/**
 * @throws FitError for a scale that is not above 0, a value that is not finite, or fewer different scales than the model has
 * parameters
 */
export function dataRangeOf(
  { scales, values, standardErrors, limits }: CurveData,
  { name, parameters }: Described,
): DataRange {
  if (scales.length !== values.length) throw new RangeError('scales and values differ in length');
  const needed = parameters.length;
  const bad = scales.findIndex((scale) => !(scale > 0 && scale < Infinity));
  if (bad >= 0)
    throw new FitError('not-finite', `scale of point ${bad + 1} is ${scales[bad]}; must be above 0 and finite`);
  const worst = values.findIndex((value) => !Number.isFinite(value));
  if (worst >= 0) throw new FitError('not-finite', `value of point ${worst + 1} is ${values[worst]}`);
  const uncertain = standardErrors?.findIndex((error) => !(error > 0 && error < Infinity)) ?? -1;
  if (uncertain >= 0) {
    const message = `standard error of point ${uncertain + 1} is ${standardErrors![uncertain]}; must be above 0 and finite`;
    throw new FitError('not-finite', message);
  }
  const different = [...new Set(scales)].sort((a, b) => a - b).map(Math.log);
  if (different.length < needed) {
    throw new FitError(
      'too-few-points',
      `${counted(different.length, 'different scale')} ${different.length === 1 ? 'is' : 'are'} too few for ${name}, which has ${counted(needed, 'parameter')}`,
    );
  }
  const [first, last] = [different[0]!, different.at(-1)!];
  const gaps = different.slice(1).map((x, i) => x - different[i]!);
  return {
    ...{ scales, x: scales.map(Math.log), y: values, weights: values.map((_, i) => 1 / (standardErrors?.[i] ?? 1)) },
    ...{ first, last, span: last - first || 1, gap: Math.min(1e3, ...gaps) },
    ...levelLimits(values, limits),
  };
}

/** How far a level may lie: up to the limits of the metric, and where it has none, ten ranges of the values beyond them. */
export function levelLimits(
  values: readonly number[],
  { lower, upper } = unlimited,
): Pick<DataRange, 'lower' | 'upper'> {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  // A constant curve needs room for levels too.
  const range = high - low || Math.abs(high) || 1;
  return {
    lower: Math.min(low, Number.isFinite(lower) ? lower : low - 10 * range),
    upper: Math.max(high, Number.isFinite(upper) ? upper : high + 10 * range),
  };
}

const unlimited = { lower: -Infinity, upper: Infinity };
