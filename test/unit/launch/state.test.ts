import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { createLaunchFolder, writeSubmitted, writeTasks } from '../../../src/launch/folder.js';
import { jobsOf, livingMembers } from '../../../src/launch/state.js';
import { jobText } from '../../../src/runs/jobs.js';
import { temporaryFolder } from '../../support/runs.js';

interface Cluster {
  /** squeue's answer; undefined if there is none. */
  readonly queue: string | undefined;
  readonly accounts?: string;
}

/**
 * A run whose six members are the tasks of two arrays, the last of which was not submitted, and commands that answer
 * like Slurm's.
 */
async function launched({ queue, accounts = '' }: Cluster): Promise<{ folder: string; asked: () => Promise<string> }> {
  const place = await temporaryFolder();
  const folder = path.join(place, 'far');
  const launch = await createLaunchFolder(folder);
  const tasks = [32, 16, 8, 4, 2, 1].map((width) => ({ members: [`cnn-w${width}-s0`], threads: 1 }));
  await writeTasks(launch, tasks);
  const arrays = [
    { offset: 0, count: 4, threads: 1, job: '12' },
    { offset: 4, count: 1, threads: 1, job: '13' },
  ];
  await writeSubmitted(launch, { created: '2026-11-27T05:14:00Z', arrays, summary: null });
  const log = path.join(place, 'asked');
  await fs.writeFile(log, '');
  const answers = { squeue: queue === undefined ? 'exit 1' : `echo '${queue}'`, sacct: `echo '${accounts}'` };
  for (const [name, answer] of Object.entries(answers)) {
    const script = `#!/bin/sh\necho "${name} $*" >> '${log}'\n${answer}\n`;
    await fs.writeFile(path.join(place, name), script, { mode: 0o755 });
  }
  vi.stubEnv('PATH', `${place}:${process.env['PATH'] ?? ''}`);
  onTestFinished(() => {
    vi.unstubAllEnvs();
  });
  return { folder, asked: () => fs.readFile(log, 'utf8') };
}

const texts = async (folder: string) =>
  Object.fromEntries([...(await jobsOf(folder))].map(([id, job]) => [id, jobText(job)]));

test('a task that ended while others of its array wait or run is found in the accounts', async () => {
  const { folder, asked } = await launched({
    queue: '12|0|RUNNING|node1|None\n12|1|PENDING||Priority\n13|0|PENDING||Dependency',
    accounts: '12_2|TIMEOUT|node2\n12_3|CANCELLED by 1000|None assigned',
  });
  expect(await texts(folder)).toEqual({
    'cnn-w32-s0': 'running as job 12_0 on node1',
    'cnn-w16-s0': 'queued as job 12_1 (Priority)',
    'cnn-w8-s0': 'lost: job 12_2, its job ended as TIMEOUT on node2',
    'cnn-w4-s0': 'lost: job 12_3, its job ended as CANCELLED',
    'cnn-w2-s0': 'queued as job 13_0 (Dependency)',
  });
  expect((await asked()).split('\n').filter((line) => line.startsWith('sacct'))).toEqual([
    'sacct -n -P -X -j 12 -o JobID,State,NodeList',
  ]);
  expect([...livingMembers(await jobsOf(folder))]).toEqual(['cnn-w32-s0', 'cnn-w16-s0', 'cnn-w2-s0']);
});

test('a silent cluster leaves the state unknown', async () => {
  const { folder, asked } = await launched({ queue: undefined });
  expect(Object.values(await texts(folder))).toEqual(
    ['12_0', '12_1', '12_2', '12_3', '13_0'].map((job) => `launched as job ${job}; Slurm does not answer`),
  );
  expect(await asked()).not.toContain('sacct');
});
