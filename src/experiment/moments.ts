/**
 * Moments: steps of training at which a member's outcomes are taken in addition to its last. `12:log` is twelve of
 * them, spaced in ratio from the first step to the last, `12:linear` evenly; `10,100,1000` lists them. The last step is
 * a moment whether it is listed or not.
 */
import { nth } from '../machine/present.js';
import { UsageError } from '../terminal/errors.js';

const spaced = /^(\d+):(log|linear)$/;
const listed = /^\d+(,\d+)*$/;
const fewest = 2;
const most = 9999;

/** What is wrong with a text that should list moments; undefined if nothing is. */
export function momentsProblem(text: string): string | undefined {
  const count = Number(spaced.exec(text)?.[1] ?? NaN);
  if (count < fewest || count > most) return `has a count of ${count}; it must be from ${fewest} to ${most}`;
  if (!Number.isNaN(count)) return undefined;
  if (!listed.test(text)) return 'is neither COUNT:log, COUNT:linear nor ascending steps such as 10,100,1000';
  const steps = text.split(',').map(Number);
  if (steps.includes(0)) return 'has step 0; steps count from 1';
  const late = steps.findIndex((step, i) => i > 0 && step <= nth(steps, i - 1));
  if (late > 0) return `has step ${nth(steps, late)} after step ${nth(steps, late - 1)}; steps must ascend`;
  return steps.length > most ? `has ${steps.length} steps; there may be at most ${most}` : undefined;
}

/**
 * Steps before the last at which outcomes are taken, ascending, without duplicates. `text` is one without a
 * `momentsProblem`.
 *
 * @throws UsageError for a step past the end; `where` names the option
 */
export function momentsOf(text: string | undefined, steps: number, where = '--moments'): number[] {
  if (text === undefined) return [];
  const [, count, spacing] = spaced.exec(text) ?? [];
  if (count === undefined) {
    const list = text.split(',').map(Number);
    const past = list.find((step) => step > steps);
    if (past !== undefined)
      throw new UsageError(`step ${past} is past the end of training, step ${steps}`, where, `give at most ${steps}`);
    return list.filter((step) => step < steps);
  }
  const last = Number(count) - 1;
  const places = Array.from({ length: last }, (_, i) =>
    Math.round(spacing === 'log' ? steps ** (i / last) : 1 + ((steps - 1) * i) / last),
  );
  return [...new Set(places)].filter((step) => step < steps);
}
