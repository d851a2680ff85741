/** `emergence train`: train what is missing, show the family's curves. */
import * as path from 'node:path';
import type { CommandUnknownOpts } from '@commander-js/extra-typings';
import { addTrainOptions, experimentFileOf, parseTyped, typedAs, type RawOptions } from '../experiment/options.js';
import type { TrainOptions } from '../library/train.js';
import { checkpoints, locateRun } from '../runs/locate.js';
import { UsageError } from '../terminal/errors.js';
import { commandLine } from '../machine/installation.js';
import { examples } from './examples.js';
import { addLaunchOptions, launchFlagsOf, launchTraining } from './launch.js';
import { format, size, title } from './options.js';
import { jsonOf, print } from './print.js';
import type { TrainResult } from '../training/train.js';
import { figureOptionsOf, type FigureOptions } from '../report/figures/print.js';

export function registerTrain(program: CommandUnknownOpts): void {
  addLaunchOptions(
    addTrainOptions(
      program.command('train').description('train a family, or the members a run is missing, and plot its curves'),
    ),
  )
    .option('--summary-only', 'train nothing: the table and the pictures of the members of --run that are complete')
    .addOption(size)
    .addOption(format)
    .addOption(title)
    .addHelpText(
      'after',
      examples(
        'train --arch cnn --widths 8,16,32,64',
        'train --experiment smoke',
        'train --experiment smoke --launcher slurm --partition main --time 30',
      ),
    )
    .action(async (raw) => {
      process.exitCode = await train(raw);
    });
}

/** Exit code: 0 with every member complete, 1 where one failed, 75 where another process has one, 130 after Ctrl-C, 143 after SIGTERM. */
async function train(raw: RawOptions): Promise<number> {
  const { train: trainRun } = await import('../library/train.js');
  const { busyExitCode } = await import('../training/train-member.js');
  const { displayMode, openDisplay } = await import('../training/display.js');
  const { stopOnSignals } = await import('../terminal/signals.js');

  const { typed, execution, flags } = parseTyped(raw);
  const printed = figureOptionsOf(raw);
  const launched = launchFlagsOf(raw);
  if (raw['summaryOnly'] === true) {
    if (execution.run === undefined)
      throw new UsageError('needs the name of a run', '--summary-only', 'add --run NAME');
    await showSummary(await locateRun(execution.run, checkpoints), flags.json, printed);
    return 0;
  }
  const stop = stopOnSignals();
  const mode = displayMode(flags);
  let display = openDisplay(mode, []);
  const options: TrainOptions = {
    ...{ ...typed, ...execution, experiment: experimentFileOf(raw), signal: stop.signal },
    ...{ eager: flags.eager, tensorboard: flags.tensorboard, planOnly: flags.planOnly, typedAs: typedAs(raw) },
    listener: {
      note: (line) => {
        display.note(line);
      },
      planned: (members) => {
        display.close();
        display = openDisplay(mode, members);
      },
      event: (event) => {
        display.event(event);
      },
    },
  };
  if (launched !== undefined) {
    const launch = await launchTraining(options, { ...launched, json: flags.json }).finally(() => {
      display.close();
      stop.release();
    });
    if (typeof launch === 'number') return launch;
    const missing = await showSummary(launch.folder, flags.json, printed);
    return missing > 0 ? 1 : 0;
  }
  const result = await trainRun(options)
    .catch((error: unknown) => {
      // What was being installed has been stopped.
      if (stop.signal.aborted) return undefined;
      throw error;
    })
    .finally(() => {
      display.close();
      stop.release();
    });
  if (result === undefined || stop.signal.aborted) {
    console.error(`stopped; run the same command again to resume${result === undefined ? '' : `: ${result.folder}`}`);
    return stop.exitCode();
  }
  if (flags.planOnly) {
    showPlan(result, flags.json);
    return 0;
  }
  // Where others have all there is, there is nothing to show yet.
  if (result.busy.length > 0 && result.kept.length + result.trained.length === 0) return busyExitCode;
  await showSummary(result.folder, flags.json, printed);
  return result.failed.length > 0 ? 1 : result.busy.length > 0 ? busyExitCode : 0;
}

function showPlan({ folder, kept, planned }: TrainResult, json: boolean): void {
  if (json) {
    console.log(jsonOf({ type: 'plan', folder, complete: kept, planned }, undefined, 0));
    return;
  }
  print(`run      ${folder}`);
  print(`members  ${planned.length} to train, ${kept.length} complete`);
  if (planned.length > 0) print(`next     ${commandLine(`train-member ${path.basename(folder)} --next`)}`);
}

/** @returns how many members are not complete */
async function showSummary(folder: string, json: boolean, printed: FigureOptions): Promise<number> {
  const { summariseRun } = await import('../report/train.js');
  const { table, findings, rows, figures, sharpness, missing } = await summariseRun(folder, printed);
  if (json) {
    console.log(jsonOf({ type: 'summary', folder, rows, sharpness: sharpness ?? null, figures }, undefined, 0));
    return missing;
  }
  const lines = [
    ...[table, ''],
    ...findings,
    ...(findings.length > 0 ? [''] : []),
    `run      ${folder}`,
    ...figures.map((file, i) => `${i === 0 ? 'picture ' : '        '} ${file}`),
    // How the induced curve compares with a published one, and with smooth growth; chosen again, as it was chosen on the outcomes.
    ...(sharpness === undefined
      ? []
      : [`next     ${commandLine(`compare ${path.basename(folder)} --natural overlay:opt-2digit-addition`)}`]),
  ];
  print(lines.join('\n'));
  return missing;
}
