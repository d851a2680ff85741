/** The upper tail of Fisher's F. */

/**
 * P(F > ratio), to a relative 1e-10: the incomplete beta function by its continued fraction (Abramowitz and Stegun
 * 26.6.2, 26.5.8), evaluated by Lentz's method.
 *
 * @param ratio at least 0
 * @param above degrees of freedom of the mean square in the numerator, above 0, whole or not; `below` of the
 * denominator's
 */
export function upperF(ratio: number, above: number, below: number): number {
  const [x, rest] = [below, above * ratio].map((part) => part / (below + above * ratio)) as [number, number];
  // 0 over 0: no noise at all.
  if (!(x < 1)) return 1;
  return rest < 1 ? incompleteBeta(x, rest, below / 2, above / 2) : 0;
}

/** I_x(a, b), with `rest` = 1 - x. */
function incompleteBeta(x: number, rest: number, a: number, b: number): number {
  if (x > (a + 1) / (a + b + 2)) return 1 - incompleteBeta(rest, x, b, a);
  const front = Math.exp(a * Math.log(x) + b * Math.log(rest) + logGamma(a + b) - logGamma(a) - logGamma(b)) / a;
  let [c, d] = [1, 1 / (1 - ((a + b) * x) / (a + 1))];
  let fraction = d;
  for (let m = 1, change = 2; m < 500 && Math.abs(change - 1) > 1e-14; m++) {
    for (const term of [
      (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m)),
      (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1)),
    ]) {
      d = 1 / (1 + term * d);
      c = 1 + term / c;
      change = c * d;
      fraction *= change;
    }
  }
  return front * fraction;
}

/** Lanczos's coefficients for g = 7 (Numerical Recipes' form, after P. Godfrey), accurate to 1e-15. */
const lanczos = [
  0.9999999999998099, 676.5203681218851, -1259.1392167224028, 771.3234287776531, -176.6150291621406, 12.507343278686905,
  -0.13857109526572012, 9.984369578019572e-6, 1.5056327351493116e-7,
];

/** The logarithm of the gamma function for arguments above 0, to a relative 1e-13. */
export function logGamma(value: number): number {
  const x = value - 1;
  let sum = lanczos[0]!;
  for (let k = 1; k < lanczos.length; k++) sum += lanczos[k]! / (x + k);
  const t = x + 7.5;
  return Math.log(2 * Math.PI) / 2 + (x + 0.5) * Math.log(t) - t + Math.log(sum);
}
