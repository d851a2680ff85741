/** Names of scores and axes wherever they are shown: in the terminal, figures, reports and the page. */
import type { ScaleName } from '../analysis/scales.js';
import type { ScoreName } from '../analysis/scores.js';
import type { MetricKind } from '../metrics/metric.js';

export const scoreTitles = {
  emergence: 'emergence (Eq 1)',
  ramp: 'Eq 1 / ramp',
  linearity: 'linearity',
  jump: 'largest step / range',
  steepness: 'steepest / mean slope',
  bow: 'bow',
} as const satisfies Partial<Record<ScoreName, string>>;

export interface TitledScore {
  readonly name: ScoreName;
  readonly title: string;
}

export function titled<Name extends keyof typeof scoreTitles>(...names: readonly Name[]) {
  return names.map((name) => ({ name, title: scoreTitles[name] }));
}

/** Scores in tables. */
export const shownScores: readonly TitledScore[] = titled('emergence', 'ramp', 'jump', 'bow');

/** Scores of the many curves that `sweep` and `search` rank. */
export const rankedScores: readonly TitledScore[] = [
  ...titled('emergence', 'ramp', 'jump'),
  { name: 'steepness', title: 'steepest / mean' },
  ...titled('bow'),
];

/**
 * Of the axis that shows a metric, with a word where lower is better: scores beside it are turned so that higher is. Published curves,
 * which have no kind, are of shares right.
 */
export function verticalTitle(metric: {
  readonly unit: string;
  readonly title: string;
  readonly kind?: MetricKind | undefined;
  readonly better: 'higher' | 'lower';
}): string {
  const { unit, title, kind } = metric;
  if (unit === 'probability' && kind !== 'continuous') return withDirection('share', metric);
  return withDirection(unit === '' || unit === 'probability' ? title : unit, metric);
}

/** `error (log scale)`, `loss (nats, log scale)`. */
export function withRemark(title: string, remark: string): string {
  return title.endsWith(')') ? `${title.slice(0, -1)}, ${remark})` : `${title} (${remark})`;
}

/** `nats (lower is better)`, `share`. */
export function withDirection(title: string, { better }: { readonly better: 'higher' | 'lower' }): string {
  return better === 'lower' ? withRemark(title, 'lower is better') : title;
}

export const axisTitles: Readonly<Record<ScaleName, string>> = {
  width: 'width',
  parameters: 'trainable parameters',
  flops: 'training operations (FLOPs)',
};

/** Titles of two metrics; what both end in, after a comma, once: `accuracy and margin, writers of 1`. */
export function bothTitles(one: string, other: string): string {
  const [a, b] = [one.split(', '), other.split(', ')];
  const same = a.length > 1 && b.length > 1 && a.at(-1) === b.at(-1);
  return same ? `${a.slice(0, -1).join(', ')} and ${other}` : `${one} and ${other}`;
}
