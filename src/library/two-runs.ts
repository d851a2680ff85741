/** Two runs tested on the same examples: opened in the same way, and read with what both have. */
import {
  exampleColumnsOf,
  matchExamples,
  matchScales,
  type MatchedExamples,
  type MatchedScales,
} from '../analysis/diff/match.js';
import { firstOf, nth } from '../machine/present.js';
import { readExamples } from '../runs/imported.js';
import type { LoadedRun, OpenRun } from '../runs/opened.js';
import type { OutcomeName } from '../runs/outcomes.js';
import { UsageError } from '../terminal/errors.js';
import { counted } from '../terminal/format.js';
import { openCurves, readRun, type Listener, type RunLike, type RunOptions } from './run-and-metrics.js';

export interface TwoRuns extends Pick<MatchedScales, 'matched' | 'only'> {
  readonly one: LoadedRun;
  readonly other: LoadedRun;
  readonly examples: MatchedExamples;
}

/** Throws UsageError for a run that is given twice, and for runs of two datasets. */
export async function openTwo(first: RunLike, second: RunLike, options: RunOptions): Promise<[OpenRun, OpenRun]> {
  const [a, b] = [firstOf(await openSide(first, options)), firstOf(await openSide(second, options))];
  if (a.folder === b.folder && a.label === b.label)
    throw new UsageError('is given twice', a.label, 'give two runs: a run does not differ from itself');
  refuseOtherData(a, b);
  return [a, b];
}

/**
 * The curves that both runs have, by the value of a factor; those of only one run are reported as notes.
 *
 * @throws UsageError for a factor that the members of one run do not differ in, or of which no value is in both
 */
export async function twoCurves(
  first: string,
  second: string,
  options: RunOptions & { readonly curvePer: string },
): Promise<(readonly [OpenRun, OpenRun])[]> {
  const [one, other] = [await openSide(first, options), await openSide(second, options)];
  const pairs = one.flatMap((a) => {
    const b = other.find(({ curve }) => curve?.value === a.curve?.value);
    return b === undefined ? [] : [[a, b] as const];
  });
  for (const curve of [...one, ...other])
    if (!pairs.some((pair) => pair.includes(curve))) options.note?.(`note: only ${curve.label}: not compared`);
  if (pairs.length > 0) return pairs;
  throw new UsageError(`no ${options.curvePer} is in both runs`, '--curve-per', 'give another factor');
}

/** Throws UsageError for runs with no test example or no scale in common; what only one has is reported as notes. */
export async function readTwo(
  a: OpenRun,
  b: OpenRun,
  { columnsOf, ...options }: Listener & { readonly columnsOf: (run: OpenRun) => readonly OutcomeName[] },
): Promise<TwoRuns> {
  const read = (run: OpenRun) => readRun(run, [...columnsOf(run), ...exampleColumnsOf(run)], options);
  const [one, other] = [await read(a), await read(b)];
  const examples = matchExamples(
    { run: one, ids: await readExamples(one) },
    { run: other, ids: await readExamples(other) },
  );
  const { matched, only, scale } = matchScales(one, other);
  for (const line of notesOf([one, other], { examples, only, scale })) options.note?.(`note: ${line}`);
  return { one, other, examples, matched, only };
}

/** Axis, place and moment are asked of both runs: what only one of them does not have is said of that one. */
async function openSide(run: RunLike, options: RunOptions & { readonly curvePer?: string }): Promise<OpenRun[]> {
  try {
    return await openCurves(run, options);
  } catch (error) {
    if (!(error instanceof UsageError) || error.option === undefined) throw error;
    throw new UsageError(error.message, typeof run === 'string' ? run : run.label);
  }
}

/** Numbers of examples are of one dataset. */
function refuseOtherData(a: OpenRun, b: OpenRun): void {
  const [one, other] = [a, b].map(({ record, words }) => (words.isImported ? undefined : record.dataset.name));
  if (one === undefined || other === undefined || one === other) return;
  throw new UsageError(
    `are tested on ${one} and on ${other}`,
    `${a.label} and ${b.label}`,
    'give two runs that are tested on the same examples',
  );
}

function notesOf(
  runs: readonly [LoadedRun, LoadedRun],
  { examples, only, scale }: { readonly examples: MatchedExamples } & Pick<MatchedScales, 'only' | 'scale'>,
): string[] {
  return [
    ...runs.flatMap(({ label }, side) => {
      const left = nth(only, side);
      return left.length === 0 ? [] : [`only ${label} has ${scale} ${left.join(', ')}: not compared`];
    }),
    ...runs.flatMap(({ label }, side) => {
      const left = nth(examples.only, side);
      return left === 0 ? [] : [`only ${label} has ${counted(left, 'test example')} more: left out`];
    }),
    ...(examples.isChecked
      ? []
      : ['the runs do not both have the true classes: examples are matched by their ids alone']),
  ];
}
