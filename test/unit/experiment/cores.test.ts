import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { expect, test } from 'vitest';
import { availableCores } from '../../../src/experiment/cores.js';

/** A folder that looks like a machine's root as far as control groups go. */
function machine(files: Readonly<Record<string, string>>): string {
  const root = fs.mkdtempSync(path.join(os.tmpdir(), 'emergence-cores-'));
  for (const [name, text] of Object.entries(files)) {
    fs.mkdirSync(path.dirname(path.join(root, name)), { recursive: true });
    fs.writeFileSync(path.join(root, name), text);
  }
  return root;
}

test('this machine has a core at least, and no more than it says', () => {
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
    'a quota of the group round the own one',
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
  expect(availableCores(root, 8)).toBe(cores);
  fs.rmSync(root, { recursive: true });
});
