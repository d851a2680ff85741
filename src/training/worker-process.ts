/**
 * A worker process, with its own threads, memory and crashes, as its parent sees it: how it is started, told something and ended. It gets
 * jobs or a question as a message and answers with events. Its output is kept and shown only as its last words; the terminal belongs to the
 * parent.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { withoutInformation } from '../install/log.js';
import { messageOf } from '../terminal/errors.js';
import { aheadArgument } from './events.js';
import { parentVariable } from './orphan.js';

type Environment = Readonly<Record<string, string>>;

export interface WorkerProgram {
  /** JavaScript or TypeScript. */
  readonly workerFile: string;
  /** Options of Node; default: those that let it run TypeScript. */
  readonly execArgv?: readonly string[];
}

/**
 * Time between SIGTERM, on which a worker saves its progress in an epoch, and SIGKILL. Its files are whole at every
 * moment.
 */
const graceMilliseconds = 20_000;
/** Time that a finished worker may take to exit. */
export const farewellMilliseconds = 10_000;
const lastLines = 20;

/** A worker process. */
export interface Worker {
  readonly process: ChildProcess;
  readonly words: LastWords;
  /** Resolves, to why it ended in words for the user, when all that it wrote has arrived. */
  readonly exit: Promise<string>;
}

/** A worker, which waits for its message. */
export function startWorker(
  { environment }: { readonly environment: Environment },
  { workerFile, execArgv = typescriptArguments(workerFile) }: WorkerProgram,
  words: readonly string[] = [],
): Worker {
  const child = spawn(process.execPath, [...execArgv, workerFile, ...words], {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    // JSON would turn a loss of NaN into null.
    serialization: 'advanced',
    env: { ...process.env, ...environment, [parentVariable]: String(process.pid) },
  });
  return { process: child, words: new LastWords(child), exit: exitOf(child) };
}

function exitOf(worker: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    worker.on('error', (error) => {
      if (worker.pid === undefined) resolve(`could not be started (${messageOf(error)})`);
    });
    // 'close' and not 'exit': then its last words have arrived.
    worker.on('close', (code, signal) => {
      resolve(signal === null ? describeCode(code) : describeSignal(signal));
    });
  });
}

/** A worker that dies before it has read the message breaks the channel; how it ended is more informative than the broken pipe. */
export function send({ process: child }: Worker, message: object): void {
  child.send(message, () => undefined);
}

/** Resolved here, so that the worker's working folder does not matter. */
function typescriptArguments(workerFile: string): string[] {
  if (!workerFile.endsWith('.ts')) return [];
  return ['--import', pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href];
}

function describeCode(code: number | null): string {
  return code === 0 ? 'the worker ended before it had finished' : `the worker ended with exit code ${String(code)}`;
}

const causes: Readonly<Partial<Record<NodeJS.Signals, string>>> = {
  SIGKILL: ', usually because memory ran out',
  SIGSEGV: ', a crash in native code',
  SIGABRT: ', a failed check in native code or memory that ran out',
  SIGBUS: ', a crash in native code or a full disk',
  SIGILL: ', an instruction that this processor does not support',
};

function describeSignal(signal: NodeJS.Signals): string {
  return `the worker was killed by ${signal}${causes[signal] ?? ''}`;
}

export function endGently(worker: ChildProcess): void {
  worker.kill('SIGTERM');
  killAfter(worker, graceMilliseconds);
}

/** Unless it ends earlier, or the signal comes. */
export function killAfter(worker: ChildProcess, milliseconds: number, signal?: AbortSignal): void {
  if (worker.exitCode !== null || worker.signalCode !== null) return;
  const timer = setTimeout(() => worker.kill('SIGKILL'), milliseconds);
  const forget = () => {
    clearTimeout(timer);
    // A worker has many jobs, and Node warns of more than ten listeners.
    worker.off('exit', forget);
  };
  worker.once('exit', forget);
  signal?.addEventListener('abort', forget);
}

/** False from the moment in which it is killed, which is before it has ended. */
export function isUsable({ process: { connected, killed, exitCode, signalCode } }: Worker): boolean {
  return connected && !killed && exitCode === null && signalCode === null;
}

/** Workers that wait for a job: those that have finished one, and those that were started before any was known. */
export class IdleWorkers {
  /** The environment is undefined while none is set: a worker that was started ahead takes that of its first job. */
  readonly #workers: { readonly environment: string | undefined; readonly worker: Worker }[] = [];
  readonly #dismissed: Promise<unknown>[] = [];

  /** Starts a worker, which loads its program while the run is planned. */
  startAhead(program: WorkerProgram): Worker {
    const worker = startWorker({ environment: {} }, program, [aheadArgument]);
    this.#workers.push({ environment: undefined, worker });
    return worker;
  }

  /** One that has finished a job in this environment. */
  add(environment: Environment, worker: Worker): void {
    this.#workers.push({ environment: JSON.stringify(environment), worker });
  }

  /** One that can do the job, which leaves the list. */
  take({
    environment,
    sharesWorker = false,
  }: {
    environment: Environment;
    sharesWorker?: boolean;
  }): Worker | undefined {
    const text = JSON.stringify(environment);
    const found = this.#workers.findIndex(
      (idle) =>
        isUsable(idle.worker) && (idle.environment === undefined || (sharesWorker && idle.environment === text)),
    );
    return this.#workers.splice(found < 0 ? this.#workers.length : found, 1)[0]?.worker;
  }

  /** Ends all of the list. */
  dismiss(): void {
    for (const { worker } of this.#workers.splice(0)) {
      // Not `disconnect`, after which Node emits no 'close'.
      worker.process.kill('SIGTERM');
      killAfter(worker.process, farewellMilliseconds);
      this.#dismissed.push(worker.exit);
    }
  }

  /** Resolves when all that were dismissed have ended. */
  async gone(): Promise<void> {
    await Promise.all(this.#dismissed);
  }
}

/** The last lines of what a process writes to stdout and stderr, together. */
class LastWords {
  #text = '';

  constructor(worker: ChildProcess) {
    for (const stream of [worker.stdout, worker.stderr]) {
      stream?.setEncoding('utf8');
      stream?.on('data', (chunk: string) => {
        this.#text = (this.#text + chunk).slice(-8000);
      });
    }
  }

  clear(): void {
    this.#text = '';
  }

  text(): string {
    return withoutInformation(this.#text).trimEnd().split('\n').slice(-lastLines).join('\n');
  }
}
