/** `emergence train`: parse, train what is missing, show the family's curves. */
import * as path from 'node:path';
import type { Command } from 'commander';
import {
  addTrainOptions,
  experimentFileOf,
  parseTrainOptions,
  runNameOf,
  type RawOptions,
} from '../experiment/options.js';
import type { ExperimentFile } from '../experiment/load.js';
import { commandLine } from '../machine/installation.js';
import { examples } from './examples.js';
import { jsonOf } from './runs.js';

const checkpoints = 'checkpoints';

export function registerTrain(program: Command): void {
  addTrainOptions(
    program.command('train').description('train a family, or the members a run is missing, and plot its curves'),
  )
    .addHelpText('after', examples('train --arch cnn --widths 8,16,32,64', 'train --experiment smoke'))
    .action(async (raw: RawOptions) => {
      process.exitCode = await train(raw);
    });
}

/** Exit code: 0 with every member complete, 1 where one failed, 130 after Ctrl-C, 143 after SIGTERM. */
async function train(raw: RawOptions): Promise<number> {
  const { readRunRecord, runFolder } = await import('../runs/run.js');
  const { defaultRunName, trainFamily } = await import('../training/train.js');
  const { displayMode, openDisplay } = await import('../terminal/progress.js');
  const { stopOnSignals } = await import('../terminal/signals.js');

  const file = await readExperiment(raw);
  const run = runNameOf(raw, file) ?? defaultRunName(parseTrainOptions(raw).experiment);
  // What the user leaves out comes from the run, where there is one.
  const record = await readRunRecord(runFolder(checkpoints, run));
  const options = parseTrainOptions(raw, { file, recorded: record?.experiment });
  const execution = { ...options.execution, run };

  const stop = stopOnSignals();
  const mode = displayMode(options.flags);
  let display = openDisplay(mode, []);
  const result = await trainFamily(
    { root: checkpoints, ...options, ...options.flags, execution, signal: stop.signal },
    {
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
  )
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
    console.error(`stopped; the same command goes on where it was: ${runFolder(checkpoints, run)}`);
    return stop.exitCode();
  }
  await showSummary(result.folder, options.flags.json);
  return result.failed.length > 0 ? 1 : 0;
}

async function readExperiment(raw: RawOptions): Promise<ExperimentFile | undefined> {
  const file = experimentFileOf(raw);
  if (file === undefined) return undefined;
  const { loadExperiment } = await import('../experiment/load.js');
  return loadExperiment(file);
}

async function showSummary(folder: string, json: boolean): Promise<void> {
  const { summariseRun } = await import('../report/summary.js');
  const summary = await summariseRun(folder);
  const lines = [
    summary.table,
    '',
    ...summary.findings,
    ...(summary.findings.length > 0 ? [''] : []),
    `run      ${folder}`,
    ...summary.figures.map((file, i) => `${i === 0 ? 'picture ' : '        '} ${file}`),
    ...(summary.sharpness === undefined ? [] : [`next     ${nextCommand(folder)}`]),
  ];
  const { rows, figures, sharpness } = summary;
  if (json)
    console.log(jsonOf({ type: 'summary', folder, rows, sharpness: sharpness ?? null, figures }, { indent: 0 }));
  else console.log(lines.join('\n'));
}

/** How the induced curve compares with a published one, and with smooth growth; chosen again, as it was chosen on the outcomes. */
function nextCommand(folder: string): string {
  const name = path.basename(folder);
  return commandLine(`compare ${name} --natural overlay:opt-2digit-addition`);
}
