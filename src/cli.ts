/** The commands of the program. Imports nothing heavy, so that help is there at once; commands do so when they run. */
import { createRequire } from 'node:module';
import { Command } from 'commander';
import { registerClean } from './commands/clean.js';
import { registerCompare } from './commands/compare.js';
import { registerDatasets } from './commands/datasets.js';
import { registerDoctor } from './commands/doctor.js';
import { registerEvaluate } from './commands/evaluate.js';
import { registerForecast } from './commands/forecast.js';
import { registerRuns } from './commands/list-runs.js';
import { registerMetrics } from './commands/metrics.js';
import { registerNatural } from './commands/natural.js';
import { registerReport } from './commands/report.js';
import { registerSearch } from './commands/search.js';
import { registerQuanta } from './commands/quanta.js';
import { registerSetup } from './commands/setup.js';
import { registerShow } from './commands/show.js';
import { registerSweep } from './commands/sweep.js';
import { registerTheory } from './commands/theory.js';
import { registerTrain } from './commands/train.js';
import { registerWatch } from './commands/watch.js';

/** Anew each time: commander keeps in it what it has parsed. */
export function createProgram(): Command {
  const program = new Command('emergence')
    .description('Train families of vision models, and see what of their emergence is the model and what the metric.')
    .version(version(), '--version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand('help [command]', 'print the help of a command')
    .addHelpText('after', '\nExample:\n  $ emergence train --arch cnn --widths 8,16,32,64')
    // Commands take these over as they are added: commander neither prints errors nor ends the process.
    .exitOverride()
    .configureOutput({ outputError: () => undefined })
    .showSuggestionAfterError();
  registerTrain(program);
  registerRuns(program);
  registerShow(program);
  registerWatch(program);
  registerClean(program);
  registerDatasets(program);
  registerEvaluate(program);
  registerSweep(program);
  registerCompare(program);
  registerTheory(program);
  registerSearch(program);
  registerForecast(program);
  registerMetrics(program);
  registerQuanta(program);
  registerNatural(program);
  registerReport(program);
  registerSetup(program);
  registerDoctor(program);
  return program;
}

function version(): string {
  const { version } = createRequire(import.meta.url)('../package.json') as { version: string };
  return version;
}
