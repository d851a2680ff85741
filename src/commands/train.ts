/** `emergence train`: train what is missing, show the family's curves. */
import * as path from 'node:path';
import type { CommandUnknownOpts } from '@commander-js/extra-typings';
import { addTrainOptions, experimentFileOf, parseTyped, typedAs, type RawOptions } from '../experiment/options.js';
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
  const stop = stopOnSignals();
  const mode = displayMode(flags);
  let display = openDisplay(mode, []);
  const result = await trainRun({
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
  })
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

async function showSummary(folder: string, json: boolean, printed: FigureOptions): Promise<void> {
  const { summariseRun } = await import('../report/train.js');
  const { table, findings, rows, figures, sharpness } = await summariseRun(folder, printed);
  if (json) {
    console.log(jsonOf({ type: 'summary', folder, rows, sharpness: sharpness ?? null, figures }, undefined, 0));
    return;
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
}
