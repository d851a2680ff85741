/**
 * The two ways a command fails, as its user meets them: a mistake of the user's is one line and exit code 2, a failure of
 * the run itself (disk full, worker died, no compiler) one line and exit code 1. Neither shows a stack. Whatever a message is made
 * of, it is one line, and nothing in it steers a terminal.
 */
import { printable } from './printable.js';

/** Bad input. Exit code 2. `where` names the flag, file or key; `remedy` says what would be right. */
export class UsageError extends Error {
  readonly exitCode = 2;
  /** The option that is wrong, `--axis`; undefined if something else is. */
  readonly option: string | undefined;
  constructor(what: string, where?: string, remedy?: string) {
    super(sentence(what, where, remedy));
    this.name = 'UsageError';
    this.option = where?.startsWith('--') === true ? where : undefined;
  }
}

/** The input was fine and the work failed. Exit code 1. */
export class RunError extends Error {
  readonly exitCode = 1;
  constructor(what: string, where?: string, remedy?: string, options?: ErrorOptions) {
    super(sentence(what, where, remedy), options);
    this.name = 'RunError';
  }
}

function sentence(what: string, where: string | undefined, remedy: string | undefined): string {
  return printable(`${where === undefined ? '' : `${where}: `}${what}${remedy === undefined ? '' : `; ${remedy}`}`);
}

/** True for errors that carry a message meant for the user. */
export function isReported(error: unknown): error is UsageError | RunError {
  return error instanceof UsageError || error instanceof RunError;
}

/** The message of anything that was thrown; of TensorFlow's two lines ("Invalid TF_Status: 12", "Message: ...") what it says. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message.replace(/^Invalid TF_Status: \d+\nMessage: /, '') : String(error);
}

/** The code of a system error, such as ENOENT; undefined for anything else. */
export function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
