/**
 * Is an ability a function of the loss alone (Du et al. 2024, arXiv 2403.15796)? The curve of all members over loss,
 * whether a factor adds anything to it (factors.ts), and the loss at which the ability leaves chance.
 */
import { hullInterval, percentileInterval } from '../../statistics/bootstrap.js';
import { z95, type Interval } from '../../statistics/wilson.js';
import { studentQuantile } from '../../statistics/student.js';
import { Random } from '../../statistics/random.js';
import { noiseLikeResiduals } from '../../statistics/partially-linear.js';
import { residualOf } from '../../statistics/projection.js';
import { basisOf, testFactors, trainingsAmong, type CollapsePoint, type FactorTest } from './factors.js';
import { crossingOf, pooledAt, pooledCurve } from './pooled.js';

export interface CollapseRequest {
  readonly points: readonly CollapsePoint[];
  readonly factors: readonly string[];
  /** 1 if better members have a higher ability, -1 if they have a lower one. */
  readonly sign: 1 | -1;
  /** Least and greatest possible ability. */
  readonly limits: readonly [number, number];
  /** The ability at chance level; undefined if unknown. */
  readonly chance: number | undefined;
  /** Distance from chance at which an ability counts as having left it. */
  readonly margin: number;
  /** Loss and ability of each point in draws of the test set shared by all. */
  readonly redrawn: readonly Redrawn[];
  /** Draws under the null hypothesis that a factor adds nothing. */
  readonly draws: number;
  readonly seed?: number;
}

/** `[points]` each. */
export interface Redrawn {
  readonly losses: Float64Array;
  readonly abilities: Float64Array;
}

export interface Onset {
  readonly chance: number;
  readonly margin: number;
  /** The ability that counts as having left chance. */
  readonly level: number;
  /** Infinite if even the worst member has left chance, 0 if not even the best has. */
  readonly loss: number;
  readonly interval: Interval;
}

export interface CollapseCurvePoint {
  readonly loss: number;
  readonly ability: number;
  /** 95 %, over members and test examples. */
  readonly interval: Interval;
}

export interface Collapse {
  readonly factors: readonly FactorTest[];
  /** Largest loss first. */
  readonly members: readonly (CollapsePoint & { /** Ability minus that of the curve. */ readonly residual: number })[];
  /** Number of trained models; members that differ only in their steps belong to the same one. */
  readonly trainings: number;
  readonly curve: readonly CollapseCurvePoint[];
  readonly onset: Onset | undefined;
}

export function collapseOverLoss(options: CollapseRequest): Collapse {
  const { points, factors, sign, limits, chance, margin, draws, seed = 0 } = options;
  const clusters = trainingsAmong(points, factors);
  const losses = points.map(({ loss }) => loss);
  const fitted = pooledCurve(
    losses,
    points.map(({ ability }) => ability),
    sign,
  );
  const residuals = points.map(({ loss, ability }) => ability - pooledAt(fitted, loss));
  const curves = redrawnCurves(options, fitted);
  const [least, most] = [Math.min(...losses), Math.max(...losses)];
  const level = chance === undefined ? NaN : chance + sign * margin;
  return {
    factors: testFactors(points, factors, { draws, random: Random.named(seed, 'collapse') }),
    members: points.map((point, i) => ({ ...point, residual: residuals[i]! })).sort((a, b) => b.loss - a.loss),
    trainings: new Set(clusters).size,
    curve: Array.from({ length: 61 }, (_, i) => {
      const loss = most * (least / most) ** (i / 60);
      const ability = pooledAt(fitted, loss);
      const { lower, upper } = hullInterval(
        ability,
        curves.map((each) => pooledAt(each, loss)),
      );
      const [bottom, top] = limits;
      return { loss, ability, interval: { lower: Math.max(bottom, lower), upper: Math.min(top, upper) } };
    }),
    onset:
      chance === undefined
        ? undefined
        : {
            ...{ chance, margin, level },
            loss: crossingOf(fitted, level, sign),
            interval: onsetInterval(fitted, curves, level, sign),
          },
  };
}

type PooledCurve = ReturnType<typeof pooledCurve>;

/**
 * Draws over the test set and over other seeds: the noise of whole trained models with random signs around the curve
 * (wild bootstrap, Wu 1986). The noise is what smooth functions leave unexplained (factors.ts), as isotonic regression
 * absorbs some of the noise into the curve. It contains the noise of the test set twice. A few models determine the
 * noise poorly, so it is widened by as much as Student's t is wider than a normal.
 */
function redrawnCurves(
  { points, factors, sign, redrawn, seed = 0 }: CollapseRequest,
  fitted: PooledCurve,
): PooledCurve[] {
  const random = Random.named(seed, 'collapse', 'curve');
  const clusters = trainingsAmong(points, factors);
  const y = Float64Array.from(points, ({ ability }) => ability);
  const basis = basisOf(points);
  const noise = noiseLikeResiduals(basis, residualOf(basis, y));
  const centre = points.map(({ loss }) => pooledAt(fitted, loss));
  const count = Math.max(...clusters) + 1;
  const wider = studentQuantile(0.975, Math.max(1, count - 1)) / z95;
  return redrawn.map(({ losses, abilities }) => {
    const signs = Array.from({ length: count }, () => 2 * random.integer(2) - 1);
    const values = centre.map((value, i) => value + wider * signs[clusters[i]!]! * noise[i]! + abilities[i]! - y[i]!);
    return pooledCurve(losses, values, sign);
  });
}

/**
 * The hull of the percentile and the basic interval of the draws' crossings, in ln loss, together with the two members
 * between which the curve crosses: nothing was measured between them.
 */
function onsetInterval(fitted: PooledCurve, curves: readonly PooledCurve[], level: number, sign: 1 | -1): Interval {
  const observed = Math.log(crossingOf(fitted, level, sign));
  const drawn = curves.map((each) => Math.log(crossingOf(each, level, sign)));
  const plain = percentileInterval(drawn);
  // If draws never cross, or start beyond the crossing, there is nothing to mirror.
  const isFinite = [observed, plain.lower, plain.upper].every(Number.isFinite);
  const { lower, upper } = isFinite ? hullInterval(observed, drawn) : plain;
  const after = fitted.abilities.findIndex((value) => sign * (value - level) > 0);
  return {
    lower: Math.min(Math.exp(lower), after < 0 ? 0 : fitted.losses[after]!),
    upper: Math.max(
      Math.exp(upper),
      after < 0 ? fitted.losses.at(-1)! : after === 0 ? Infinity : fitted.losses[after - 1]!,
    ),
  };
}
