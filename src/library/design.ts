/** A follow-up experiment, proposed from a pilot run, with its power simulated. */
import * as path from 'node:path';
import { defaultColumnsOf, defaultMetrics } from '../analysis/defaults.js';
import { designExperiment as designOf, type Design } from '../analysis/design/design.js';
import { experimentAt } from '../experiment/factors.js';
import { runNameOf } from '../experiment/options.js';
import type { Experiment } from '../experiment/schema.js';
import { assertOutput, refuseExisting, writeOutput } from '../machine/files.js';
import { commandLine } from '../machine/installation.js';
import { firstOf, present } from '../machine/present.js';
import { experimentText } from '../report/tables/design.js';
import { isImported } from '../runs/imported.js';
import type { OpenRun } from '../runs/opened.js';
import type { RunRecord } from '../runs/record.js';
import { readRunRecord, runFolder } from '../runs/run.js';
import { checkpoints } from '../runs/locate.js';
import { varyingFactors } from '../runs/view.js';
import type { FamilyWords } from '../runs/words.js';
import { UsageError } from '../terminal/errors.js';
import { counted } from '../terminal/format.js';
import {
  metricFor,
  openRun,
  readRun,
  refuseSame,
  track,
  trainedRecord,
  type MetricOptions,
  type RunLike,
} from './run-and-metrics.js';

export interface DesignOptions extends MetricOptions {
  /** Default: the pilot's. */
  readonly standard?: string | undefined;
  /** Default: the mildest K, cutoff or L that is enough. */
  readonly induced?: string | undefined;
  /** Widths, or values of the factor on the axis, with about equal steps of the standard metric; default: 10. */
  readonly scales?: number | undefined;
  /** Smallest and largest of them; default: the pilot's. */
  readonly from?: number | undefined;
  readonly to?: number | undefined;
  /** Desired probability that the claim holds; default: 0.9. */
  readonly power?: number | undefined;
  /** The claim: the paired interval of the ratio of Eq 1 lies above this; default: 1. */
  readonly ratio?: number | undefined;
  /** Largest number of seeds per width; default: 8. */
  readonly mostSeeds?: number | undefined;
  /** Default: the pilot's. */
  readonly testSize?: number | undefined;
  /** Simulated families by which a design is judged; default: 300. */
  readonly families?: number | undefined;
  /** The experiment file; default: PILOT-design.yaml. */
  readonly output?: string | undefined;
  /** Overwrite an existing file. */
  readonly force?: boolean | undefined;
}

export interface ProposedDesign {
  readonly pilot: string;
  /** Names of the factor that is varied. */
  readonly words: FamilyWords;
  readonly design: Design;
  readonly asked: Readonly<Record<'scales' | 'power' | 'ratio' | 'mostSeeds' | 'families', number>>;
  /** Whether the induced metric was given instead of chosen. */
  readonly isGiven: boolean;
  readonly claim: string;
  /** The experiment, and the name of the run that it will make. */
  readonly file: string;
  readonly run: string;
  /** The commands to run next. */
  readonly commands: { readonly seal: string; readonly train: string; readonly score: string };
}

/**
 * Widths, metric, seeds and test size that reach the desired power, written as an experiment file.
 *
 * @example
 *     const { design: found } = await design('lenet-mnist', { families: 20, mostSeeds: 3, output: 'next.yaml' });
 *     found.widths;
 *
 * @throws UsageError for a pilot that is not complete, and for a file or a run that already exists
 */
export async function design(pilot: RunLike, options: DesignOptions = {}): Promise<ProposedDesign> {
  const { scales = 10, mostSeeds = 8, families = 300, power = 0.9, ratio = 1, from, to, testSize } = options;
  const asked = { scales, mostSeeds, families, power, ratio };
  if (from !== undefined && to !== undefined && from >= to)
    throw new UsageError(`"${from}" is not below --to ${to}`, '--from');
  const open = await alongFactor(pilot, options);
  const record = trainedRecord(open, 'a design needs a family that the lab trains');
  const { words } = open;
  const { isReal, refuseFactorValues } = await import('../training/sizes.js');
  refuseFactorValues(record, words.scale, from === undefined ? [] : [from], '--from');
  refuseFactorValues(record, words.scale, to === undefined ? [] : [to], '--to');
  const given = await metricFor(open, options.standard, options, '--standard');
  const induced = await metricFor(open, options.induced, options, '--induced');
  refuseUnfinished(open);
  const file = options.output ?? `${record.name}-design.yaml`;
  const run = await newRunOf(file, options);
  const columns = [...defaultColumnsOf(open), ...(given?.needs ?? []), ...(induced?.needs ?? [])];
  const loaded = await readRun(open, columns, options);
  refuseUnfinished(loaded);
  const members = loaded.members.flatMap(({ record: member, outcomes }) => {
    const { trained } = member;
    if (trained === undefined) return [];
    const { trainingSeconds, evaluationSeconds, threads } = trained;
    return [{ record: { ...member, trainingSeconds, evaluationSeconds, threads }, outcomes }];
  });
  refuseNoLogarithm(members, words);
  const standard = given ?? defaultMetrics(record, loaded.members).standard;
  refuseSame(standard, induced);
  const about = { record, words, isReal: isReal(words.scale) };
  const request = { ...asked, from, to, testSize, ...about, members, standard, induced };
  const found = await track(options, 'simulations, at most', (onStep) => designOf({ ...request, onStep }));
  const claim = `ratio.lower > ${ratio}`;
  const commands = commandsOf({ pilot: record, words, file, run, claim, design: found });
  const experiment = { ...heldExperiment(record.experiment, open.held), ...valuesOf(found, words) };
  refuseFactorValues({ ...record, experiment }, words.scale, found.widths, record.name);
  const text = experimentText({ pilot: record, words, experiment, design: found, claim, commands });
  await writeOutput(file, text);
  const isGiven = induced !== undefined;
  return { pilot: record.name, words, design: found, asked, isGiven, claim, file, run, commands };
}

/**
 * The pilot over the one factor that its curve varies: the width, or another. A measure such as FLOPs is replaced by
 * the factor that changes it.
 *
 * @throws UsageError if members differ in several factors, or in none
 */
async function alongFactor(pilot: RunLike, options: DesignOptions): Promise<OpenRun> {
  const open = await openRun(pilot, options);
  const { record, words, complete, held } = open;
  if (isImported(record) || !words.isCoordinate) return open;
  // Moments of one member are not independent members.
  const ends = complete.filter(({ moment }) => moment === undefined);
  const varying = varyingFactors(record, ends);
  const [factor, ...others] = varying;
  if (factor === undefined)
    throw new UsageError(
      `over ${words.scale} its members are moments of the same trained models, but a design needs separate ones`,
      record.name,
      'give another --axis',
    );
  if (others.length > 0)
    throw new UsageError(
      `over ${words.scale} its members differ in ${varying.join(' and ')}, and a design varies one factor`,
      record.name,
      `give it as the --axis, or hold others with --where`,
    );
  if (factor === words.scale) return { ...open, complete: ends };
  if (typeof pilot !== 'string')
    throw new UsageError(`its members differ in ${factor}`, record.name, `open it over ${factor}`);
  const { root, probe } = options;
  const over = await openRun(pilot, { root, probe, axis: factor, where: held });
  return { ...over, complete: over.complete.filter(({ moment }) => moment === undefined) };
}

/** Throws UsageError for a value of 0: a design interpolates on a logarithmic scale. */
function refuseNoLogarithm(
  members: readonly { readonly record: { readonly width: number } }[],
  words: FamilyWords,
): void {
  if (members.every(({ record }) => record.width > 0)) return;
  throw new UsageError(
    `${words.scale} 0 has no logarithm, and a design interpolates on that scale`,
    '--axis',
    'give another',
  );
}

/** The pilot's experiment with the values that are held; only seeds vary. */
function heldExperiment(experiment: Experiment, { width, ...factors }: OpenRun['held']): Experiment {
  const own = experimentAt(experiment, { factors });
  return width === undefined ? own : { ...own, widths: [width] };
}

/** The option whose values are proposed. */
function valuesOf(
  { widths }: Design,
  { scale, isCoordinate }: FamilyWords,
): Readonly<Record<string, readonly number[]>> {
  return { [isCoordinate && scale !== 'width' ? scale : 'widths']: widths };
}

function commandsOf({
  pilot,
  words,
  file,
  run,
  claim,
  design: { standard, induced },
}: Pick<ProposedDesign, 'words' | 'file' | 'run' | 'claim' | 'design'> & {
  readonly pilot: Pick<RunRecord, 'name' | 'probe'>;
}): ProposedDesign['commands'] {
  const typed = /^[\w./-]+$/.test(file) ? file : JSON.stringify(file);
  const over = words.isCoordinate ? ` --axis ${words.scale}` : '';
  const of = pilot.probe === undefined ? '' : ` --probe ${pilot.probe}`;
  const metrics = `--standard ${standard.id} --induced ${induced.id}${over}${of}`;
  return {
    seal: commandLine(`claim seal ${pilot.name} --experiment ${typed} ${metrics} --claim "${claim}"`),
    train: commandLine(`train --experiment ${typed}`),
    score: commandLine(`claim score ${run}`),
  };
}

/** A pilot must be complete: a width may be missing because of what it would have shown. */
function refuseUnfinished({ absent, record }: Pick<OpenRun, 'absent' | 'record'>): void {
  if (absent.length === 0) return;
  throw new UsageError(
    `is not complete: ${counted(absent.length, 'member')} missing, such as ${firstOf(absent)}`,
    record.name,
    commandLine(`train --run ${record.name}`),
  );
}

/** The name of the run that an experiment file makes. Throws UsageError if file or run already exist. */
async function newRunOf(file: string, { force = false, root = checkpoints }: DesignOptions): Promise<string> {
  if (!/\.ya?ml$/i.test(file)) throw new UsageError(`"${file}" is not a YAML file`, '--output', 'name it FILE.yaml');
  if (!force) await refuseExisting([file]);
  await assertOutput(file, '--output');
  const name = path.basename(file).replace(/\.ya?ml$/i, '');
  const run = present(runNameOf({}, { path: file, name, values: { arch: 'cnn' }, places: {} }));
  if ((await readRunRecord(runFolder(root, run))) !== undefined)
    throw new UsageError(
      `run "${run}" already exists, and the run is named after the file`,
      '--output',
      'give another',
    );
  return run;
}
