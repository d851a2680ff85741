/**
 * Moments: steps of training at which a member's outcomes are taken besides its last. `12:log` is twelve of them, spaced in ratio from
 * the first step to the last, `12:linear` evenly; `10,100,1000` are these. The last step is a moment whether it is listed or not.
 */
import { nth } from '../machine/present.js';
import { UsageError } from '../terminal/errors.js';

const spaced = /^([1-9]\d{0,3}):(log|linear)$/;
const listed = /^[1-9]\d{0,8}(,[1-9]\d{0,8})*$/;

/** Whether a text says moments. */
export function saysMoments(text: string): boolean {
  if (listed.test(text)) {
    const steps = text.split(',').map(Number);
    return steps.every((step, i) => i === 0 || step > nth(steps, i - 1));
  }
  return Number(spaced.exec(text)?.[1] ?? 0) >= 2;
}

/**
 * Steps before the last at which outcomes are taken, ascending; of spaced ones those that differ. `text` is as `saysMoments` takes it.
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
