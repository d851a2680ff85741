/** Makes a run from the outcomes of models that were trained and scored elsewhere. */
import * as path from 'node:path';
import type { Collected } from '../import/collector.js';
import type { TableColumn } from '../import/columns.js';
import { readEveryEval, type EveryEvalOptions } from '../import/every-eval-ever.js';
import { readHelm, type HelmOptions } from '../import/helm.js';
import { readInspect, type InspectOptions } from '../import/inspect.js';
import { readLmEval, type LmEvalOptions } from '../import/lm-eval.js';
import { readLogits, type LogitsOptions } from '../import/logits.js';
import type { ImportedOutcomes } from '../import/reader.js';
import { axisOf, placeModels } from '../import/scale.js';
import { nameOfFile, parseCoordinates, readLabelSource, readTable } from '../import/table.js';
import { readTimm, type TimmOptions } from '../import/timm.js';
import { addToRun, compareReading, openToAdd } from '../import/add.js';
import { refuseTaken, writeImportedRun } from '../import/write.js';
import { tableColumns } from '../import/columns.js';
import { optionOf } from '../experiment/schema.js';
import { present } from '../machine/present.js';
import { shellWord } from '../terminal/shell.js';
import type { ImportedRun } from '../runs/imported.js';
import { checkpoints } from '../runs/locate.js';
import { UsageError } from '../terminal/errors.js';
import { condensed, counted } from '../terminal/format.js';
import { printable } from '../terminal/printable.js';
import { refuseName, type RunOptions } from './run-and-metrics.js';

export interface ImportOptions extends RunOptions {
  /** The new run's name. */
  readonly run: string;
  /** A table with the models' numbers: the columns model, parameters, flops, tokens, ... */
  readonly scale?: string | undefined;
  /** The horizontal axis; default: parameters, else the first coordinate that differs. */
  readonly axis?: string | undefined;
  /** The test set's name; default: that of the files. */
  readonly testSet?: string | undefined;
  /** Number of classes or choices of every example, if the files do not say. */
  readonly classes?: number | undefined;
  /** Add to an existing run. */
  readonly add?: boolean | undefined;
  /** Reject examples that some models are missing, instead of leaving them out. */
  readonly strict?: boolean | undefined;
}

/** Further options of each format; `emergence import FORMAT --help` describes them. */
export interface ImportFormats {
  readonly table: Readonly<Partial<Record<TableColumn, string | undefined>>> & {
    /** Columns that describe the model in numbers, comma-separated. */
    readonly coordinates?: string | undefined;
    /** `folder`, `name`, or a file with the columns example and label. */
    readonly labelFrom?: string | undefined;
    readonly wide?: 'correct' | 'predicted' | undefined;
  };
  readonly timm: Omit<TimmOptions, 'labelFrom'> & {
    /** `folder`, `name`, or a file with the columns example and label. */
    readonly labelFrom?: string | undefined;
  };
  readonly logits: LogitsOptions;
  readonly 'lm-eval': LmEvalOptions;
  readonly helm: HelmOptions;
  readonly inspect: InspectOptions;
  readonly 'every-eval-ever': EveryEvalOptions;
}

export interface Imported {
  readonly folder: string;
  readonly record: ImportedRun;
  /** The members that this import added. */
  readonly members: Collected['members'];
  readonly notes: readonly string[];
}

type Readers = {
  readonly [F in keyof ImportFormats]: (paths: readonly string[], given: ImportFormats[F]) => Promise<ImportedOutcomes>;
};

const readers: Readers = {
  table: async (files, given) => {
    const { coordinates, labelFrom, wide } = given;
    if (labelFrom !== undefined && given.label !== undefined)
      throw new UsageError('--label already names a column of labels', '--label-from', 'give one of the two');
    const named = (Object.keys(tableColumns) as TableColumn[]).flatMap((key) => {
      const column = given[key];
      return column === undefined ? [] : [[key, column] as const];
    });
    const options = {
      columns: Object.fromEntries(named),
      labelFrom: labelFrom === undefined ? undefined : await readLabelSource(labelFrom),
      coordinates: coordinates === undefined ? undefined : parseCoordinates(coordinates),
      wide,
    };
    return {
      collector: await readTable(files, options),
      files,
      testSet: files.map(nameOfFile).join('+').slice(0, 100),
    };
  },
  timm: async (files, { labelFrom, ...columns }) => {
    if (labelFrom === undefined)
      throw new UsageError(
        'is missing: the tables of timm have no true classes',
        '--label-from',
        'give folder, name, or a file',
      );
    const source = await readLabelSource(labelFrom);
    return {
      collector: await readTimm(files, { ...columns, labelFrom: source }),
      ...{ files, testSet: labelFrom === 'folder' || labelFrom === 'name' ? 'images' : nameOfFile(labelFrom) },
    };
  },
  logits: readLogits,
  'lm-eval': readLmEval,
  helm: readHelm,
  inspect: readInspect,
  'every-eval-ever': readEveryEval,
};

/** Programs that write a format; the other formats have many writers. */
const tools: Readonly<Partial<Record<keyof ImportFormats, string>>> = {
  'lm-eval': 'lm-eval',
  helm: 'HELM',
  timm: 'timm',
  inspect: 'inspect_ai',
};

/**
 * Makes a run from outcomes. Nothing is written before everything is read and checked.
 *
 * @example
 *     const { record } = await importOutcomes('table', ['outcomes.csv'], { run: 'my-models', scale: 'models.csv' });
 *     record.members.length;
 *
 * @throws UsageError at the first thing that is wrong in the files, and where there is a run of this name
 */
export async function importOutcomes<F extends keyof ImportFormats>(
  format: F,
  paths: readonly string[],
  options: ImportOptions & ImportFormats[F],
): Promise<Imported> {
  const { root = checkpoints, run: name, scale, note } = options;
  refuseName(name, '--run');
  const onto = options.add === true ? await openToAdd(root, name) : undefined;
  if (onto === undefined) await refuseTaken(root, name);
  else refuseOfNewRun(onto.record, options);
  const read = await readers[format](paths, options);
  const { collector, files, testSet, version = null, classes = null, reading, notes: known = [] } = read;
  if (scale !== undefined) await placeModels(collector, scale);
  const axis = axisOf(collector.models, onto?.record.axis ?? options.axis, onto === undefined ? '--axis' : '--add');
  const source = {
    ...{ format, tool: tools[format] ?? null, version, reading },
    files: scale === undefined ? files : [...files, scale],
    command: commandOf(format, paths, options),
  };
  const unsure = onto === undefined ? undefined : compareReading(onto.record, source);
  const collected = collector.finish({ strict: options.strict === true, onto: onto?.known });
  if (options.classes !== undefined && collected.classes !== null && options.classes < collected.classes)
    throw new UsageError(
      `${options.classes}, and labels and predictions name ${collected.classes} classes`,
      '--classes',
      `give at least ${collected.classes}`,
    );
  const written =
    onto === undefined
      ? {
          members: collected.members,
          notes: [],
          ...(await writeImportedRun(
            {
              ...{ root, name, axis, source, groupNoun: 'groups' },
              testSet: printable(options.testSet ?? testSet),
              classes: options.classes ?? classes,
            },
            collected,
          )),
        }
      : { folder: onto.folder, ...(await addToRun(onto, { source, collected })) };
  const { folder, record, members } = written;
  const notes = [
    ...known,
    ...(unsure === undefined ? [] : [unsure]),
    ...written.notes,
    ...aboutCollected({ ...collected, members }, { axis, run: onto?.record }),
  ];
  for (const line of notes) note?.(printable(`note: ${line}`));
  return { folder, record, members, notes };
}

/** Throws UsageError for options that are fixed once a run exists. */
function refuseOfNewRun({ name, axis, dataset }: ImportedRun, options: ImportOptions): void {
  const settled = [
    ['--axis', options.axis, axis],
    ['--test-set', options.testSet, dataset.name],
    ['--classes', options.classes, dataset.classes],
  ] as const;
  for (const [flag, asked, known] of settled)
    if (asked !== undefined && asked !== known)
      throw new UsageError(`is ${known ?? 'unknown'} in the run ${name}`, flag, 'leave it out with --add');
}

function aboutCollected(
  { dropped, members, notes }: Collected,
  { axis, run }: { readonly axis: string; readonly run: ImportedRun | undefined },
): string[] {
  const scales = new Map<number, string[]>();
  for (const { name, seed, coordinates } of members)
    if (seed === null)
      scales.set(present(coordinates[axis]), [...(scales.get(present(coordinates[axis])) ?? []), name]);
  const shared = [...scales.values()].filter((names) => names.length > 1);
  const it = dropped === 1 ? 'it' : 'them';
  const why =
    run === undefined ? `not every model has an outcome for ${it}` : `the run ${run.name} does not have ${it}`;
  return [
    ...notes,
    ...(dropped === 0 ? [] : [`${counted(dropped, 'example')} left out: ${why}`]),
    ...shared.map((names) => `${condensed(names)} have the same ${axis} and count as seeds of one scale`),
  ];
}

/** Options without a flag, and flags that say nothing about what was imported. */
const untyped = ['root', 'note', 'track', 'json'];
/** Options whose value is a file. */
const fileOptions = ['scale', 'labels', 'labelFrom'];

/** Possible values of an option. */
type Typed = string | number | boolean | readonly string[] | undefined;

/**
 * The command as it was typed, in a form that can be repeated where the files are: without the folders that lead to
 * them.
 */
function commandOf(format: string, files: readonly string[], options: object): string {
  const typed = Object.entries(options as Readonly<Record<string, Typed>>).flatMap(([key, value]) => {
    if (untyped.includes(key) || value === undefined || value === false) return [];
    const flag = `--${optionOf(key)}`;
    if (value === true) return [flag];
    const texts = [value].flat().map(String);
    return texts.flatMap((text) => [flag, shellWord(fileOptions.includes(key) ? path.basename(text) : text)]);
  });
  return ['import', format, ...files.map((file) => shellWord(path.basename(file))), ...typed].join(' ');
}
