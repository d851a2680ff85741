/** One sample of lm-evaluation-harness: which of its metrics says what is right, and the outcomes that its log-likelihoods give. */
import { present } from '../machine/present.js';
import { UsageError } from '../terminal/errors.js';
import { condensed } from '../terminal/format.js';
import { suggestion } from '../terminal/nearest.js';
import type { Row } from './batch.js';
import { outcomesOfChoices } from './choices.js';
import type { OutcomeRow } from './model.js';
import { read } from './reader.js';
import { Misread, readName, readNumber } from './values.js';

export interface AskedMetrics {
  /** The metric that says whether an answer is right; default: acc, exact_match, or the first whose values are 0 and 1. */
  readonly correct?: string | undefined;
  /** The metric that becomes the score; default: none. */
  readonly score?: string | undefined;
}

/** The metrics of a task's samples that are read. */
export interface ChosenMetrics {
  readonly correct: string;
  readonly score: string | undefined;
  /** Everything the samples have a number for. */
  readonly names: readonly string[];
}

const usualCorrect = ['acc', 'exact_match'];

/** From the first sample. Throws UsageError if it has no such metric. */
export function chooseMetrics(row: Row, { correct, score }: AskedMetrics, where: string): ChosenMetrics {
  const listed = Array.isArray(row['metrics'])
    ? row['metrics'].map(String)
    : Object.keys(row).filter((key) => !ownKeys.has(key));
  const names = listed.filter((name) => typeof row[name] === 'number' || typeof row[name] === 'boolean');
  for (const [flag, asked] of [
    ['--correct', correct],
    ['--score', score],
  ] as const)
    if (asked !== undefined && !names.includes(asked))
      throw new UsageError(`the samples have no metric ${asked}`, flag, suggestion(asked, names));
  const found =
    correct ??
    usualCorrect.find((name) => names.includes(name)) ??
    names.find((name) => [0, 1].includes(Number(row[name])));
  if (found === undefined)
    throw new UsageError(
      'no metric says whether the answer is right',
      where,
      `it has ${condensed(names.length === 0 ? ['none'] : names)}`,
    );
  return { correct: found, score, names };
}

/** Keys of a sample that are not metrics. */
const ownKeys = new Set([
  ...['doc_id', 'doc', 'target', 'arguments', 'resps', 'filtered_resps', 'filter', 'metrics'],
  ...['doc_hash', 'prompt_hash', 'target_hash'],
]);

type Outcome = Pick<OutcomeRow, 'correct' | 'label' | 'predicted' | 'numbers'>;

interface SampleOutcome {
  readonly row: Outcome;
  readonly metrics: readonly (readonly [string, number])[];
  /** Number of choices; `unplaced` if it is unknown which of them is true, undefined for a task without choices. */
  readonly choices: number | 'unplaced' | undefined;
}

/** What a sample says of its model. Throws UsageError, one line, for what cannot be read. */
export function sampleOutcome(row: Row, { correct, score, names }: ChosenMetrics, where: string): SampleOutcome {
  const metrics = names.map((name) => [name, read(row, name, where, readNumber)] as const);
  const valueOf = (name: string) => present(metrics.find(([each]) => each === name))[1];
  const right = valueOf(correct);
  if (right !== 0 && right !== 1)
    throw new UsageError(
      `${correct} is ${right}, but right or wrong must be 1 or 0`,
      where,
      'choose a metric with --correct, or take it as --score',
    );
  const scored = score === undefined ? {} : { score: valueOf(score) };
  const logits = logitsOf(row['filtered_resps'], row);
  if (logits === undefined) return { row: { correct: right, numbers: scored }, metrics, choices: undefined };
  const label = labelOf(row, logits);
  if (label === undefined) return { row: { correct: right, numbers: scored }, metrics, choices: 'unplaced' };
  const { predicted, log_probability, brier, confidence, margin, rank } = outcomesOfChoices(logits, label);
  // From the raw log-likelihoods: acc_norm ranks the choices differently.
  const ofOrder = correct === 'acc' ? { confidence, margin, rank } : {};
  return {
    row: {
      correct: right,
      label: String(label),
      predicted: correct === 'acc' ? String(predicted) : undefined,
      numbers: { ...scored, log_probability, brier, ...ofOrder },
    },
    metrics: [...metrics, ...('brier_score' in row ? [['brier_score', brier] as const] : [])],
    choices: logits.length,
  };
}

/**
 * Log-likelihoods of the choices, in any of the shapes that different versions write: `[[-1.5, false], ...]`, the same as text, or one
 * level deeper; undefined for a task without choices.
 */
export function logitsOf(responses: unknown, row: Row = {}): number[] | undefined {
  if (!Array.isArray(responses) || responses.length < 2) return undefined;
  const logits: number[] = [];
  for (const each of responses) {
    const value = logLikelihoodIn(each);
    if (value === undefined) return undefined;
    logits.push(value);
  }
  // With mutual information, the second half belongs to the choices without their question.
  const isDoubled = 'acc_mutual_info' in row && logits.length % 2 === 0;
  const kept = isDoubled ? logits.slice(0, logits.length / 2) : logits;
  return kept.some((value) => value > -Infinity) ? kept : undefined;
}

/** From `[ll, is_greedy]` as a list, as a list of texts, or as the text of a tuple. */
function logLikelihoodIn(value: unknown): number | undefined {
  if (Array.isArray(value)) {
    if (value.length === 1) return logLikelihoodIn(value[0]);
    if (value.length !== 2 || !isGreedy(value[1])) return undefined;
    const number = readNumber(value[0]);
    return number instanceof Misread ? undefined : number;
  }
  const tuple = typeof value === 'string' ? /^\(\s*([^,]+),\s*(True|False)\s*\)$/.exec(value) : null;
  if (tuple === null) return undefined;
  const number = readNumber(tuple[1]);
  return number instanceof Misread ? undefined : number;
}

function isGreedy(value: unknown): boolean {
  return typeof value === 'boolean' || (typeof value === 'string' && /^(true|false)$/i.test(value));
}

/**
 * Index of the true choice: `target` is that index or the choice's text, and a text may be a number. The reading that agrees with `acc`
 * is used; undefined if none does, as for questions with several true choices.
 */
function labelOf(row: Row, logits: readonly number[]): number | undefined {
  const target = readName(row['target']);
  if (target instanceof Misread) return undefined;
  const text = target.trim();
  const texts = choiceTexts(row['arguments'], logits.length);
  const byPlace = /^\d+$/.test(text) ? [Number(text)] : [];
  const byText = texts.flatMap((choice, i) => (choice === text ? [i] : []));
  const best = logits.indexOf(Math.max(...logits));
  const acc = row['acc'] === undefined ? undefined : Number(row['acc']);
  return [...byPlace, ...byText].find(
    (label) => label < logits.length && (acc === undefined || Number(best === label) === acc),
  );
}

/** The texts whose likelihood was requested: the second argument of each request. */
function choiceTexts(requests: unknown, count: number): string[] {
  const list = Array.isArray(requests)
    ? (requests as unknown[])
    : typeof requests === 'object' && requests !== null
      ? Object.values(requests)
      : [];
  return list.slice(0, count).map((request) => {
    const continuation = Array.isArray(request)
      ? (request as unknown[])[1]
      : (request as { arg_1?: unknown } | null)?.arg_1;
    return typeof continuation === 'string' ? continuation.trim() : '';
  });
}
