import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { expect, test } from 'vitest';
import { availableCores, availableMemory } from '../../../src/experiment/cores.js';

/** A folder that looks like a machine's root as far as control groups are concerned. */
function machine(files: Readonly<Record<string, string>>): string {
  const root = fs.mkdtempSync(path.join(os.tmpdir(), 'emergence-cores-'));
  for (const [name, text] of Object.entries(files)) {
    fs.mkdirSync(path.dirname(path.join(root, name)), { recursive: true });
    fs.writeFileSync(path.join(root, name), text);
  }
  return root;
}

test('this machine has at least one core, and no more than it reports', () => {
  expect(availableCores()).toBeGreaterThanOrEqual(1);
  expect(availableCores()).toBeLessThanOrEqual(os.availableParallelism());
});

test.each<[string, number, Readonly<Record<string, string>>]>([
  ['no control groups', 8, {}],
  ['no quota', 8, { 'proc/self/cgroup': '0::/\n', 'sys/fs/cgroup/cpu.max': 'max 100000\n' }],
  ['a quota', 2, { 'proc/self/cgroup': '0::/\n', 'sys/fs/cgroup/cpu.max': '200000 100000\n' }],
  ['a quota of two and a half', 2, { 'proc/self/cgroup': '0::/\n', 'sys/fs/cgroup/cpu.max': '250000 100000\n' }],
  ['a quota below one', 1, { 'proc/self/cgroup': '0::/\n', 'sys/fs/cgroup/cpu.max': '50000 100000\n' }],
  ['a quota above the machine', 8, { 'proc/self/cgroup': '0::/\n', 'sys/fs/cgroup/cpu.max': '6400000 100000\n' }],
  [
    'a quota of an enclosing group',
    3,
    {
      'proc/self/cgroup': '0::/user.slice/session.scope\n',
      'sys/fs/cgroup/user.slice/cpu.max': '300000 100000\n',
      'sys/fs/cgroup/user.slice/session.scope/cpu.max': 'max 100000\n',
    },
  ],
  [
    'version 1',
    4,
    {
      'proc/self/cgroup': '5:memory:/a\n3:cpu,cpuacct:/a\n',
      'sys/fs/cgroup/cpu/a/cpu.cfs_quota_us': '400000\n',
      'sys/fs/cgroup/cpu/a/cpu.cfs_period_us': '100000\n',
    },
  ],
  [
    'version 1 without a quota',
    8,
    {
      'proc/self/cgroup': '3:cpu,cpuacct:/\n',
      'sys/fs/cgroup/cpu/cpu.cfs_quota_us': '-1\n',
      'sys/fs/cgroup/cpu/cpu.cfs_period_us': '100000\n',
    },
  ],
])('%s: %d of 8 cores', (_, cores, files) => {
  const root = machine(files);
  expect(availableCores({ root, machine: 8, environment: {} })).toBe(cores);
  fs.rmSync(root, { recursive: true });
});

test.each<[NodeJS.ProcessEnv, number]>([
  [{ SLURM_CPUS_PER_TASK: '3', SLURM_CPUS_ON_NODE: '6' }, 3],
  [{ SLURM_CPUS_ON_NODE: '6' }, 6],
  [{ SLURM_CPUS_PER_TASK: '64' }, 8],
  [{ SLURM_CPUS_PER_TASK: '' }, 8],
  [{ SLURM_CPUS_PER_TASK: '2(x4)' }, 8],
])('a Slurm task with %j has %d of 8 cores', (environment, cores) => {
  expect(availableCores({ root: '/nowhere', machine: 8, environment })).toBe(cores);
});

test('affinity reduces the cores', (context) => {
  const cores = path.resolve(import.meta.dirname, '../../../src/experiment/cores.ts');
  const script = `import { availableCores } from ${JSON.stringify(cores)}; console.log(availableCores({ environment: {} }));`;
  const node = [process.execPath, '--import', 'tsx', '--input-type=module', '-e', script];
  const { error, stdout } = spawnSync('taskset', ['-c', '0', ...node], { encoding: 'utf8' });
  if (error !== undefined) context.skip('taskset is missing');
  expect(stdout).toBe('1\n');
});

const v2 = { 'proc/self/cgroup': '0::/slurm/job_12/step_0\n' };
const v1 = { 'proc/self/cgroup': '5:memory:/slurm/job_12\n3:cpu,cpuacct:/\n' };
test.each<[string, number, Readonly<Record<string, string>>, NodeJS.ProcessEnv]>([
  ['nothing', 1000, {}, {}],
  ['no memory limit', 1000, { ...v2, 'sys/fs/cgroup/slurm/job_12/memory.max': 'max\n' }, {}],
  // Slurm limits the job; its step states nothing.
  ['the group of a job', 300, { ...v2, 'sys/fs/cgroup/slurm/job_12/memory.max': '300\n' }, {}],
  [
    'the tighter of two',
    200,
    {
      ...v2,
      'sys/fs/cgroup/slurm/job_12/memory.max': '300\n',
      'sys/fs/cgroup/slurm/job_12/step_0/memory.max': '200\n',
    },
    {},
  ],
  ['version 1', 400, { ...v1, 'sys/fs/cgroup/memory/slurm/job_12/memory.limit_in_bytes': '400\n' }, {}],
  ['version 1 without one', 1000, { ...v1, 'sys/fs/cgroup/memory/memory.limit_in_bytes': '9223372036854771712\n' }, {}],
  ['memory of the node', 2 * 2 ** 20, {}, { SLURM_MEM_PER_NODE: '2' }],
  ['memory of each core', 6 * 2 ** 20, {}, { SLURM_MEM_PER_CPU: '2', SLURM_CPUS_ON_NODE: '3' }],
  // All there is, in Slurm's notation.
  ['all of the node', 1000, {}, { SLURM_MEM_PER_NODE: '0' }],
])('memory available with %s: %d', (_, bytes, files, environment) => {
  const root = machine(files);
  const own = bytes > 1000 ? 2 ** 40 : 1000;
  expect(availableMemory({ root, machine: own, environment })).toBe(bytes);
  fs.rmSync(root, { recursive: true });
});
