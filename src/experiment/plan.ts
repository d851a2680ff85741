/**
 * Which member trains when and on how many threads, so that the family finishes as early as possible: on a CPU by a search
 * (plan-search.ts), on GPUs by sharing them.
 */
import { bestAssignment, inOrder, type PoolLimits, type PlannedMember, type ThreadOptions } from './plan-search.js';
import { gpuSpeed } from './step-seconds.js';

export interface PlanOptions extends ThreadOptions {
  readonly device: 'cpu' | 'gpu';
  /** Memory of the GPU; it determines how many members share it. */
  readonly gpuMemoryBytes?: number | undefined;
  /** How many there are; default: one. */
  readonly gpus?: number | undefined;
}

export interface Plan {
  /** In the order in which they will start. */
  readonly members: readonly PlannedMember[];
  readonly estimatedSeconds: number;
  /** Threads of all members that run at once, for the pool. */
  readonly maxThreads: number;
  /** Members at once, for the pool. */
  readonly maxJobs: number;
}

/** How many members the GPUs run at once if the user doesn't say; one each if the driver doesn't report the memory. */
function jobsOnGpus({ cores, gpuMemoryBytes = 0, gpus = 1 }: PlanOptions): number {
  const each = Math.max(1, Math.min(gpuSpeed.jobs, Math.floor(gpuMemoryBytes / gpuSpeed.bytesPerMember)));
  return Math.max(1, Math.min(each * gpus, cores));
}

/**
 * The member to start next: the first in the queue for which there is room. One that needs more than the maximum runs
 * alone.
 */
export function firstThatFits(
  waiting: readonly { readonly threads: number }[],
  pool: {
    readonly running: readonly { readonly threads: number }[];
    readonly maxThreads: number;
    readonly maxJobs?: number | undefined;
  },
): number | undefined {
  if (pool.running.length >= (pool.maxJobs ?? Infinity)) return undefined;
  if (pool.running.length === 0) return waiting.length > 0 ? 0 : undefined;
  const free = pool.maxThreads - pool.running.reduce((sum, { threads }) => sum + threads, 0);
  const next = waiting.findIndex(({ threads }) => threads <= free);
  return next < 0 ? undefined : next;
}

/** Threads for each member, the starting order, and the estimated total time. */
export function planFamily(options: PlanOptions): Plan {
  if (options.device === 'gpu') return planForGpu(options);
  const limits = limitsOf(options);
  const best = bestAssignment(options, limits);
  return { members: best.order, estimatedSeconds: best.seconds, ...limits };
}

/** Whatever the user asks for explicitly is done, even with more threads than cores. */
function limitsOf({ members, cores, jobs, threads }: PlanOptions): PoolLimits {
  if (jobs === undefined) return { maxThreads: cores, maxJobs: Math.max(1, members.length) };
  return { maxThreads: Math.max(cores, jobs * (threads ?? 1)), maxJobs: jobs };
}

function planForGpu(options: PlanOptions): Plan {
  const { members, cores, threads, fixedThreads = {}, gpus = 1 } = options;
  const jobs = options.jobs ?? jobsOnGpus(options);
  const planned = members.map((member) => ({
    ...member,
    threads: fixedThreads[member.id] ?? threads ?? Math.max(1, Math.floor(cores / jobs)),
    estimatedSeconds:
      gpuSpeed.workerSeconds +
      member.steps * (gpuSpeed.overheadSeconds + member.flopsPerStep / gpuSpeed.flopsPerSecond),
  }));
  const order = inOrder(planned, ({ estimatedSeconds }) => estimatedSeconds);
  // Members that share a GPU slow each other down: four at once were 2.7 times as fast, eight 3.6 times.
  const atOnce = Math.max(1, Math.min(jobs, members.length));
  const used = Math.min(gpus, atOnce);
  const sharing = used * (atOnce / used) ** 0.6;
  const estimatedSeconds = order.reduce((sum, member) => sum + member.estimatedSeconds, 0) / sharing;
  const largest = Math.max(1, ...planned.map((member) => member.threads));
  return { members: order, estimatedSeconds, maxThreads: Math.max(cores, jobs * largest), maxJobs: jobs };
}
