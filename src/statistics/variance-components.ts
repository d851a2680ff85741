/**
 * Values in groups, such as the seeds of a scale, around a curve: values vary around their group's mean, and the means
 * of groups vary around the curve by more than that (a random intercept, Laird and Ware 1982, Biometrics 38, 963-974).
 */

export interface Grouped {
  /** Each group's mean minus the curve. */
  readonly residuals: readonly number[];
  /** Values in each group. */
  readonly sizes: readonly number[];
  /** Sum of squares of all values around their group's mean. */
  readonly within: number;
}

export interface Components {
  /** Variance between groups over that within; at least 0, infinite if groups have one value each. */
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
    // The scatter within groups is unknown or zero: only the means are left.
    const deviance = groups * (Math.log((2 * Math.PI * Math.max(squares, tiny)) / groups) + 1);
    return { ratio: Infinity, deviance };
  }
  // Given the ratio, the variance within groups has a closed form, so only the ratio is searched.
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
