/** Fits of the mixture as they are handed on: latent classes of examples, and what each model is worth. */
import { aicc } from '../../statistics/least-squares.js';
import { logistic } from '../../statistics/logistic.js';
import { mean } from '../../statistics/mean.js';
import type { Data } from './rows.js';

/** Examples with one sigmoid: probability floor + (1 - floor) / (1 + exp(-slope (log parameters - threshold))). */
export interface LatentClass {
  /** Share of the examples. */
  readonly weight: number;
  /** Of being solved by luck. */
  readonly floor: number;
  /** Natural logarithm of the parameters at which half of the members know it. May lie outside the scales. */
  readonly threshold: number;
  /** Per unit of log parameters. Negative where the class is solved less with scale. */
  readonly slope: number;
  /** Logit of its being known at the smallest scale: what is left to tell where the slope is next to nothing. */
  readonly logit: number;
  /** Probability of being solved at each scale. */
  readonly solved: readonly number[];
}

/** Probability of being solved at so much above the smallest scale's log parameters. */
export function probabilityAt({ logit, slope, floor }: LatentClass, above: number): number {
  return floor + (1 - floor) * logistic(logit + slope * above);
}

/** Powers of ten over which the sigmoid goes from 10 to 90 % of its height. */
export function passageDecades({ slope }: LatentClass): number {
  return (2 * Math.log(9)) / (Math.abs(slope) * Math.LN10);
}

export interface ThresholdFit {
  readonly kind: 'one' | 'classes' | 'continuum' | 'curve';
  /** Classes have slopes of their own. */
  readonly ownSlopes: boolean;
  /** Under its sigmoids: 0, or the chance of a guess. */
  readonly floor: number;
  /** By threshold where the slope is common, else by mean probability, easiest first. Of `continuum` the nodes of its normal. */
  readonly classes: readonly LatentClass[];
  /** Of thresholds, of `continuum` alone: natural logarithm of parameters. */
  readonly spread: { readonly mean: number; readonly standardDeviation: number } | undefined;
  /** Nats; of the single trials (without binomial coefficients, which no model changes). */
  readonly logLikelihood: number;
  /** That were fitted. */
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
    // Weights add up to 1 but for rounding.
    curve: table.trials.map((_, s) =>
      Math.min(
        1,
        classes.reduce((sum, each) => sum + each.weight * each.solved[s]!, 0),
      ),
    ),
  };
}
