/**
 * Worker processes, each with its own threads, memory and crashes: one trains a member, or a stack of members as one program, and then the
 * next that needs the same environment, as its start costs more than a second. A worker gets its jobs as a message and answers with events.
 * Its output is kept and shown only as its last words; the terminal belongs to the parent. No worker outlives the pool, which ends when all
 * are gone; `orphan.ts` handles the rest.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { withoutInformation } from '../install/log.js';
import { firstThatFits } from '../experiment/plan.js';
import { firstOf } from '../machine/present.js';
import type { Held } from '../machine/lock.js';
import { messageOf } from '../terminal/errors.js';
import { aheadArgument, isReady, isTrainingEvent, type JobMessage, type TrainingEvent } from './events.js';
import { parentVariable } from './orphan.js';

/** What one worker does. */
export interface PoolJob {
  /** At least one; they all start together. */
  readonly members: readonly PoolMember[];
  /** Cores that it occupies. */
  readonly threads: number;
  /** Added to the parent's own environment. */
  readonly environment: Readonly<Record<string, string>>;
  /** Whether one worker may do several such jobs of the same environment, one after the other. Default: each has its own. */
  readonly sharesWorker?: boolean;
}

export interface PoolMember {
  readonly id: string;
  /** The message to the worker; plain data. */
  readonly job: unknown;
  /** Takes the member's lock just before it is trained; throws if that is impossible. */
  readonly take?: (() => Promise<Taken>) | undefined;
}

/** Or why there is nothing to do: another process is training it, or has done so. */
export type Taken = Grip | 'busy' | 'kept';

/** What a job holds while it runs, such as a lock. */
export interface Grip extends Pick<Held, 'lost' | 'share' | 'release'> {
  /** The message to the worker, in place of the job's own. */
  readonly job: unknown;
}

export interface PoolOptions {
  /** In the order in which they are to start: longest first. */
  readonly jobs: readonly PoolJob[];
  /** Threads of all workers that run at once; a job with more of them runs alone. */
  readonly maxThreads: number;
  /** Maximum number of workers at once, whatever their threads. */
  readonly maxJobs?: number | undefined;
  /** GPUs to use, as CUDA_VISIBLE_DEVICES names them: each worker gets the one with the fewest workers, and sees no other. */
  readonly gpus?: readonly string[] | undefined;
  /** The worker's program, JavaScript or TypeScript. */
  readonly workerFile: string;
  /** Options of Node for the worker; default: those that let it run TypeScript. */
  readonly execArgv?: readonly string[];
  /** For the first job. */
  readonly spare?: SpareWorker | undefined;
  readonly onEvent: (event: TrainingEvent) => void;
  /** Stops all workers and starts no more. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Ids of the members, each in exactly one list; `kept` and `busy` were never started; `stopped` by the signal, whether started or not.
 */
export interface PoolResult {
  readonly complete: readonly string[];
  readonly kept: readonly string[];
  readonly busy: readonly string[];
  readonly failed: readonly string[];
  readonly stopped: readonly string[];
}

type Outcome = keyof PoolResult;

/**
 * Time between SIGTERM, on which a worker saves its progress in an epoch, and SIGKILL. Its files are whole at every
 * moment.
 */
const graceMilliseconds = 20_000;
/** Time that a finished worker may take to exit. */
const farewellMilliseconds = 10_000;
const lastLines = 20;

/** Runs all jobs. Resolves when no worker is left; a member's failure is an event and an entry in the result. */
export async function runPool(options: PoolOptions): Promise<PoolResult> {
  const waiting = [...options.jobs];
  const running = new Map<
    PoolJob,
    { readonly threads: number; readonly gpu: string | undefined; readonly ended: Promise<void> }
  >();
  const result: Record<Outcome, string[]> = { complete: [], kept: [], busy: [], failed: [], stopped: [] };
  const idle = new IdleWorkers();

  const start = (job: PoolJob): void => {
    const gpu = freestGpu(options.gpus ?? [], [...running.values()]);
    const placed = gpu === undefined ? {} : { CUDA_VISIBLE_DEVICES: gpu };
    const environment = { ...job.environment, ...placed };
    const shared = job.sharesWorker === true ? idle.take(environment) : undefined;
    const ended = runJob({ ...job, environment }, options, shared).then(({ outcomes, worker }) => {
      for (const [id, outcome] of outcomes) result[outcome].push(id);
      running.delete(job);
      if (worker !== undefined) idle.add(environment, worker);
    });
    running.set(job, { threads: job.threads, gpu, ended });
  };
  for (;;) {
    if (isAborted(options)) result.stopped.push(...waiting.splice(0).flatMap(idsOf));
    const next = firstThatFits(waiting, { running: [...running.values()], ...options });
    if (next !== undefined) {
      start(...only(waiting.splice(next, 1)));
      continue;
    }
    // Whatever could start has started: the others would only hold memory.
    idle.dismiss();
    if (running.size === 0) break;
    await Promise.race([...running.values()].map(({ ended }) => ended));
  }
  await idle.gone();
  return result;
}

/** Workers that have finished a job and wait for another one. */
class IdleWorkers {
  readonly #workers: { readonly environment: string; readonly worker: Worker }[] = [];
  readonly #dismissed: Promise<unknown>[] = [];

  add(environment: PoolJob['environment'], worker: Worker): void {
    this.#workers.push({ environment: JSON.stringify(environment), worker });
  }

  /** One with this environment, which leaves the list. */
  take(environment: PoolJob['environment']): Worker | undefined {
    const text = JSON.stringify(environment);
    const found = this.#workers.findIndex((idle) => idle.environment === text && isAlive(idle.worker));
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

/** False from the moment in which it is killed, which is before it has ended. */
function isAlive({ process: { connected, killed, exitCode, signalCode } }: Worker): boolean {
  return connected && !killed && exitCode === null && signalCode === null;
}

/** The GPU with the fewest workers, the first in a tie. Undefined if there is no choice. */
function freestGpu(
  gpus: readonly string[],
  running: readonly { readonly gpu: string | undefined }[],
): string | undefined {
  if (gpus.length < 2) return undefined;
  const load = (gpu: string) => running.filter((worker) => worker.gpu === gpu).length;
  return gpus.reduce((best, gpu) => (load(gpu) < load(best) ? gpu : best));
}

/** Of the members of a job. */
export function idsOf({ members }: Pick<PoolJob, 'members'>): string[] {
  return members.map(({ id }) => id);
}

/** A function, as the compiler assumes that a property it has checked is unchanged. */
function isAborted({ signal }: PoolOptions): boolean {
  return signal?.aborted === true;
}

function only<T>(list: readonly T[]): [T] {
  return [firstOf(list)];
}

/** A member that is about to be trained, and what it is trained under. */
interface Ready {
  readonly id: string;
  readonly job: unknown;
  readonly grip: Grip | undefined;
}

interface Ended {
  /** What became of each member, by its id. */
  readonly outcomes: ReadonlyMap<string, Outcome>;
  /** If it can take another job. */
  readonly worker: Worker | undefined;
}

/** In the shared worker if there is one. Never rejects. */
async function runJob(job: PoolJob, options: PoolOptions, shared: Worker | undefined): Promise<Ended> {
  const outcomes = new Map<string, Outcome>();
  const ready: Ready[] = [];
  for (const { id, job: own, take } of job.members) {
    try {
      const taken = await take?.();
      if (typeof taken === 'string') outcomes.set(id, taken);
      else ready.push({ id, job: taken?.job ?? own, grip: taken });
    } catch (error) {
      options.onEvent({ type: 'failed', member: id, reason: messageOf(error), lastWords: '' });
      outcomes.set(id, 'failed');
    }
  }
  try {
    if (ready.length === 0 || isAborted(options)) return { outcomes, worker: shared };
    const found = shared !== undefined && isAlive(shared) ? shared : options.spare?.take();
    const worker = found ?? startWorker(job, options);
    try {
      const isIdle = await useWorker(worker, ready, { options, outcomes, environment: job.environment });
      return { outcomes, worker: isIdle ? worker : undefined };
    } catch (error) {
      // Such as a lock that cannot be shared, on a full disk.
      worker.process.kill('SIGKILL');
      await worker.exit;
      for (const { id: member } of ready.filter(({ id }) => !outcomes.has(id))) {
        outcomes.set(member, 'failed');
        options.onEvent({ type: 'failed', member, reason: messageOf(error), lastWords: '' });
      }
      return { outcomes, worker: undefined };
    }
  } finally {
    for (const { id } of ready) if (!outcomes.has(id)) outcomes.set(id, 'stopped');
    for (const { grip } of ready) await grip?.release();
  }
}

/**
 * A worker from its message until it is idle, which gives true, or has ended; the fate of its members goes to `outcomes`, except for those
 * that are stopped. Rejects if a lock cannot be shared with it.
 */
async function useWorker(
  worker: Worker,
  ready: readonly Ready[],
  {
    options,
    outcomes,
    environment,
  }: {
    readonly options: PoolOptions;
    readonly outcomes: Map<string, Outcome>;
    readonly environment: PoolJob['environment'];
  },
): Promise<boolean> {
  const { process: child, words } = worker;
  words.clear();
  // Before it gets its message: everything that it writes, it writes under the lock.
  if (child.pid !== undefined) for (const { grip } of ready) grip?.share(child.pid);
  const heard: { nonsense?: true } = {};
  const left = () => ready.map(({ id }) => id).filter((id) => !outcomes.has(id));
  const fail = (ids: readonly string[], { reason, lastWords = '' }: { reason: string; lastWords?: string }) => {
    for (const member of ids) {
      outcomes.set(member, 'failed');
      options.onEvent({ type: 'failed', member, reason, lastWords: lastWords === '' ? words.text() : lastWords });
    }
  };
  const over = new AbortController();
  const idle = new Promise<undefined>((resolve) => {
    const hear = (message: unknown) => {
      if (isReady(message)) {
        resolve(undefined);
        return;
      }
      if (!isTrainingEvent(message)) {
        heard.nonsense = true;
        child.kill('SIGKILL');
        return;
      }
      if (message.type === 'complete') outcomes.set(message.member, 'complete');
      if (message.type !== 'failed') options.onEvent(message);
      // A worker that can't read its jobs knows no member.
      else fail(ready.some(({ id }) => id === message.member) ? [message.member] : left(), message);
      if (left().length === 0) killAfter(child, farewellMilliseconds, over.signal);
    };
    child.on('message', hear);
    over.signal.addEventListener('abort', () => child.off('message', hear));
  });
  const stop = () => {
    endGently(child);
  };
  const drop = () => {
    child.kill('SIGKILL');
  };
  const locks = ready.flatMap(({ grip }) => (grip === undefined ? [] : [grip.lost]));
  options.signal?.addEventListener('abort', stop, { once: true, signal: over.signal });
  for (const lost of locks) lost.addEventListener('abort', drop, { once: true, signal: over.signal });
  const message: JobMessage = { type: 'job', jobs: ready.map((member) => member.job), environment };
  send(worker, message);
  const exit = await Promise.race([idle, worker.exit]);
  over.abort();
  if (isAborted(options)) {
    // One that was just about to stop listening may have missed the signal, and would wait for another job.
    if (exit === undefined) child.kill('SIGTERM');
    await worker.exit;
    return false;
  }
  const reason = heard.nonsense
    ? 'the worker sent a message that is not an event'
    : locks.some(({ aborted }) => aborted)
      ? 'its lock was lost: another process took it, or it was removed'
      : (exit ?? 'the worker says that it has finished');
  fail(left(), { reason });
  return exit === undefined && isAlive(worker);
}

/** A worker process. */
export interface Worker {
  readonly process: ChildProcess;
  readonly words: LastWords;
  /** Resolves, to why it ended in words for the user, when all that it wrote has arrived. */
  readonly exit: Promise<string>;
}

/** A worker that is started before its job is known: it loads its program while the run is planned. */
export class SpareWorker {
  #worker: Worker | undefined;

  constructor(options: Pick<PoolOptions, 'workerFile' | 'execArgv'>) {
    this.#worker = startWorker({ environment: {} }, options, [aheadArgument]);
  }

  /** Of the worker that can be taken; undefined without one. */
  get pid(): number | undefined {
    return this.#worker?.process.pid;
  }

  /** The worker, once, if it is still there. */
  take(): Worker | undefined {
    const worker = this.#worker;
    this.#worker = undefined;
    return worker !== undefined && isAlive(worker) ? worker : undefined;
  }

  /** Ends it, unless it was taken. */
  drop(): void {
    this.#worker?.process.kill('SIGKILL');
    this.#worker = undefined;
  }
}

/** A worker, which waits for its message. */
export function startWorker(
  { environment }: Pick<PoolJob, 'environment'>,
  { workerFile, execArgv = typescriptArguments(workerFile) }: Pick<PoolOptions, 'workerFile' | 'execArgv'>,
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

function endGently(worker: ChildProcess): void {
  worker.kill('SIGTERM');
  killAfter(worker, graceMilliseconds);
}

/** Unless it ends earlier, or the signal comes. */
function killAfter(worker: ChildProcess, milliseconds: number, signal?: AbortSignal): void {
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

/** The last lines of what a process writes to stdout and stderr, together. */
export class LastWords {
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
