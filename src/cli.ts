/** The commands of the program. Imports nothing heavy, so that help is there at once; commands do so when they run. */
import { Command, type CommandUnknownOpts } from '@commander-js/extra-typings';
import { commandLine, guide, packageJson } from './machine/installation.js';
import { registerClean } from './commands/clean.js';
import { registerClaim } from './commands/claim.js';
import { registerCompare } from './commands/compare.js';
import { registerCompletion } from './commands/completion.js';
import { registerDatasets } from './commands/datasets.js';
import { registerDesign } from './commands/design.js';
import { registerDoctor } from './commands/doctor.js';
import { registerExport } from './commands/export.js';
import { registerExperiments } from './commands/experiments.js';
import { registerEvaluate } from './commands/evaluate.js';
import { registerForecast } from './commands/forecast/index.js';
import { registerRuns } from './commands/runs.js';
import { registerImport } from './commands/import.js';
import { registerMetrics } from './commands/metrics.js';
import { registerNatural } from './commands/natural.js';
import { registerReport } from './commands/report.js';
import { registerScaling } from './commands/scaling.js';
import { registerCollapse } from './commands/collapse.js';
import { registerSearch } from './commands/search.js';
import { registerQuanta } from './commands/quanta.js';
import { registerSeeds } from './commands/seeds.js';
import { registerSetup } from './commands/setup.js';
import { registerShow } from './commands/show.js';
import { registerSweep } from './commands/sweep.js';
import { registerTheory } from './commands/theory.js';
import { registerTrain } from './commands/train.js';
import { registerWatch } from './commands/watch.js';
import { examples, typeAs, type AsTyped } from './commands/examples.js';

/** In the order of help. */
const commands = [
  registerTrain,
  registerExperiments,
  registerRuns,
  registerShow,
  registerWatch,
  registerClean,
  registerImport,
  registerDatasets,
  registerEvaluate,
  registerSweep,
  registerCompare,
  registerTheory,
  registerScaling,
  registerCollapse,
  registerSearch,
  registerForecast,
  registerDesign,
  registerClaim,
  registerMetrics,
  registerQuanta,
  registerSeeds,
  registerNatural,
  registerReport,
  registerExport,
  registerSetup,
  registerDoctor,
  registerCompletion,
];

/**
 * Anew each time: commander keeps in it what it has parsed.
 *
 * @param asTyped how help says the program's commands
 */
export function createProgram(asTyped: AsTyped = commandLine): CommandUnknownOpts {
  const program = typeAs(new Command('emergence'), asTyped)
    .description(
      'Train families of vision models and see how much of their emergence comes from the model and how much from the metric.',
    )
    .version(packageJson().version, '--version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand('help [command]', 'print the help of a command')
    .addHelpText('after', examples('train --arch cnn --widths 8,16,32,64'))
    .addHelpText('after', `\nTerms such as member, bow and seal: ${guide('glossary.md')}`)
    // Commands take these over as they are added: commander neither prints errors nor ends the process.
    .exitOverride()
    .configureOutput({ outputError: () => undefined })
    .showSuggestionAfterError();
  for (const register of commands) register(program);
  return program;
}
