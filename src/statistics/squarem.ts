/**
 * Fixed-point iterations that climb a likelihood, such as EM, with squared extrapolation: SQUAREM, scheme S3 of
 * Varadhan and Roland 2008 (Scand. J. Stat. 35, 335-353). If components overlap, EM alone takes thousands of steps.
 */

export interface Step {
  /** The point to continue from. */
  readonly next: Float64Array;
  /** At the point where the step started, not at `next`. */
  readonly logLikelihood: number;
}

export interface FixedPoint {
  /** One step of the iteration. Never lowers the likelihood. */
  readonly step: (at: Float64Array) => Step;
  /** Moves an extrapolated point back to valid parameters, in place. */
  readonly project: (at: Float64Array) => void;
}

export interface Climb {
  readonly at: Float64Array;
  readonly logLikelihood: number;
  readonly converged: boolean;
}

/**
 * Climbs until a cycle of three steps gains less than `tolerance` in log-likelihood, or for `cycles` of them. The
 * result is never worse than the start.
 */
export function climb(
  { step, project }: FixedPoint,
  start: Float64Array,
  { tolerance, cycles }: { readonly tolerance: number; readonly cycles: number },
): Climb {
  let at = start;
  let current = step(at);
  for (let cycle = 0; cycle < cycles; cycle++) {
    const first = current.next;
    const second = step(first);
    const far = extrapolated(at, first, second.next);
    project(far);
    const jump = step(far);
    const before = current.logLikelihood;
    // `far` is accepted only if it is no worse than the plain step, so that the likelihood never falls.
    [at, current] = jump.logLikelihood >= second.logLikelihood ? [far, jump] : [first, second];
    if (current.logLikelihood - before < tolerance) {
      return { at, logLikelihood: current.logLikelihood, converged: true };
    }
  }
  return { at, logLikelihood: current.logLikelihood, converged: false };
}

function extrapolated(from: Float64Array, first: Float64Array, second: Float64Array): Float64Array {
  let rr = 0;
  let vv = 0;
  for (let i = 0; i < from.length; i++) {
    const r = first[i]! - from[i]!;
    const v = second[i]! - first[i]! - r;
    rr += r * r;
    vv += v * v;
  }
  const alpha = vv === 0 ? 1 : Math.max(1, Math.sqrt(rr / vv));
  return from.map((value, i) => {
    const r = first[i]! - value;
    const v = second[i]! - first[i]! - r;
    return value + 2 * alpha * r + alpha * alpha * v;
  });
}
