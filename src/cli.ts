/**
 * The commands of the program, and the messages when something goes wrong. Imports nothing heavy, so that help appears at once; commands
 * import it when they run.
 */
import { Command, type CommandUnknownOpts } from '@commander-js/extra-typings';
import { CommanderError } from 'commander';
import { diskError, isSystemError } from './machine/disk-errors.js';
import { commandLine, guide, packageJson } from './machine/installation.js';
import { describeArguments } from './commands/arguments.js';
import { registerClean } from './commands/clean.js';
import { registerClaim } from './commands/claim.js';
import { registerCoordCheck } from './commands/coord-check.js';
import { registerCompare } from './commands/compare.js';
import { registerCompletion } from './commands/completion.js';
import { registerDatasets } from './commands/datasets.js';
import { registerDesign } from './commands/design.js';
import { registerDiff } from './commands/diff.js';
import { registerDoctor } from './commands/doctor.js';
import { registerExport } from './commands/export.js';
import { registerExperiments } from './commands/experiments.js';
import { registerEvaluate } from './commands/evaluate.js';
import { registerForecast } from './commands/forecast/index.js';
import { registerRuns } from './commands/runs.js';
import { registerImport } from './commands/import.js';
import { registerMetrics } from './commands/metrics.js';
import { registerNatural } from './commands/natural.js';
import { registerPower } from './commands/power.js';
import { registerPredict } from './commands/predict.js';
import { registerReport } from './commands/report.js';
import { registerScaling } from './commands/scaling.js';
import { registerCollapse } from './commands/collapse.js';
import { registerSignal } from './commands/signal.js';
import { registerSearch } from './commands/search.js';
import { registerQuanta } from './commands/quanta.js';
import { registerSeeds } from './commands/seeds.js';
import { registerSetup } from './commands/setup.js';
import { registerShow } from './commands/show.js';
import { registerSweep } from './commands/sweep.js';
import { registerTheory } from './commands/theory.js';
import { registerTrain } from './commands/train.js';
import { registerTrainMember } from './commands/train-member.js';
import { registerWatch } from './commands/watch.js';
import { firstOf } from './machine/present.js';
import { codeOf, isReported, messageOf } from './terminal/errors.js';
import { examples, typeAs, type AsTyped } from './commands/examples.js';

/** What a shell reports for a program that SIGPIPE ended: the reader of our output has gone. */
const closedPipeExitCode = 141;

/** In the order of help. */
const commands = [
  registerTrain,
  registerTrainMember,
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
  registerDiff,
  registerTheory,
  registerScaling,
  registerCollapse,
  registerSignal,
  registerSearch,
  registerForecast,
  registerCoordCheck,
  registerDesign,
  registerPower,
  registerClaim,
  registerMetrics,
  registerQuanta,
  registerSeeds,
  registerNatural,
  registerReport,
  registerExport,
  registerPredict,
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
  describeArguments(program, asTyped);
  for (const group of program.commands.filter(({ commands: inner }) => inner.length > 0)) nameInner(group);
  return program;
}

/** Errors of `import`, `datasets` and the like name what has to follow: an option there mostly means that it was forgotten. */
function nameInner(group: CommandUnknownOpts): void {
  const known = group.commands.map((each) => each.name()).join(', ');
  // Methods of commander's that its types leave out; it offers no other way to say this.
  const { unknownCommand } = group as CommandUnknownOpts & { unknownCommand: () => never };
  Object.assign(group, {
    // A group with options of its own, such as `runs`, is also a command: there the option may be a slip.
    ...(group.options.length === 0 && {
      unknownOption: (flag: string) =>
        group.error(`error: ${group.name()}: give one of ${known} before '${flag}'`, {
          code: 'commander.unknownOption',
        }),
    }),
    unknownCommand: () => {
      try {
        unknownCommand.call(group);
      } catch (error) {
        if (error instanceof CommanderError && !error.message.includes('Did you mean'))
          error.message += `; known: ${known}`;
        throw error;
      }
    },
  });
}

/** Runs one command line (without `node` and the script) and returns the exit code. */
export async function runCommandLine(words: readonly string[]): Promise<number> {
  try {
    await createProgram().parseAsync(words, { from: 'user' });
    // A command that found something wrong, such as doctor, has said so itself.
    return Number(process.exitCode ?? 0);
  } catch (error) {
    return reportError(error);
  }
}

/** Prints what was thrown, as its user needs it, and returns the exit code. */
export function reportError(error: unknown): number {
  if (error instanceof CommanderError) return reportUsage(error);
  if (codeOf(error) === 'EPIPE') return closedPipeExitCode;
  if (isReported(error)) {
    console.error(`error: ${error.message}`);
    return error.exitCode;
  }
  // An operating system error is not our bug, even an unforeseen one.
  if (isSystemError(error)) return reportError(diskError(error, error.path ?? 'the system'));
  const missing = codeOf(error) === 'ERR_MODULE_NOT_FOUND' && /module '(.+?)'/.exec(messageOf(error))?.[1];
  if (missing) {
    console.error(`error: ${missing}, a part of the program, was removed while it ran; run the same command again`);
    return 1;
  }
  const stack = error instanceof Error ? (error.stack ?? error.message) : messageOf(error);
  const request = 'error: this is a bug in emergence; please report it with the command and these lines';
  process.stderr.write(`${request}\n${stack}\n`);
  return 1;
}

/** Commander throws for help and version too, which are not errors. */
function reportUsage({ exitCode, code, message }: CommanderError): number {
  if (exitCode === 0) return 0;
  if (code === 'commander.excessArguments') {
    const first = firstOf(message.split('. '));
    console.error(
      `${first}; lists have commas and no spaces (--widths 8,16), and a file its option (--experiment FILE)`,
    );
    return 2;
  }
  // Without a command its help has been printed, and that says it all.
  if (code !== 'commander.help') console.error(oneLine(message));
  return 2;
}

/** `error: unknown option '--widhts'` and `(Did you mean --widths?)` come as two lines. */
function oneLine(message: string): string {
  return message.replace(/\n\(Did you mean (.*)\?\)$/, '; did you mean $1?').replaceAll('\n', ' ');
}
