/** `emergence train --launcher slurm`: has a cluster train a run. */
import { Option, type CommandUnknownOpts } from '@commander-js/extra-typings';
import * as path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { SlurmInput } from '../launch/options.js';
import type { LaunchResult } from '../library/launch.js';
import type { TrainOptions } from '../library/train.js';
import { keyOfOption } from '../experiment/schema.js';
import { commandLine } from '../machine/installation.js';
import { counted } from '../terminal/format.js';
import { UsageError } from '../terminal/errors.js';
import { whole } from './options.js';
import { jsonOf, print } from './print.js';

/** Options of a launch; undefined without one. */
export interface LaunchFlags {
  readonly slurm: SlurmInput;
  readonly dryRun: boolean;
  readonly wait: boolean;
}

const launchOptions = [
  new Option('--partition <name>', 'with --launcher: the partition'),
  new Option(
    '--time <time>',
    "with --launcher: time limit of each task, such as 90, 12:00:00 or 2-00 (default: the partition's)",
  ),
  new Option('--account <name>', 'with --launcher: the account to charge'),
  new Option('--gres <list>', 'with --launcher: resources of each task, such as gpu:1'),
  new Option('--array-limit <n>', 'with --launcher: number of tasks that may run at once').argParser(
    whole('--array-limit', 1, 1_000_000),
  ),
  new Option('--pack <n>', 'with --launcher: members per task, trained one after another (default: 1)').argParser(
    whole('--pack', 1, 1_000_000),
  ),
  new Option('--wait', 'with --launcher: wait until the jobs have ended, then show the table'),
  new Option('--dry-run', 'with --launcher: write and print the script, submit nothing'),
];

/** Adds them to `train`. */
export function addLaunchOptions<C extends CommandUnknownOpts>(command: C): C {
  command.addOption(
    new Option(
      '--launcher <name>',
      'have a cluster train the members instead: slurm (docs/clusters.md); a new run gets --threads 1 unless you choose another number',
    ),
  );
  for (const option of launchOptions) command.addOption(option);
  return command;
}

/** Throws UsageError for an unknown launcher, and for options of a launch without one. */
export function launchFlagsOf(raw: Readonly<Record<string, unknown>>): LaunchFlags | undefined {
  const given = launchOptions.filter((option) => raw[option.attributeName()] !== undefined);
  const { launcher } = raw;
  if (launcher === undefined) {
    const [first] = given;
    if (first === undefined) return undefined;
    throw new UsageError('needs --launcher', first.long ?? '', 'add --launcher slurm, or leave it out');
  }
  if (launcher !== 'slurm')
    throw new UsageError('is unknown', `--launcher ${JSON.stringify(launcher)}`, 'known: slurm');
  if (raw['eager'] === true || raw['jobs'] !== undefined)
    throw new UsageError(
      'is for training on one machine',
      raw['eager'] === true ? '--eager' : '--jobs',
      'leave it out; --array-limit N limits the tasks that run at once',
    );
  const values = given.map((option) => [keyOfOption(option.attributeName()), raw[option.attributeName()]] as const);
  const { wait, dryRun, ...slurm } = Object.fromEntries(values);
  if (wait === true && dryRun === true)
    throw new UsageError('waits for jobs that --dry-run does not submit', '--wait', 'leave one of the two out');
  return { slurm, dryRun: dryRun === true, wait: wait === true };
}

export interface ShownLaunch {
  /** The run's folder. */
  readonly folder: string;
  /** Whether no job has any of its members any more, so that the table can be shown. */
  readonly isEnded: boolean;
}

export async function launchTraining(
  options: TrainOptions,
  { slurm, dryRun, wait, json }: LaunchFlags & { readonly json: boolean },
): Promise<ShownLaunch> {
  const { launch } = await import('../library/launch.js');
  const result = await launch({ ...options, slurm, dryRun });
  const { folder, launched, queued, jobs, launch: place } = result;
  const say = (line: string) => {
    console.error(line);
  };
  if (queued.length > 0 && place === undefined && json)
    console.log(jsonOf({ type: 'launched', folder, launch: null, jobs, members: [], queued }, undefined, 0));
  if (queued.length > 0) say(`${counted(queued.length, 'member')} of ${folder} are in the queue already`);
  if (place === undefined && queued.length === 0) return { folder, isEnded: true };
  if (place !== undefined && dryRun) {
    printDryRun(result, json);
  } else if (place !== undefined) {
    if (json)
      console.log(jsonOf({ type: 'launched', folder, launch: place, jobs, members: launched, queued }, undefined, 0));
    else {
      const [summary, ...arrays] = [...jobs].reverse();
      print(
        [
          `launched ${counted(launched.length, 'member')} as ${counted(arrays.length, 'job array')} ${arrays.reverse().join(', ')}; job ${summary ?? ''} draws the table`,
          `launch   ${place}`,
          `next     ${commandLine(`watch ${path.basename(folder)}`)}`,
        ].join('\n'),
      );
    }
  }
  return { folder, isEnded: wait && (await hasEnded(result, options.signal)) };
}

function printDryRun({ script, launch, byHand }: LaunchResult, json: boolean): void {
  if (json) console.log(jsonOf({ type: 'dry-run', launch, script, byHand }, undefined, 0));
  else process.stdout.write(script ?? '');
  // A line each, as line breaks are escaped in an error stream.
  for (const line of ['planned, nothing submitted; by hand:', ...byHand.map((each) => `  ${each}`)])
    console.error(line);
}

/** Pause between two questions to Slurm, which many users ask. */
const intervalMilliseconds = 5000;

/** Waits until no job of the run is waiting or running. Ctrl-C leaves the jobs alone and returns false. */
async function hasEnded(result: LaunchResult, signal: AbortSignal | undefined): Promise<boolean> {
  const { isUnderWay, jobsOf } = await import('../launch/state.js');
  const { queueOf } = await import('../launch/slurm.js');
  const { isLiving, jobsText } = await import('../runs/jobs.js');
  let before = '';
  for (;;) {
    const jobs = await jobsOf(result.folder);
    const drawing = await queueOf(result.jobs.slice(-1));
    const living = [...jobs.values()].filter(isLiving);
    const isSilent = drawing === undefined || [...jobs.values()].some(({ state }) => state === 'unknown');
    const isDrawing = drawing?.some(isUnderWay) === true;
    if (!isSilent && living.length === 0 && !isDrawing) return true;
    const line = isSilent ? 'Slurm does not answer' : living.length > 0 ? jobsText(living) : 'drawing the table';
    if (line !== before) console.error(line);
    before = line;
    await sleep(intervalMilliseconds, undefined, signal === undefined ? {} : { signal }).catch(() => undefined);
    if (signal?.aborted === true) {
      console.error(
        `no longer waiting; the jobs keep running: ${commandLine(`watch ${path.basename(result.folder)}`)}`,
      );
      return false;
    }
  }
}
