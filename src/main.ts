/** Starts the program: the terminal, the streams and the exit code. */
import { reportError, runCommandLine } from './cli.js';
import { codeOf, RunError } from './terminal/errors.js';
import { guardTerminal } from './terminal/guard.js';

function exitOnClosedPipe(error: NodeJS.ErrnoException): void {
  process.exit(
    reportError(
      codeOf(error) === 'EPIPE'
        ? error
        : new RunError(`can't be written (${error.code ?? error.message})`, 'standard output'),
    ),
  );
}

guardTerminal();
process.stdout.on('error', exitOnClosedPipe);
process.stderr.on('error', exitOnClosedPipe);
process.on('uncaughtException', (error) => {
  process.exit(reportError(error));
});
const exitCode = await runCommandLine(process.argv.slice(2));
// Output still on its way may fail: the listener above handles a full disk behind a redirection.
await new Promise<void>((resolve) =>
  process.stdout.write('', () => {
    resolve();
  }),
);
process.exit(exitCode);
