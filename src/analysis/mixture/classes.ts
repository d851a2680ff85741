/** Results of fitting the mixture: latent classes of examples, and how good each model is. */
import { aicc } from '../../statistics/least-squares.js';
import { logistic } from '../../statistics/logistic.js';
import { mean } from '../../statistics/mean.js';
import type { Data } from './rows.js';

/** Examples with one sigmoid: probability floor + (1 - floor) / (1 + exp(-slope (log parameters - threshold))). */
export interface LatentClass {
  /** Share of the examples. */
  readonly weight: number;
  /** Probability of being solved by luck. */
  readonly floor: number;
  /** Natural logarithm of the parameters at which half of the members know it. May lie outside the scales. */
  readonly threshold: number;
  /** Per unit of log parameters. Negative where the class is solved less with scale. */
  readonly slope: number;
  /** Logit of its being known at the smallest scale: what remains identifiable if the slope is close to zero. */
  readonly logit: number;
  /** Probability of being solved at each scale. */
  readonly solved: readonly number[];
}

/** Probability of being solved at a given distance above the smallest scale's log parameters. */
export function probabilityAt({ logit, slope, floor }: LatentClass, above: number): number {
  return floor + (1 - floor) * logistic(logit + slope * above);
}

/** Powers of ten over which the sigmoid goes from 10 to 90 % of its height. */
export function passageDecades({ slope }: LatentClass): number {
  return (2 * Math.log(9)) / (Math.abs(slope) * Math.LN10);
}

export interface ThresholdFit {
  readonly kind: 'one' | 'classes' | 'continuum' | 'curve';
  /** Classes have separate slopes. */
  readonly ownSlopes: boolean;
  /** Floor of the sigmoids: 0, or the probability of a lucky guess. */
  readonly floor: number;
  /**
   * By threshold if the slope is common, otherwise by mean probability, easiest first. For `continuum`, the nodes of its normal
   * distribution.
   */
  readonly classes: readonly LatentClass[];
  /** Of the thresholds, for `continuum` only: natural logarithm of parameters. */
  readonly spread: { readonly mean: number; readonly standardDeviation: number } | undefined;
  /** In nats; of the single trials (without binomial coefficients, which are the same for all models). */
  readonly logLikelihood: number;
  /** Number of fitted parameters. */
  readonly parameters: number;
  /** Akaike's criterion with Hurvich and Tsai's correction (1989), examples as the sample. */
  readonly aicc: number;
  /** Schwarz's criterion (1978), examples as the sample. */
  readonly bic: number;
  /** Share solved at each scale, over all classes. */
  readonly curve: readonly number[];
  /** The last three steps of EM gained less than 1e-4 nats. */
  readonly converged: boolean;
}

interface Sigmoid {
  readonly weight: number;
  readonly ease: number;
  readonly slope: number;
}

export function latentClass(
  { table: { logParameters }, place, floor }: Data,
  { weight, ease, slope }: Sigmoid,
): LatentClass {
  const [first, range] = [logParameters[0]!, logParameters.at(-1)! - logParameters[0]!];
  return {
    ...{ weight, floor },
    threshold: first - (range * ease) / slope,
    slope: slope / range,
    logit: ease,
    solved: Array.from(place, (t) => floor + (1 - floor) * logistic(ease + slope * t)),
  };
}

type Fitted = Pick<ThresholdFit, 'kind' | 'ownSlopes' | 'classes' | 'logLikelihood' | 'parameters' | 'converged'>;

export function describe(
  { examples: n, table, floor }: Data,
  fitted: Fitted,
  spread?: ThresholdFit['spread'],
): ThresholdFit {
  const { classes, logLikelihood, parameters: p } = fitted;
  return {
    ...fitted,
    floor: fitted.kind === 'curve' ? 0 : floor,
    classes: classes.toSorted((a, b) => mean(b.solved) - mean(a.solved)),
    spread,
    aicc: aicc(-2 * logLikelihood, p, n),
    bic: -2 * logLikelihood + p * Math.log(n),
    // Weights add up to 1 except for rounding.
    curve: table.trials.map((_, s) =>
      Math.min(
        1,
        classes.reduce((sum, each) => sum + each.weight * each.solved[s]!, 0),
      ),
    ),
  };
}
