/** The value of a metric for someone who guesses, choosing each class equally often. */
import type { Metric } from '../../metrics/metric.js';

type Guessing = (classes: number, parameters: Readonly<Record<string, number>>) => number;

const one: Guessing = (classes) => 1 / classes;
const all: Guessing = (classes, { k, l }) => classes ** -(k ?? l ?? 1);

/** Metrics of right answers. */
const guessing: Readonly<Record<string, Guessing>> = {
  accuracy: one,
  'image-accuracy': one,
  'balanced-accuracy': one,
  'class-accuracy': one,
  'top-k': (classes, { k = 1 }) => Math.min(1, k / classes),
  'subset-accuracy': all,
  'subset-trials': all,
  'sequence-accuracy': all,
};

/**
 * 1 / classes for accuracy, its K-th or L-th power for several at once, k / classes for top-k; 0 for other thresholds,
 * which no guess meets. Undefined for continuous metrics, for which guessing has no definite value, and if the number
 * of classes is unknown.
 */
export function chanceOf(
  { name, kind, parameters }: Pick<Metric, 'name' | 'kind' | 'parameters'>,
  classes: number | null,
): number | undefined {
  if (kind === 'continuous') return undefined;
  const guess = guessing[name];
  if (guess === undefined) return 0;
  return classes === null ? undefined : guess(classes, parameters as Readonly<Record<string, number>>);
}
