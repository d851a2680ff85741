/**
 * Values in groups, such as the seeds of a scale, around a curve: values scatter around their group's mean, and the means of groups
 * scatter around the curve by more than that (a random intercept, Laird and Ware 1982, Biometrics 38, 963-974).
 */

export interface Grouped {
  /** Of each group's mean less the curve. */
  readonly residuals: readonly number[];
  /** Values in each group. */
  readonly sizes: readonly number[];
  /** Sum of squares of all values around the means of their groups. */
  readonly within: number;
}

export interface Components {
  /** Variance between groups over that inside; from 0, infinite if groups have one value each. */
  readonly ratio: number;
  /** -2 log likelihood of all values for normal errors, constants included. */
  readonly deviance: number;
}

/** Maximum likelihood of both variances, given the residuals. */
export function varianceComponents({ residuals, sizes, within }: Grouped): Components {
  const count = sizes.reduce((sum, size) => sum + size, 0);
  const squares = residuals.reduce((sum, value) => sum + value * value, 0);
  const groups = sizes.length;
  const tiny = Number.MIN_VALUE * 1e16;
  if (count === groups || within <= 1e-24 * squares) {
    // Nothing tells the scatter inside, or there is none: the means are all there is.
    const deviance = groups * (Math.log((2 * Math.PI * Math.max(squares, tiny)) / groups) + 1);
    return { ratio: Infinity, deviance };
  }
  // With the ratio given, the variance inside has a closed form, and the ratio is searched alone.
  const devianceAt = (ratio: number) => {
    let [sum, logs] = [within, 0];
    residuals.forEach((value, i) => {
      sum += (value * value) / (ratio + 1 / sizes[i]!);
      logs += Math.log(sizes[i]! * ratio + 1);
    });
    return count * (Math.log((2 * Math.PI * sum) / count) + 1) + logs;
  };
  let [low, high] = [-20, 20];
  while (high - low > 1e-6) {
    const [a, b] = [low + (high - low) / 3, high - (high - low) / 3];
    if (devianceAt(Math.exp(a)) <= devianceAt(Math.exp(b))) high = b;
    else low = a;
  }
  const ratio = Math.exp((low + high) / 2);
  return devianceAt(0) <= devianceAt(ratio)
    ? { ratio: 0, deviance: devianceAt(0) }
    : { ratio, deviance: devianceAt(ratio) };
}
