/** Runs the program: exit codes, and what its user is told when something goes wrong. */
import { CommanderError } from 'commander';
import { createProgram } from './cli.js';
import { diskError, isSystemError } from './machine/files.js';
import { codeOf, isReported, messageOf, RunError } from './terminal/errors.js';
import { guardTerminal } from './terminal/guard.js';

/** What a shell reports for a program that SIGPIPE ended: the reader of our output has gone. */
const closedPipeExitCode = 141;

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
  // What the system refuses is no bug, even where nobody foresaw it.
  if (isSystemError(error)) return report(diskError(error, error.path ?? 'the system'));
  const stack = error instanceof Error ? (error.stack ?? error.message) : messageOf(error);
  const request = 'error: this is a bug in emergence; please report it with the command and these lines';
  process.stderr.write(`${request}\n${stack}\n`);
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

guardTerminal();
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
