/** The paper's model, fitted to a run. */
import { fitFamily, type TheoryFit } from '../analysis/theory-fit.js';
import { firstOf, present } from '../machine/present.js';
import { kindOf, makeOf, pairsOf } from '../runs/imported.js';
import type { LoadedRun } from '../runs/opened.js';
import { FitError } from '../statistics/least-squares.js';
import { UsageError } from '../terminal/errors.js';
import { counted } from '../terminal/format.js';
import { openRun, readRun, refuseOneScale, type RunLike, type RunOptions } from './run-and-metrics.js';

export interface TheoryOptions extends RunOptions {
  /** Numbers of tokens that must all be right; default: those that suit the run. */
  readonly lengths?: readonly number[] | undefined;
}

export interface FamilyTheory extends TheoryFit {
  readonly family: LoadedRun;
}

/**
 * A power law of the cross-entropy, and what it predicts of all of `length` answers being right.
 *
 * @example
 *     const { law, right } = await theory('lenet-mnist', { lengths: [5, 20] });
 *     [law.exponent, right[0].predicted];
 *
 * @throws UsageError for a run without a cross-entropy, or one that follows no power law
 */
export async function theory(run: RunLike, options: TheoryOptions = {}): Promise<FamilyTheory> {
  const { lengths } = options;
  const open = await openRun(run, options);
  const { record, words, columns } = open;
  const pairs = pairsOf(record);
  const isSequences = kindOf(record) === 'sequences';
  if (!columns.includes('log_probability'))
    throw new UsageError(
      `${words.isImported ? 'it' : makeOf(record)} has no cross-entropy, which the model starts from`,
      record.name,
    );
  const own = [...new Set(isSequences ? [1, pairs] : [1, 5, 20])];
  const wanted = lengths ?? own;
  const longest = wanted.find((length) => isSequences && length > pairs);
  if (longest !== undefined) throw new UsageError(`${longest} exceeds the ${pairs} images of a sequence`, '--lengths');
  const sequence = isSequences ? (['sequence', 'example', 'label', 'predicted'] as const) : [];
  const family = await readRun(open, ['correct', 'log_probability', ...sequence], options);
  refuseOneScale(family, 'a fit');
  const examples = present(firstOf(family.members).outcomes.correct).length;
  // Metrics outside the request are left out, with a note.
  const tooLong = lengths === undefined && !isSequences ? own.filter((length) => length > examples) : [];
  if (tooLong.length > 0)
    options.note?.(
      `note: ${tooLong.join(' and ')} at once left out: the test set has ${counted(examples, words.isImported ? 'example' : 'image')}`,
    );
  const kept = wanted.filter((length) => !tooLong.includes(length));
  try {
    return { ...fitFamily(family.label, family.members, { lengths: kept, words }), family };
  } catch (error) {
    if (!(error instanceof FitError)) throw error;
    throw new UsageError(`the cross-entropy has no power law: ${error.message}`, record.name);
  }
}
