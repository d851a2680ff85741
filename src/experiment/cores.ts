/**
 * How many of this machine's cores and how much of its memory a process may use, given the limits of a scheduler or a
 * container.
 */
import * as os from 'node:os';
import * as path from 'node:path';
import { readSystemFile } from '../machine/system-files.js';
import { groupFolders } from './control-groups.js';

interface Host {
  /** The root of the file system (tests have a small one). */
  readonly root?: string;
  readonly environment?: NodeJS.ProcessEnv;
}

/**
 * Cores that this process may keep busy, at least 1: those of the machine, limited by its affinity, a task of Slurm and
 * the quota of a container (cgroup v2 or v1). Half a core too many slows every thread down, so a quota is rounded down.
 */
export function availableCores({
  root = '/',
  environment = process.env,
  machine = os.availableParallelism(),
}: Host & { readonly machine?: number } = {}): number {
  return Math.max(1, Math.min(machine, Math.floor(Math.min(...quotas(root))), slurmCores(environment)));
}

/** Of the task that this process is in, because a cluster may not enforce the limit. Infinity outside Slurm. */
function slurmCores({ SLURM_CPUS_PER_TASK, SLURM_CPUS_ON_NODE }: NodeJS.ProcessEnv): number {
  // Without --cpus-per-task, everything that the job has on this node.
  return countOf(SLURM_CPUS_PER_TASK ?? SLURM_CPUS_ON_NODE);
}

function countOf(text = ''): number {
  return /^[1-9]\d*$/.test(text) ? Number(text) : Infinity;
}

/** The quota in cores of every control group that contains this process; Infinity if there is none. */
function quotas(root: string): number[] {
  const { v2, v1 } = groupFolders('cpu', root);
  return [Infinity, ...v2.map((folder) => quotaV2(readSystemFile(path.join(folder, 'cpu.max')))), ...v1.map(quotaV1)];
}

/** `max 100000` or `150000 100000`: microseconds of processor time per period of that many. */
function quotaV2(text: string): number {
  const [quota, period] = text.trim().split(' ');
  return coresOf(Number(quota), Number(period));
}

function quotaV1(folder: string): number {
  return coresOf(
    Number(readSystemFile(path.join(folder, 'cpu.cfs_quota_us')) || NaN),
    Number(readSystemFile(path.join(folder, 'cpu.cfs_period_us')) || NaN),
  );
}

function coresOf(quota: number, period: number): number {
  return quota > 0 && period > 0 ? quota / period : Infinity;
}

/** Bytes of memory that this process may use: those of the machine, limited by a task of Slurm or a container. */
export function availableMemory({
  root = '/',
  environment = process.env,
  machine = os.totalmem(),
}: Host & { readonly machine?: number } = {}): number {
  const { v2, v1 } = groupFolders('memory', root);
  const files = [
    ...v2.map((folder) => path.join(folder, 'memory.max')),
    ...v1.map((folder) => path.join(folder, 'memory.limit_in_bytes')),
  ];
  return Math.min(machine, slurmMemory(environment), ...files.map((file) => countOf(readSystemFile(file).trim())));
}

/** Slurm counts in MiB, per node or per core. */
function slurmMemory(environment: NodeJS.ProcessEnv): number {
  const { SLURM_MEM_PER_NODE, SLURM_MEM_PER_CPU, SLURM_CPUS_ON_NODE } = environment;
  const mebibytes = Math.min(countOf(SLURM_MEM_PER_NODE), countOf(SLURM_MEM_PER_CPU) * countOf(SLURM_CPUS_ON_NODE));
  return mebibytes * 2 ** 20;
}
