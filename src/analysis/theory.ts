/**
 * The paper's model of emergence by metric (Schaeffer et al. 2023, arXiv 2304.15004, Sec. 2): a token's cross-entropy falls as a
 * power of the number of parameters, L(N) = (N / c)^a with a < 0; the true token's probability is p = exp(-L), so that all of
 * l tokens are right with p^l, and about l (1 - p) are wrong.
 */

import { FitError } from '../statistics/least-squares.js';
import { mean, squaresAbout } from '../statistics/mean.js';

export interface PowerLaw {
  /** Negative: the exponent of N. */
  readonly exponent: number;
  /** c: parameters at which the cross-entropy is 1 nat. */
  readonly scale: number;
}

export interface PowerLawFit extends PowerLaw {
  /** Root of the mean squared difference of ln L. */
  readonly rmsLog: number;
  /** Standard error of the exponent, from the points' scatter around the line; NaN for two points. */
  readonly standardError: number;
}

/** L(N), in nats. */
export function tokenLoss({ exponent, scale }: PowerLaw, parameters: number): number {
  return (parameters / scale) ** exponent;
}

/** p = exp(-L(N)). */
function tokenProbability(law: PowerLaw, parameters: number): number {
  return Math.exp(-tokenLoss(law, parameters));
}

/** p^l: all of l tokens right. */
export function allRight(law: PowerLaw, parameters: number, length: number): number {
  return tokenProbability(law, parameters) ** length;
}

/** l (1 - p): number of wrong tokens, which is the edit distance if nothing shifts. */
export function expectedEditDistance(law: PowerLaw, parameters: number, length: number): number {
  return length * (1 - tokenProbability(law, parameters));
}

/**
 * Least squares of ln L = a ln N - a ln c.
 *
 * @param points at least two numbers of parameters, losses above 0
 * @throws RangeError for a loss that is not above 0, or fewer than two different parameter counts
 * @throws FitError if the losses are so similar that c is not finite
 */
export function fitPowerLaw(points: readonly { readonly parameters: number; readonly loss: number }[]): PowerLawFit {
  if (points.some(({ loss }) => !(loss > 0))) throw new RangeError('one of the losses is not above 0');
  const x = points.map(({ parameters }) => Math.log(parameters));
  const y = points.map(({ loss }) => Math.log(loss));
  const n = points.length;
  const [mx, my] = [mean(x), mean(y)];
  const xx = squaresAbout(mx, x);
  if (xx === 0) throw new RangeError('fewer than two different parameter counts');
  const exponent = x.reduce((sum, value, i) => sum + (value - mx) * (y[i]! - my), 0) / xx;
  const scale = Math.exp(mx - my / exponent);
  if (!(scale > 0 && scale < Infinity))
    throw new FitError(
      'not-finite',
      `it hardly changes with the number of parameters, so c in (N / c)^a is undetermined`,
    );
  const squares = x.reduce((sum, value, i) => sum + (y[i]! - my - exponent * (value - mx)) ** 2, 0);
  return {
    exponent,
    scale,
    rmsLog: Math.sqrt(squares / n),
    // Two sizes leave no residual; rounding may say otherwise.
    standardError: n > 2 ? Math.sqrt(squares / (n - 2) / xx) : NaN,
  };
}
