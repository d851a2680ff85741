/** Quantiles of Student's t: pure, so that the explorer's page can use them. */
import { normalQuantile } from './normal.js';

/**
 * Above this many degrees of freedom, two terms of the expansion around the normal quantile (Abramowitz and Stegun
 * 26.7.5) are accurate to 1e-8.
 */
const mostDegrees = 1000;

/**
 * t with P(T < t) = p, to 1e-10. The probability of |T| < t is a finite sum in the angle atan(t / sqrt(degrees))
 * (Abramowitz and Stegun 26.7.3, 26.7.4), concave in it, so that Newton's steps from the normal's quantile, which is
 * smaller, never overshoot.
 *
 * @param p 0.5 to 1, below 1
 * @param degrees whole, at least 1
 */
export function studentQuantile(p: number, degrees: number): number {
  const z = normalQuantile(p);
  if (degrees > mostDegrees)
    return z + (z ** 3 + z) / (4 * degrees) + (5 * z ** 5 + 16 * z ** 3 + 3 * z) / (96 * degrees ** 2);
  let angle = Math.atan(z / Math.sqrt(degrees));
  for (let last = -1; angle > last;) {
    last = angle;
    const { chance, density } = within(angle, degrees);
    angle += (2 * p - 1 - chance) / density;
  }
  return Math.sqrt(degrees) * Math.tan(angle);
}

/** Probability of an angle nearer to 0 on both sides, and its derivative by the angle. */
function within(angle: number, degrees: number): { readonly chance: number; readonly density: number } {
  const [sine, cosine] = [Math.sin(angle), Math.cos(angle)];
  const first = degrees % 2 === 1 ? 1 : 2;
  let factor = first === 1 ? 2 / Math.PI : 1;
  let chance = first === 1 ? factor * angle : sine;
  for (let m = first + 2; m <= degrees; m += 2) {
    factor *= (m - 1) / (m - 2);
    chance += (factor / (m - 1)) * sine * cosine ** (m - 2);
  }
  return { chance, density: factor * cosine ** (degrees - 1) };
}
