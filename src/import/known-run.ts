/** The run that models are added to, and checks that they match it. */
import { nth } from '../machine/present.js';
import type { ImportedColumn } from '../runs/imported.js';
import type { OutcomeColumns } from '../runs/outcomes.js';
import { UsageError } from '../terminal/errors.js';
import { columnNames, type ImportedModel, type ModelColumn } from './model.js';

/** What models added to a run have to match. */
export interface KnownRun {
  readonly name: string;
  /** Ids of all its examples, in order. */
  readonly examples: readonly string[];
  readonly contents: string | undefined;
  readonly classNames: readonly string[] | undefined;
  /** The columns of its outcomes. */
  readonly columns: readonly string[];
  /** True classes and groups of the examples, by number. */
  readonly label: Int32Array | undefined;
  readonly group: Int32Array | undefined;
}

/** The run's columns, with a note on any others the models have. Throws UsageError if a model is missing one. */
export function columnsLike(
  { name: run, columns }: KnownRun,
  { models, notes }: { readonly models: readonly ImportedModel[]; readonly notes: string[] },
): (ModelColumn & ImportedColumn)[] {
  const wanted = columnNames.filter((name) => columns.includes(name));
  for (const model of models) {
    const missing = wanted.find((name) => model.hasColumn(name) !== 'all');
    if (missing !== undefined)
      throw new UsageError(
        `${model.title} has no ${missing}${model.hasColumn(missing) === 'some' ? ' for some examples' : ''}, which the models of the run ${run} have`,
        '--add',
        'models that are added need the same columns',
      );
  }
  const others = columnNames.filter(
    (name) => !columns.includes(name) && models.some((model) => model.hasColumn(name) !== 'none'),
  );
  if (others.length > 0)
    notes.push(`${others.join(', ')} left out: the run ${run} does not have ${others.length === 1 ? 'it' : 'them'}`);
  return wanted;
}

/** Throws UsageError if the examples' true classes, groups or contents differ from those of the run. */
export function refuseOtherExamples(
  run: KnownRun,
  { columns, contents }: { readonly columns: OutcomeColumns; readonly contents: string | undefined },
): void {
  const differs = (what: string, remedy?: string) => new UsageError(`${what} the run ${run.name}`, '--add', remedy);
  for (const name of ['label', 'group'] as const) {
    const [theirs, ours] = [columns[name], run[name]];
    if (ours === undefined) continue;
    if (theirs === undefined)
      throw differs(`no ${name} of the examples is given, unlike in`, `give it as for the models that are there`);
    const other = ours.findIndex((value, i) => value !== theirs[i]);
    if (other >= 0)
      throw differs(
        `the ${name} of example ${nth(run.examples, other)} differs from that of`,
        'is it the same test set?',
      );
  }
  if (contents !== undefined && run.contents !== undefined && contents !== run.contents)
    throw differs(
      'examples of these ids have other contents (by their hashes) than those of',
      'is it the same version of the task?',
    );
}
