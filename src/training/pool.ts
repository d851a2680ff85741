/**
 * Which job starts when, and what becomes of its members: a worker process trains a member, or a stack of members as one program, and then
 * the next that needs the same environment. No worker outlives the pool, which ends when all are gone; `orphan.ts` handles the rest.
 */
import { firstThatFits } from '../experiment/plan.js';
import { firstOf } from '../machine/present.js';
import type { Held } from '../machine/lock.js';
import { messageOf } from '../terminal/errors.js';
import { isReady, isTrainingEvent, type JobMessage, type TrainingEvent } from './events.js';
import {
  endGently,
  farewellMilliseconds,
  IdleWorkers,
  isUsable,
  killAfter,
  send,
  startWorker,
  type Worker,
  type WorkerProgram,
} from './worker-process.js';

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

export interface PoolOptions extends WorkerProgram {
  /** In the order in which they are to start: longest first. */
  readonly jobs: readonly PoolJob[];
  /** Threads of all workers that run at once; a job with more of them runs alone. */
  readonly maxThreads: number;
  /** Maximum number of workers at once, whatever their threads. */
  readonly maxJobs?: number | undefined;
  /** GPUs to use, as CUDA_VISIBLE_DEVICES names them: each worker gets the one with the fewest workers, and sees no other. */
  readonly gpus?: readonly string[] | undefined;
  /** Workers that were started ahead; ended by the pool if no job takes them. */
  readonly idle?: IdleWorkers | undefined;
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

type Fate = keyof PoolResult;

/** Runs all jobs. Resolves when no worker is left; a member's failure is an event and an entry in the result. */
export async function runPool(options: PoolOptions): Promise<PoolResult> {
  const waiting = [...options.jobs];
  const running = new Map<
    PoolJob,
    { readonly threads: number; readonly gpu: string | undefined; readonly ended: Promise<void> }
  >();
  const result: Record<Fate, string[]> = { complete: [], kept: [], busy: [], failed: [], stopped: [] };
  const { idle = new IdleWorkers() } = options;

  const start = (job: PoolJob): void => {
    const gpu = freestGpu(options.gpus ?? [], [...running.values()]);
    const placed = gpu === undefined ? {} : { CUDA_VISIBLE_DEVICES: gpu };
    const environment = { ...job.environment, ...placed };
    const found = idle.take({ ...job, environment });
    const ended = runJob({ ...job, environment }, options, found).then(({ fates, worker }) => {
      for (const [id, fate] of fates) result[fate].push(id);
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
  readonly fates: ReadonlyMap<string, Fate>;
  /** If it can take another job. */
  readonly worker: Worker | undefined;
}

/** In the worker that was found, if one was. Never rejects. */
async function runJob(job: PoolJob, options: PoolOptions, found: Worker | undefined): Promise<Ended> {
  const fates = new Map<string, Fate>();
  const ready: Ready[] = [];
  for (const { id, job: own, take } of job.members) {
    try {
      const taken = await take?.();
      if (typeof taken === 'string') fates.set(id, taken);
      else ready.push({ id, job: taken?.job ?? own, grip: taken });
    } catch (error) {
      options.onEvent({ type: 'failed', member: id, reason: messageOf(error), lastWords: '' });
      fates.set(id, 'failed');
    }
  }
  try {
    if (ready.length === 0 || isAborted(options)) return { fates, worker: found };
    const shared = { options, fates, environment: job.environment };
    let worker = found !== undefined && isUsable(found) ? found : startWorker(job, options);
    try {
      let use = await useWorker(worker, ready, { ...shared, isFound: worker === found });
      if (use === 'unheard') {
        worker = startWorker(job, options);
        use = await useWorker(worker, ready, { ...shared, isFound: false });
      }
      return { fates, worker: use === 'idle' ? worker : undefined };
    } catch (error) {
      // Such as a lock that cannot be shared, on a full disk.
      worker.process.kill('SIGKILL');
      await worker.exit;
      for (const { id: member } of ready.filter(({ id }) => !fates.has(id))) {
        fates.set(member, 'failed');
        options.onEvent({ type: 'failed', member, reason: messageOf(error), lastWords: '' });
      }
      return { fates, worker: undefined };
    }
  } finally {
    for (const { id } of ready) if (!fates.has(id)) fates.set(id, 'stopped');
    for (const { grip } of ready) await grip?.release();
  }
}

/**
 * `idle`: the worker could do another job. `unheard`: one that waited for a job had died before it said anything of this one, which
 * therefore has not begun.
 */
type Use = 'idle' | 'ended' | 'unheard';

/**
 * A worker from its message until it is idle or has ended; the fate of its members goes to `fates`, except for those that are stopped or
 * unheard. Rejects if a lock cannot be shared with it.
 */
async function useWorker(
  worker: Worker,
  ready: readonly Ready[],
  {
    options,
    fates,
    environment,
    isFound,
  }: {
    readonly options: PoolOptions;
    readonly fates: Map<string, Fate>;
    readonly environment: PoolJob['environment'];
    /** Whether the worker waited for a job, rather than being started for this one. */
    readonly isFound: boolean;
  },
): Promise<Use> {
  const { process: child, words } = worker;
  words.clear();
  // Before it gets its message: everything that it writes, it writes under the lock.
  if (child.pid !== undefined) for (const { grip } of ready) grip?.share(child.pid);
  const heard: { something?: true; nonsense?: true } = {};
  const left = () => ready.map(({ id }) => id).filter((id) => !fates.has(id));
  const fail = (ids: readonly string[], { reason, lastWords = '' }: { reason: string; lastWords?: string }) => {
    for (const member of ids) {
      fates.set(member, 'failed');
      options.onEvent({ type: 'failed', member, reason, lastWords: lastWords === '' ? words.text() : lastWords });
    }
  };
  const over = new AbortController();
  const idle = new Promise<undefined>((resolve) => {
    const hear = (message: unknown) => {
      heard.something = true;
      if (isReady(message)) {
        resolve(undefined);
        return;
      }
      if (!isTrainingEvent(message)) {
        heard.nonsense = true;
        child.kill('SIGKILL');
        return;
      }
      if (message.type === 'complete') fates.set(message.member, 'complete');
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
    return 'ended';
  }
  const isLost = locks.some(({ aborted }) => aborted);
  if (isFound && heard.something === undefined && !isLost) return 'unheard';
  const reason = heard.nonsense
    ? 'the worker sent a message that is not an event'
    : isLost
      ? 'its lock was lost: another process took it, or it was removed'
      : (exit ?? 'the worker says that it has finished');
  fail(left(), { reason });
  return exit === undefined && isUsable(worker) ? 'idle' : 'ended';
}
