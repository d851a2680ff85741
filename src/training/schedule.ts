/** Learning rate at each step, computed on the host in double precision and handed to the graph as data. */
import type { Experiment } from '../experiment/schema.js';

/** Share of all steps over which `warm-up` climbs. */
const warmUpShare = 0.05;

/**
 * Rate of step `step` of `steps` (from 0). `cosine` falls to 0 after the last step (Loshchilov and Hutter 2016, arXiv
 * 1608.03983, without restarts); `warm-up` climbs linearly over the first 5 % of the steps and then does the same.
 */
export function learningRate(
  { schedule, learningRate: peak }: Pick<Experiment, 'schedule' | 'learningRate'>,
  step: number,
  steps: number,
): number {
  switch (schedule) {
    case 'constant':
      return peak;
    case 'cosine':
      return cosine(peak, step, steps);
    case 'warm-up': {
      const climb = Math.max(1, Math.round(steps * warmUpShare));
      return step < climb ? (peak * (step + 1)) / climb : cosine(peak, step - climb, steps - climb);
    }
  }
}

function cosine(peak: number, step: number, steps: number): number {
  return (peak * (1 + Math.cos((Math.PI * step) / steps))) / 2;
}
