/** Families through a real Slurm of three nodes, with disturbances, compared with the same family trained undisturbed by one process. */
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runProgram } from '../support/program.js';
import { temporaryFolder } from '../support/runs.js';

const cluster = path.join(import.meta.dirname, 'cluster.sh');
const missing = execFileSync('bash', [cluster, 'missing'], { encoding: 'utf8' }).trim();
if (missing !== '') console.error(`not tested on a Slurm: ${missing}`);

const slurm = fs.mkdtempSync(path.join(os.tmpdir(), 'emergence-slurm-'));
const conf = path.join(slurm, 'slurm.conf');
const control = (...words: readonly string[]) =>
  execFileSync('bash', [cluster, words[0]!, slurm, ...words.slice(1)], { stdio: ['ignore', 'ignore', 'inherit'] });
const ask = (name: string, ...words: readonly string[]) =>
  execFileSync(name, words, { encoding: 'utf8', env: { ...process.env, SLURM_CONF: conf } }).trim();
const train = (root: string, ...words: readonly string[]) =>
  runProgram(root, ['train', ...words], { SLURM_CONF: conf });

/** The families of these tests, trained by one undisturbed process. */
const quiet = path.join(slurm, 'quiet');

beforeAll(async () => {
  if (missing !== '') return;
  // Fewer tasks per array than both launches have: splitting is the usual case.
  fs.writeFileSync(path.join(slurm, 'extra.conf'), 'MaxArraySize=5\n');
  control('start');
  fs.mkdirSync(quiet);
  const whole = await train(quiet, ...family('0,1,2,3,4,5,6,7'));
  expect(whole.code, whole.stderr).toBe(0);
});
afterAll(() => {
  if (missing === '') control('stop');
  fs.rmSync(slurm, { recursive: true, force: true });
});

/** Lines of squeue in a given format. */
function jobs(format: string, ...words: readonly string[]): string[] {
  return ask('squeue', '-h', '-r', '-o', format, ...words)
    .split('\n')
    .filter(Boolean);
}

/** Allows requeued jobs to start now: Slurm holds them for two minutes, until the credential of the first start has expired. */
function startNow(): void {
  for (const job of jobs('%i', '-t', 'PD'))
    spawnSync('scontrol', ['update', `job=${job}`, 'StartTime=now'], { env: { ...process.env, SLURM_CONF: conf } });
}

async function until(what: string, isSo: () => boolean): Promise<void> {
  for (let waited = 0; !isSo(); waited += 250) {
    if (waited > 600_000) throw new Error(`did not come in ten minutes: ${what}; ${jobs('%i %T %N %r').join(', ')}`);
    startNow();
    await sleep(250);
  }
}

/** A node on which a member has written a checkpoint since its task's present start. */
async function busyNode(root: string): Promise<string> {
  let node: string | undefined;
  const epochs = () => {
    if (jobs('%i').length === 0) throw new Error('all members were over first: they need more epochs here');
    return jobs('%N %i', '-t', 'R').find((line) => {
      const log = path.join(logFolder(root), `${line.split(' ')[1]!}.txt`);
      const [text = ''] = fs.existsSync(log)
        ? fs
            .readFileSync(log, 'utf8')
            .split(/^task /m)
            .slice(-1)
        : [];
      return / epoch \d+\//.test(text);
    });
  };
  await until('an epoch on a node', () => (node = epochs()?.split(' ')[0]) !== undefined);
  return node!;
}

function logFolder(root: string): string {
  const launches = path.join(root, 'checkpoints/family/launch');
  return path.join(launches, fs.readdirSync(launches).sort().at(-1)!, 'log');
}

/** SHA-256 of weights and outcomes of each member, by `cnn-w2-s0/weights.safetensors`. */
function bytesOf(root: string): Record<string, string> {
  const members = path.join(root, 'checkpoints/family/members');
  const files = fs
    .readdirSync(members)
    .flatMap((id) => ['weights.safetensors', 'outcomes.parquet'].map((name) => `${id}/${name}`));
  const hash = (name: string) =>
    createHash('sha256')
      .update(fs.readFileSync(path.join(members, name)))
      .digest('hex');
  return Object.fromEntries(files.map((name) => [name, hash(name)]));
}

const family = (seeds: string) => [
  ...['--arch', 'cnn', '--dataset', 'shapes', '--run', 'family', '--threads', '1'],
  ...['--widths', '2,4,8', '--seeds', seeds, '--train-size', '1024', '--test-size', '100', '--epochs', '120'],
];

test.skipIf(missing !== '')(
  '24 members, two power cuts and a preemption give the bytes of one undisturbed training',
  async () => {
    const disturbed = await temporaryFolder();
    const launched = await train(
      disturbed,
      ...family('0,1,2,3,4,5,6,7'),
      '--launcher',
      'slurm',
      '--partition',
      'main',
      '--pack',
      '2',
    );
    expect(launched.code, launched.stderr).toBe(0);
    // Twelve tasks, five per array.
    expect(launched.stdout).toContain('launched 24 members as 3 job arrays');
    for (let cut = 0; cut < 2; cut += 1) {
      const node = await busyNode(disturbed);
      control('cut', node);
      await until(`${node} is missed`, () => !jobs('%N', '-t', 'R').includes(node));
      control('boot', node);
    }
    await busyNode(disturbed);
    // All of each node, for a job of another partition with priority.
    ask('sbatch', '--parsable', '-p', 'urgent', '-N3', '--exclusive', '-o', '/dev/null', '--wrap', 'sleep 1');
    await until('the urgent job is over', () => jobs('%i', '-p', 'urgent').length === 0);
    await until('all jobs are over', () => jobs('%i').length === 0);

    const logs = fs
      .readdirSync(logFolder(disturbed))
      .map((name) => fs.readFileSync(path.join(logFolder(disturbed), name), 'utf8'));
    // Each cut, and the preemption, ended at least one task, which came back.
    expect(logs.join('').match(/restart [1-9]/g)?.length).toBeGreaterThanOrEqual(3);
    expect(bytesOf(disturbed)).toEqual(bytesOf(quiet));
    expect(Object.keys(bytesOf(quiet))).toHaveLength(24 * 2);
    expect(fs.existsSync(path.join(disturbed, 'checkpoints/family/curve.png'))).toBe(true);
  },
);

test.skipIf(missing !== '')(
  "six members in two concurrent arrays beside a user's own training: each is trained once, to the same bytes",
  async () => {
    const root = await temporaryFolder();
    const launched = await train(root, ...family('0,1'), '--launcher', 'slurm', '--array-limit', '2');
    expect(launched.stdout, launched.stderr).toContain('launched 6 members as 2 job arrays');
    // The same command again finds everything in the queue, and submits nothing.
    const again = await train(root, ...family('0,1'), '--launcher', 'slurm', '--json');
    expect(JSON.parse(again.stdout)).toMatchObject({ type: 'launched', launch: null, jobs: [], members: [] });
    const own = train(root, '--run', 'family');
    let most = 0;
    await until('all jobs are over', () => {
      most = Math.max(most, jobs('%i', '-t', 'R').filter((id) => id.includes('_')).length);
      return jobs('%i').length === 0;
    });
    const { code, stderr } = await own;
    // 75: it left members to the tasks that had them.
    expect([0, 75], stderr).toContain(code);
    expect(most).toBe(2);
    const whole = Object.entries(bytesOf(quiet)).filter(([name]) => /-s[01]\//.test(name));
    expect(bytesOf(root)).toEqual(Object.fromEntries(whole));
    expect(whole).toHaveLength(6 * 2);
    const logs = fs
      .readdirSync(logFolder(root))
      .map((name) => fs.readFileSync(path.join(logFolder(root), name), 'utf8'));
    // No training failed, and some task was told that another has a member.
    expect(logs.join('')).not.toMatch(/exit code (?!0|75)/);
    expect(code === 75 || /exit code 75|complete already/.test(logs.join(''))).toBe(true);
  },
);
