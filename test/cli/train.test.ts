/** `emergence train` on the real engine, with real processes that are really killed. */
import { execFileSync, spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { jsonWithDigest } from '../../src/runs/json.js';
import { Random } from '../../src/statistics/random.js';
import { childrenOf, isRunning, until } from '../support/processes.js';
import { program } from '../support/program.js';

let folder = '';
const started: ChildProcess[] = [];
beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'emergence-train-'));
});
afterEach(async () => {
  // After a failed test, the processes it started are still running.
  for (const child of started.splice(0).filter(isAlive)) {
    process.kill(-child.pid!, 'SIGKILL');
    await once(child, 'exit');
  }
  fs.rmSync(folder, { recursive: true, maxRetries: 10 });
});

const isAlive = (child: ChildProcess) => child.exitCode === null && child.signalCode === null;

/** Small: epochs of 8 steps. */
const small =
  '--arch cnn --dataset shapes --train-size 256 --batch-size 32 --test-size 100 --threads 1 --seeds 0'.split(' ');
/** Long enough to be killed midway. */
const family = [...small, '--widths', '2,3', '--epochs', '60'];
const quick = [...small, '--widths', '2', '--epochs', '1'];

function start(words: readonly string[], cwd = folder): ChildProcess {
  const child = spawn(process.execPath, [program, 'train', ...words], {
    cwd,
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true, // a group of its own, as a shell creates it
  });
  started.push(child);
  return child;
}

async function train(words: readonly string[], cwd = folder) {
  const child = start(words, cwd);
  const [stdout, stderr] = await Promise.all([text(child.stdout!), text(child.stderr!), once(child, 'close')]);
  return { code: child.exitCode, stdout, stderr };
}

/** SHA-256 of every file under `root` whose name matches, by path. */
function hashes(root: string, names = /(weights\.safetensors|outcomes\.parquet)$/): Record<string, string> {
  const files = fs.readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((name) => names.test(name));
  return Object.fromEntries(
    files
      .filter((name) => fs.statSync(path.join(root, name)).isFile())
      .sort()
      .map((name) => [
        name,
        createHash('sha256')
          .update(fs.readFileSync(path.join(root, name)))
          .digest('hex'),
      ]),
  );
}

/** Resolves once a child with `--json` has reported this many epochs; rejects if it ends before. */
function epochsSeen(child: ChildProcess, epochs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    let seen = 0;
    child.stdout!.setEncoding('utf8').on('data', (lines: string) => {
      seen += lines.split('"type":"epoch"').length - 1;
      if (seen >= epochs) resolve();
    });
    child.once('close', () => {
      reject(new Error(`it ended after ${seen} epochs; ${epochs} were waited for`));
    });
    if (epochs === 0) resolve();
  });
}

function meanEpochSeconds(member: string): number {
  const lines = fs.readFileSync(path.join(member, 'history.jsonl'), 'utf8').trim().split('\n');
  const seconds = lines.map((line) => (JSON.parse(line) as { seconds: number }).seconds);
  return seconds.reduce((sum, value) => sum + value, 0) / seconds.length;
}

const memberFolder = (run: string, member: string) => path.join(folder, 'checkpoints', run, 'members', member);

test('two epochs and the same number of steps give the same bits, and a partial epoch ends at the requested step', async () => {
  const trained = async (length: readonly string[], run: string, widths = '2,3') => {
    const { code, stderr } = await train([...small, '--widths', widths, ...length, '--run', run]);
    expect(code, stderr).toBe(0);
    return hashes(path.join(folder, 'checkpoints', run));
  };
  const whole = await trained(['--epochs', '2'], 'epochs');
  expect(Object.keys(whole)).toHaveLength(4);
  expect(await trained(['--steps', '16'], 'steps')).toEqual(whole);
  const short = await trained(['--steps', '12'], 'short', '2');
  for (const [name, hash] of Object.entries(short)) expect(whole[name]).not.toBe(hash);
  const history = fs.readFileSync(path.join(memberFolder('short', 'cnn-w2-s0'), 'history.jsonl'), 'utf8');
  const steps = history
    .trim()
    .split('\n')
    .map((line) => (JSON.parse(line) as { step: number }).step);
  expect(steps).toEqual([8, 12]);
  const { code, stderr } = await train([...small, '--steps', '16', '--run', 'short']);
  expect([code, stderr]).toEqual([
    2,
    'error: --steps: 16 steps contradicts 12 steps, with which checkpoints/short was started; leave the option out, or give another --run NAME\n',
  ]);
});

test.each([
  ['autoencoder', ['--widths', '3', '--depth', '2', '--augment-rotation', '20']],
  ['transformer', ['--widths', '8', '--pairs', '3', '--dropout', '0.2', '--augment-shift', '0.1']],
])('%s: the same bits, also after a kill', async (arch, words) => {
  const options = ['--arch', arch, ...small.slice(2), ...words, '--epochs', '8'];
  const undisturbed = path.join(folder, 'undisturbed');
  fs.mkdirSync(undisturbed);
  expect((await train(options, undisturbed)).code).toBe(0);
  const child = start([...options, '--json']);
  child.stderr!.resume();
  await epochsSeen(child, 1);
  process.kill(child.pid!, 'SIGKILL');
  await once(child, 'close');
  expect((await train(options)).code).toBe(0);
  const expected = hashes(path.join(undisturbed, 'checkpoints'), /(safetensors|parquet|reconstructions\.png)$/);
  expect(Object.keys(expected)).toHaveLength(arch === 'autoencoder' ? 4 : 2);
  expect(hashes(path.join(folder, 'checkpoints'), /(safetensors|parquet|reconstructions\.png)$/)).toEqual(expected);
});

test('a muP run of an earlier version, with random initial output weights, stays readable but cannot be extended', async () => {
  const words = [...quick, '--run', 'mup', '--parametrization', 'mup'];
  expect((await train([...words, '--base-width', '2'])).code).toBe(0);
  const file = path.join(folder, 'checkpoints/mup/run.json');
  const { digest, outputStart, ...earlier } = JSON.parse(fs.readFileSync(file, 'utf8')) as Record<string, unknown>;
  expect([typeof digest, outputStart]).toEqual(['string', 'zero']);
  fs.writeFileSync(file, jsonWithDigest(earlier).text);
  const line =
    'error: checkpoints/mup: is a muP run of an earlier version, whose output weights were random at the start: ' +
    'those of members trained now start at 0, so they do not belong to it; train all of them as another --run NAME\n';
  const before = hashes(path.join(folder, 'checkpoints'), /.*/);
  expect(await train(['--run', 'mup', '--widths', '3'])).toEqual({ code: 2, stdout: '', stderr: line });
  expect(hashes(path.join(folder, 'checkpoints'), /.*/)).toEqual(before);
  // Nothing is left to train.
  expect(await train(['--run', 'mup'])).toMatchObject({ code: 0 });
  expect(execFileSync(process.execPath, [program, 'evaluate', 'mup'], { cwd: folder, encoding: 'utf8' })).toContain(
    'accuracy',
  );
  // A run that was planned and waits for a scheduler.
  const planned = { ...(earlier['experiment'] as object), widths: [2, 3] };
  fs.writeFileSync(file, jsonWithDigest({ ...earlier, experiment: planned }).text);
  const one = spawnSync(process.execPath, [program, 'train-member', 'mup', 'cnn-w3-s0'], {
    cwd: folder,
    encoding: 'utf8',
  });
  expect([one.status, one.stdout, one.stderr]).toEqual([2, '', line]);
});

// A run interrupted in every way, and the bits of an uninterrupted one.
describe('interrupted', () => {
  let place = '';
  let undisturbed = '';
  beforeAll(async () => {
    place = fs.mkdtempSync(path.join(os.tmpdir(), 'emergence-interrupted-'));
    undisturbed = path.join(place, 'undisturbed');
    fs.mkdirSync(undisturbed);
    expect((await train(family, undisturbed)).code).toBe(0);
  });
  afterAll(() => {
    fs.rmSync(place, { recursive: true, maxRetries: 10 });
  });

  // What a shell reports for a program ended by the signal: 128 plus its number. A terminal sends Ctrl-C to the whole
  // group, `kill` and job schedulers send SIGTERM to one process, and a closing terminal sends SIGHUP to the group.
  test.each([
    ['SIGINT', 130, -1],
    ['SIGTERM', 143, 1],
    ['SIGHUP', 129, -1],
  ] as const)('%s stops parent and workers, with exit code %i', async (signal, exitCode, group) => {
    const child = start([...family, '--json'], place);
    const errors = text(child.stderr!);
    await epochsSeen(child, 1);
    const workers = childrenOf(child.pid!);
    expect(workers.length).toBeGreaterThan(0);
    process.kill(group * child.pid!, signal);
    const [stderr] = await Promise.all([errors, once(child, 'close')]);
    expect(child.exitCode).toBe(exitCode);
    expect(stderr).toContain('stopped; run the same command again to resume');
    expect(workers.some(isRunning)).toBe(false);
    expect(hashes(path.join(place, 'checkpoints'), /weights\.safetensors$/)).toEqual({});
    // The finished part of an epoch is kept.
    expect(hashes(path.join(place, 'checkpoints'), /stopped\.safetensors$/)).not.toEqual({});
  });

  test('SIGKILL at any moment leaves no worker behind', async () => {
    // Kills may fall anywhere within an epoch, but not so late on a fast machine that nothing is left to do.
    const member = path.join(undisturbed, 'checkpoints/cnn-shapes/members/cnn-w2-s0');
    const epochMilliseconds = 1000 * meanEpochSeconds(member);
    const random = Random.named(5, 'kills');
    // before a worker has begun, then after this many epochs of both members and a little more
    for (const epochs of [0, 1, 3, 2, 4]) {
      const child = start([...family, '--json'], place);
      child.stderr!.resume();
      await epochsSeen(child, epochs);
      await sleep(2 * epochMilliseconds * random.uniform());
      const workers = childrenOf(child.pid!);
      process.kill(child.pid!, 'SIGKILL');
      await once(child, 'close');
      // the guard looks twice a second
      expect(await until(() => !workers.some(isRunning), 30_000)).toBe(true);
    }
    // at least 13 epochs of 120 are finished, and the last kill came before both members had finished
    const root = path.join(place, 'checkpoints');
    expect(Object.keys(hashes(root, /training\.safetensors$/)).length).toBeGreaterThan(0);
  });

  test('a dying worker is reported with its reason while the others continue; the next command trains its member to the bits of an uninterrupted run', async () => {
    const child = start([...family, '--jobs', '2', '--json'], place);
    const output = text(child.stdout!);
    child.stderr!.resume();
    await epochsSeen(child, 1);
    // One of the two, whether the other is running, has yet to start or is already complete.
    process.kill(childrenOf(child.pid!)[0]!, 'SIGKILL');
    const [stdout] = await Promise.all([output, once(child, 'close')]);
    expect(child.exitCode).toBe(1);
    expect(stdout).toMatch(/"type":"failed","member":"cnn-w\d-s0","reason":"the worker was killed by SIGKILL/);
    expect(stdout).toMatch(/"type":"complete","member":"cnn-w\d-s0"/);
    const again = await train(['--run', 'cnn-shapes'], place);
    expect([again.code, again.stderr.match(/complete:/g)?.length]).toEqual([0, 1]);
    expect(Object.keys(hashes(undisturbed))).toHaveLength(4);
    expect(hashes(path.join(place, 'checkpoints'))).toEqual(hashes(path.join(undisturbed, 'checkpoints')));
    const leftovers = hashes(path.join(place, 'checkpoints'), /\.tmp$|(training|stopped)\.safetensors$|\.lock/);
    expect(Object.keys(leftovers)).toEqual([]);
  });
});

/** A separate file system in `folder`; undefined if this user may not mount one. */
function mounted(options: string): { readonly folder: string; unmount(): void } | undefined {
  const place = path.join(folder, 'mounted');
  fs.mkdirSync(place);
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', place], { stdio: 'ignore' });
  } catch {
    return undefined;
  }
  return { folder: place, unmount: () => void execFileSync('umount', [place]) };
}

test('on a full disk the member fails in one line; with room again, the same command resumes', async (context) => {
  const disk = mounted('size=120k');
  if (disk === undefined) return context.skip('mounting needs root');
  try {
    // Width 16 on images of 28 x 28: 80 000 parameters, 320 kB in the weights alone.
    const words = [...small, '--widths', '16', '--epochs', '1'];
    const full = await train(words, disk.folder);
    expect([full.code, full.stderr.match(/failed: .*/g)]).toEqual([
      1,
      [expect.stringMatching(/training\.safetensors: can't be written, the disk is full; free some space, /)],
    ]);
    expect(full.stderr).toMatch(/error: .*no member of this run is complete/);
    const names = fs.readdirSync(disk.folder, { recursive: true, encoding: 'utf8' });
    expect(names.filter((name) => /\.tmp$|safetensors|parquet/.test(name))).toEqual([]);
    execFileSync('mount', ['-o', 'remount,size=50m', disk.folder]);
    expect((await train(words, disk.folder)).code).toBe(0);
  } finally {
    disk.unmount();
  }
});

test('a read-only folder is refused before anything is done', async (context) => {
  const disk = mounted('ro');
  if (disk === undefined) return context.skip('mounting needs root');
  try {
    const { code, stdout, stderr } = await train(quick, disk.folder);
    expect([code, stdout, stderr.replace(fs.realpathSync(disk.folder), 'FOLDER')]).toEqual([
      2,
      '',
      "error: FOLDER: can't be written, the file system is read-only; work in a folder that can be written\n",
    ]);
  } finally {
    disk.unmount();
  }
});

test('a second train of the same run leaves the member that is being trained alone, and the first continues', async () => {
  const words = [...small, '--widths', '2', '--epochs', '500'];
  const first = start([...words, '--json']);
  first.stderr!.resume();
  await epochsSeen(first, 1);
  const second = await train(words);
  expect([second.code, second.stdout]).toEqual([75, '']);
  expect(second.stderr).toContain(`1 member is being trained elsewhere: cnn-w2-s0 by process ${first.pid}\n`);
  await epochsSeen(first, 1);
  process.kill(first.pid!, 'SIGTERM');
  await once(first, 'close');
});

// w = 65536: 25 w 2w + 16 2w 8w parameters plus smaller terms = 1.31e12, times 4 bytes, times value, gradient and
// Adam's two
test('a member that cannot fit into memory is refused before anything is written', async () => {
  const { code, stderr } = await train([...small, '--widths', '2,65536']);
  expect([code, stderr]).toEqual([
    2,
    expect.stringMatching(
      /^error: --widths: 65536 has 1\.31e\+12 parameters, which need at least 2\.10e\+4 GB of memory; this process may use \S+ GB; give smaller ones\n$/,
    ),
  ]);
  expect(fs.existsSync(path.join(folder, 'checkpoints'))).toBe(false);
});

describe('with a complete run', () => {
  let complete = '';
  let printed: Awaited<ReturnType<typeof train>>;
  beforeAll(async () => {
    complete = fs.mkdtempSync(path.join(os.tmpdir(), 'emergence-complete-'));
    printed = await train([...quick, '--json'], complete);
  });
  beforeEach(() => {
    fs.cpSync(complete, folder, { recursive: true });
  });
  afterAll(() => {
    fs.rmSync(complete, { recursive: true });
  });

  test('--json prints events and the summary on stdout, one JSON object per line', () => {
    const { code, stdout, stderr } = printed;
    const events = stdout
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { type: string }).type);
    expect([code, stderr, [...new Set(events)]]).toEqual([
      0,
      '',
      ['started', 'progress', 'epoch', 'evaluated', 'complete', 'summary'],
    ]);
  });

  test('eager and compiled training agree', async () => {
    const crossEntropy = ({ stdout }: typeof printed) => {
      const { rows } = JSON.parse(stdout.trim().split('\n').at(-1)!) as {
        rows: { metrics: Record<string, { value: number }> }[];
      };
      return rows[0]!.metrics['cross-entropy']!.value;
    };
    const eager = await train([...quick, '--run', 'eager', '--eager', '--json']);
    // eight steps of float32 in another order of operations
    expect(crossEntropy(eager)).toBeAllClose([crossEntropy(printed)], { rtol: 1e-4 });
  });

  test('trains only new members', async () => {
    const before = hashes(path.join(folder, 'checkpoints'), /.*/);
    const old = Object.keys(before).filter((name) => name.includes('cnn-w2-s0'));
    expect(old).toHaveLength(4);
    const nothing = await train(quick);
    expect([nothing.code, nothing.stderr]).toEqual([0, '1 of 1 members are complete already: cnn-w2-s0\n']);

    // Different threads for new members: the old member keeps its own.
    const wider = await train(['--run', 'cnn-shapes', '--widths', '3', '--threads', '2']);
    expect(wider.code).toBe(0);
    expect(wider.stderr).toContain(
      'resuming checkpoints/cnn-shapes, which was started with --dataset shapes --epochs 1 --batch-size 32 --train-size 256 --test-size 100\n',
    );
    const after = hashes(path.join(folder, 'checkpoints'), /.*/);
    for (const name of old) expect(after[name]).toBe(before[name]);
    expect(fs.readdirSync(path.join(folder, 'checkpoints/cnn-shapes/members')).sort()).toEqual([
      'cnn-w2-s0',
      'cnn-w3-s0',
    ]);
  });

  test('refuses options that contradict its record, showing both values, and changes nothing', async () => {
    const before = hashes(path.join(folder, 'checkpoints'), /.*/);
    const refusal = (what: string, option: string, remedy = 'leave the option out, or give another --run NAME') =>
      `error: --${option}: ${what} checkpoints/cnn-shapes was started; ${remedy}\n`;
    for (const [words, message] of [
      [['--epochs', '2'], refusal('2 epochs contradicts 1 epoch, with which', 'epochs')],
      [['--batch-size', '64'], refusal('64 contradicts 32, with which', 'batch-size')],
      [['--train-size', '512'], refusal('512 contradicts 256, with which', 'train-size')],
      [['--threads', '2'], refusal('2 contradicts 1, with which cnn-w2-s0 in', 'threads')],
      [['--eager'], refusal('eager contradicts compiled, with which', 'eager', 'give another --run NAME')],
    ] as const) {
      expect(await train(['--run', 'cnn-shapes', ...words])).toEqual({ code: 2, stdout: '', stderr: message });
    }
    expect(hashes(path.join(folder, 'checkpoints'), /.*/)).toEqual(before);
  });

  test('finds a damaged file by its hash and names it', async () => {
    const file = path.join(memberFolder('cnn-shapes', 'cnn-w2-s0'), 'weights.safetensors');
    const bytes = fs.readFileSync(file);
    bytes[bytes.length - 1]! ^= 1;
    fs.writeFileSync(file, bytes);
    const { code, stderr } = await train(['--run', 'cnn-shapes']);
    expect([code, stderr]).toEqual([
      1,
      'error: cnn-w2-s0: weights.safetensors is damaged: it does not match its SHA-256 in member.json; ' +
        'delete checkpoints/cnn-shapes/members/cnn-w2-s0 to train this member again\n',
    ]);
  });
});

test('refuses a batch size larger than the training set', async () => {
  const { code, stderr } = await train(quick.map((word) => (word === '32' ? '2000' : word)));
  expect([code, stderr]).toEqual([
    2,
    'error: --batch-size: 2000 is more than the 256 training examples; give at most 256\n',
  ]);
  expect(fs.existsSync(path.join(folder, 'checkpoints/cnn-shapes'))).toBe(false);
});
