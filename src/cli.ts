/** The program: its commands and its exit codes. Imports nothing heavy, so that help is there at once; commands do so when they run. */
import { createRequire } from 'node:module';
import { Command, CommanderError } from 'commander';
import { registerCompare } from './commands/compare.js';
import { registerDatasets } from './commands/datasets.js';
import { registerDoctor } from './commands/doctor.js';
import { registerEvaluate } from './commands/evaluate.js';
import { registerMetrics } from './commands/metrics.js';
import { registerNatural } from './commands/natural.js';
import { registerReport } from './commands/report.js';
import { registerSearch } from './commands/search.js';
import { registerQuanta } from './commands/quanta.js';
import { registerSetup } from './commands/setup.js';
import { registerSweep } from './commands/sweep.js';
import { registerTheory } from './commands/theory.js';
import { registerTrain } from './commands/train.js';
import { codeOf, isReported, messageOf, RunError } from './terminal/errors.js';

/** What a shell reports for a program that SIGPIPE ended: the reader of our output has gone. */
const closedPipeExitCode = 141;

function createProgram(): Command {
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
  registerDatasets(program);
  registerEvaluate(program);
  registerSweep(program);
  registerCompare(program);
  registerTheory(program);
  registerSearch(program);
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

/** Runs one command line (without `node` and the script) and returns the exit code. */
async function main(words: readonly string[]): Promise<number> {
  try {
    await createProgram().parseAsync(words, { from: 'user' });
    // A command that found something wrong, such as doctor, has said so itself.
    return Number(process.exitCode ?? 0);
  } catch (error) {
    return report(error);
  }
}

/** Prints what was thrown, as its user needs it, and returns the exit code. */
function report(error: unknown): number {
  if (error instanceof CommanderError) return reportUsage(error);
  if (codeOf(error) === 'EPIPE') return closedPipeExitCode;
  if (isReported(error)) {
    console.error(`error: ${error.message}`);
    return error.exitCode;
  }
  const stack = error instanceof Error ? (error.stack ?? error.message) : messageOf(error);
  console.error(`error: this is a bug in emergence; please report it with the command and these lines\n${stack}`);
  return 1;
}

/** Commander throws for help and version too, which are no errors. */
function reportUsage({ exitCode, code, message }: CommanderError): number {
  if (exitCode === 0) return 0;
  if (code === 'commander.excessArguments') {
    const first = message.split('. ')[0]!;
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

function exitOnClosedPipe(error: NodeJS.ErrnoException): void {
  if (error.code === 'EPIPE') process.exit(closedPipeExitCode);
  process.exit(report(new RunError(`can't be written (${error.code ?? error.message})`, 'standard output')));
}

process.stdout.on('error', exitOnClosedPipe);
process.stderr.on('error', exitOnClosedPipe);
process.on('uncaughtException', (error) => {
  process.exit(report(error));
});
const exitCode = await main(process.argv.slice(2));
// What is still on its way out may fail: a full disk behind a redirection is told by the listener above.
await new Promise<void>((resolve) =>
  process.stdout.write('', () => {
    resolve();
  }),
);
process.exit(exitCode);
