import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';

/**
 * Cores that this process may keep busy, at least 1: those of the machine, less what its affinity or the quota of a
 * container (cgroup v2 or v1) takes away. Half a core too many slows every thread down, so a quota is rounded down.
 * `root` is where the file system begins (tests have a small one).
 */
export function availableCores(root = '/', machine = os.availableParallelism()): number {
  const quota = Math.min(...quotas(root));
  return Math.max(1, Math.min(machine, Math.floor(quota)));
}

/** The quota in cores of every control group that this process is in, and of those round them; Infinity without one. */
function quotas(root: string): number[] {
  const lines = read(path.join(root, 'proc/self/cgroup')).split('\n');
  const found = [Infinity];
  for (const line of lines) {
    const [, controllers, group] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
    if (group === undefined || controllers === undefined) continue;
    for (const folder of withParents(group)) {
      if (controllers === '') found.push(quotaV2(read(path.join(root, 'sys/fs/cgroup', folder, 'cpu.max'))));
      else if (controllers.split(',').includes('cpu'))
        found.push(quotaV1(path.join(root, 'sys/fs/cgroup/cpu', folder)));
    }
  }
  return found;
}

function withParents(group: string): string[] {
  const parts = group.split('/').filter((part) => part !== '');
  return [...parts.keys(), parts.length].map((count) => parts.slice(0, count).join('/'));
}

/** `max 100000` or `150000 100000`: microseconds of processor time in a period of so many. */
function quotaV2(text: string): number {
  const [quota, period] = text.trim().split(' ');
  return coresOf(Number(quota), Number(period));
}

function quotaV1(folder: string): number {
  return coresOf(
    Number(read(path.join(folder, 'cpu.cfs_quota_us')) || NaN),
    Number(read(path.join(folder, 'cpu.cfs_period_us')) || NaN),
  );
}

function coresOf(quota: number, period: number): number {
  return quota > 0 && period > 0 ? quota / period : Infinity;
}

/** '' for a file that isn't there: macOS has none of these, and a container need not show its own group's folder. */
function read(file: string): string {
  try {
    return fs.readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
