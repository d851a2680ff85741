/** `emergence train`: trains missing members and shows the family's curves. */
import * as path from 'node:path';
import type { CommandUnknownOpts } from '@commander-js/extra-typings';
import { explainedDefaults } from '../experiment/default-reasons.js';
import { typedAs, type RawOptions } from '../experiment/option-values.js';
import { addTrainOptions, experimentFileOf, parseTyped } from '../experiment/options.js';
import { optionOf } from '../experiment/schema.js';
import type { TrainOptions } from '../library/train.js';
import { checkpoints, locateRun } from '../runs/locate.js';
import { isReported, UsageError } from '../terminal/errors.js';
import { commandLine } from '../machine/installation.js';
import { examples } from './examples.js';
import { addLaunchOptions, launchFlagsOf, launchTraining, type LaunchFlags } from './launch.js';
import { addPrintOptions } from './options.js';
import { jsonOf, print } from './print.js';
import { busyExitCode, sayStopped, showTraining } from './show-training.js';
import type { TrainResult } from '../training/train-family.js';
import { figureOptionsOf, type FigureOptions } from '../report/figures/figure-options.js';

export function registerTrain(program: CommandUnknownOpts): void {
  addPrintOptions(
    addLaunchOptions(
      addTrainOptions(
        program.command('train').description('train a family, or the members a run is missing, and plot its curves'),
      ),
    ).option('--summary-only', 'train nothing: show the table and the pictures of the complete members of --run'),
  )
    .addHelpText('after', defaultsText)
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

/** Why the defaults are so, below the options and in their columns. */
function defaultsText({ command }: { readonly command: CommandUnknownOpts }): string {
  const help = command.createHelp();
  help.prepareContext({ helpWidth: process.stdout.columns || 80 });
  const wide = Math.max(...explainedDefaults().map(([flag]) => flag.length));
  const lines = explainedDefaults().map(([flag, reason]) => help.formatItem(flag, wide, reason, help));
  return ['\nDefaults, why they are so and what to try:', ...lines].join('\n');
}

/** Exit code: 0 if every member is complete, 1 if one failed, 75 if another process has one, 130 after Ctrl-C, 143 after SIGTERM. */
async function train(raw: RawOptions): Promise<number> {
  const { train: trainRun } = await import('../library/train.js');

  const { typed, execution, flags } = parseTyped(raw);
  const printed = figureOptionsOf(raw);
  const launched = launchFlagsOf(raw);
  refuseTwoWays(raw);
  if (raw['summaryOnly'] === true) {
    refuseBesidesSummary(raw);
    if (execution.run === undefined)
      throw new UsageError('needs the name of a run', '--summary-only', 'add --run NAME');
    await showSummary(await locateRun(execution.run, checkpoints), flags.json, printed);
    return 0;
  }
  const options: TrainOptions = {
    ...{ ...typed, ...execution, experiment: experimentFileOf(raw) },
    ...{ eager: flags.eager, tensorboard: flags.tensorboard, planOnly: flags.planOnly, typedAs: typedAs(raw) },
  };
  if (launched !== undefined) return launchAndShow(options, { launched, json: flags.json, printed });
  const { result, stopped } = await showTraining(flags.json, (asked) => trainRun({ ...options, ...asked }));
  if (stopped !== undefined) {
    sayStopped(result?.folder);
    return stopped;
  }
  if (flags.planOnly) {
    showPlan(result, flags.json);
    return 0;
  }
  // If others have all members, there is nothing to show yet.
  if (result.busy.length === 0 || result.kept.length + result.trained.length > 0)
    await showSummary(result.folder, flags.json, printed);
  return result.failed.length > 0 ? 1 : result.busy.length > 0 ? busyExitCode : 0;
}

interface Launched {
  readonly launched: LaunchFlags;
  readonly json: boolean;
  readonly printed: FigureOptions;
}

async function launchAndShow(options: TrainOptions, { launched, json, printed }: Launched): Promise<number> {
  const { result, stopped } = await showTraining(
    json,
    (asked) => launchTraining({ ...options, ...asked }, { ...launched, json }),
    // The line that says which jobs are running has been printed.
    (error) => !isReported(error),
  );
  if (stopped !== undefined) {
    if (result === undefined) sayStopped();
    return stopped;
  }
  if (!result.isEnded) return 0;
  return (await showSummary(result.folder, json, printed)) > 0 ? 1 : 0;
}

/** Options that each replace training here by something else. Throws UsageError if two of them are given. */
function refuseTwoWays(raw: RawOptions): void {
  const instead = { '--plan-only': 'planOnly', '--launcher': 'launcher', '--summary-only': 'summaryOnly' };
  const [one, other] = Object.entries(instead).flatMap(([flag, key]) => (raw[key] === undefined ? [] : [flag]));
  if (one === undefined || other === undefined) return;
  throw new UsageError(`cannot be combined with ${one}`, other, 'give one of the two');
}

/** Options that say how a summary looks, or of which run it is; all others say how to train. */
const ofSummary = ['summaryOnly', 'run', 'json', 'size', 'format', 'title', 'style'];

/** Throws UsageError for an option that a summary would ignore. */
function refuseBesidesSummary(raw: RawOptions): void {
  const [other] = Object.keys(raw).filter((key) => raw[key] !== undefined && !ofSummary.includes(key));
  if (other === undefined) return;
  throw new UsageError(
    'trains nothing, so this option has no effect',
    '--summary-only',
    `leave out --${optionOf(other)}`,
  );
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

/** @returns the number of incomplete members */
async function showSummary(folder: string, json: boolean, printed: FigureOptions): Promise<number> {
  const { summariseRun } = await import('../report/run-summary.js');
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
