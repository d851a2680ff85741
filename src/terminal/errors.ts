/**
 * The two ways a command can fail: a user's mistake gives one line and exit code 2, a failure of the run itself (disk full, worker died,
 * no compiler) one line and exit code 1. Neither shows a stack. Whatever a message contains, it is one line, and cannot control the
 * terminal.
 */
import { printable } from './printable.js';

/** Bad input. Exit code 2. `where` names the flag, file or key; `remedy` says how to fix it. */
export class UsageError extends Error {
  readonly exitCode = 2;
  /** The option that is wrong, such as `--axis`; undefined if it is not an option. */
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

/** The result; undefined if it fails with a message meant for the user. Rejects on anything else. */
export async function unlessReported<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (isReported(error)) return undefined;
    throw error;
  }
}

/** The message of anything thrown; of TensorFlow's two lines ("Invalid TF_Status: 12", "Message: ...") only the message. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message.replace(/^Invalid TF_Status: \d+\nMessage: /, '') : String(error);
}

/** The code of a system error, such as ENOENT; undefined for anything else. */
export function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
