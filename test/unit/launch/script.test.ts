import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { writeTasks } from '../../../src/launch/folder.js';
import { jobScript, mostRestarts, refuseUnspeakable, summaryScript } from '../../../src/launch/script.js';
import { shellWord } from '../../../src/terminal/shell.js';

let folder = '';
beforeAll(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'emergence-launch-'));
});
afterAll(() => {
  fs.rmSync(folder, { recursive: true });
});

/** A folder, and programs named node and emergence in it, with every character that a path can have and Slurm accepts. */
const strange = `it's "50 %" $HOME \`x\` (a);b&c#d é`;

interface Stage {
  /** Exit codes of the members, by id. */
  readonly codes?: Readonly<Record<string, number>>;
  readonly restarts?: number;
  /** squeue's answer about the job. */
  readonly state?: string;
}

/** Runs the script as slurmd would, with commands that record how they were called. */
async function runScript({ codes = {}, restarts = 0, state = 'RUNNING' }: Stage) {
  const place = fs.mkdtempSync(path.join(folder, 'stage '));
  const cwd = path.join(place, strange);
  const launch = path.join(cwd, 'launch');
  fs.mkdirSync(path.join(launch, 'log'), { recursive: true });
  await writeTasks(launch, [
    { members: ['cnn-w8-s0'], threads: 1 },
    { members: ['cnn-w4-s0', 'cnn-w2-s0', 'cnn-w1-s0'], threads: 1 },
  ]);
  const called = path.join(place, 'called');
  const command = (name: string, body: string) => {
    fs.writeFileSync(path.join(place, name), `#!/bin/bash\n${body}\n`, { mode: 0o755 });
  };
  command('squeue', `echo ${state}`);
  command('scontrol', `echo "scontrol $*" >> ${shellWord(called)}`);
  const program = path.join(cwd, 'emergence.js');
  fs.writeFileSync(
    program,
    `const fs = require('fs'); const [, , ...words] = process.argv;
     fs.appendFileSync(${JSON.stringify(called)}, JSON.stringify([process.cwd(), ...words]) + '\\n');
     process.exit(${JSON.stringify(codes)}[words[2]] ?? 0);`,
  );
  const context = {
    ...{ run: 'far', folder: launch, cwd, program: [process.execPath, program] as const },
    ...{ dataDir: path.join(cwd, 'data'), tensorboard: true, options: { pack: 1 } },
  };
  const script = jobScript(context, { offset: 0, count: 1, threads: 1 });
  const { status, stdout, stderr } = spawnSync('bash', ['-c', script, 'job.sh', '1'], {
    encoding: 'utf8',
    env: {
      ...{ PATH: `${place}:${process.env['PATH'] ?? ''}`, SLURM_ARRAY_TASK_ID: '0', SLURM_ARRAY_JOB_ID: '12' },
      // Without it bash takes itself for a remote shell, and reads the user's files.
      ...{ SLURM_RESTART_COUNT: String(restarts), SHLVL: '1' },
    },
  });
  const lines = fs.readFileSync(called, 'utf8').trim().split('\n');
  const members = lines.filter((line) => line.startsWith('[')).map((line) => JSON.parse(line) as string[]);
  return { status, stdout, stderr, cwd, members, requeued: lines.filter((line) => line.startsWith('scontrol')) };
}

describe('a task', () => {
  test('trains its members one after the other, in the right folder and with the right arguments', async () => {
    const { status, stderr, members, requeued, cwd } = await runScript({});
    expect({ status, stderr, requeued }).toEqual({ status: 0, stderr: '', requeued: [] });
    expect(members).toEqual(
      ['cnn-w4-s0', 'cnn-w2-s0', 'cnn-w1-s0'].map((id) => [
        ...[fs.realpathSync(cwd), 'train-member', 'far', id],
        ...['--data-dir', path.join(cwd, 'data'), '--tensorboard'],
      ]),
    );
  });

  test.each([
    ['a failure remains, and the others are trained', { 'cnn-w4-s0': 1 }, 3, 1, false],
    ['a member busy elsewhere is requested again', { 'cnn-w4-s0': 75 }, 3, 75, true],
    ['busy takes precedence over failed, as there is work left', { 'cnn-w4-s0': 75, 'cnn-w2-s0': 1 }, 3, 75, true],
    ['a stopped member ends the task', { 'cnn-w2-s0': 143 }, 2, 143, true, mostRestarts - 1],
  ] as const)('%s', async (_, codes, begun, code, isRequeued, restarts = 0) => {
    const { status, members, requeued } = await runScript({ codes, restarts });
    expect({ status, begun: members.length, requeued }).toEqual({
      ...{ status: code, begun },
      requeued: isRequeued ? ['scontrol requeue 12_0'] : [],
    });
  });

  test('cancelled jobs, and those Slurm already requeues, are not requeued', async () => {
    const { status, requeued } = await runScript({ codes: { 'cnn-w4-s0': 143 }, state: 'COMPLETING' });
    expect({ status, requeued }).toEqual({ status: 143, requeued: [] });
  });

  test('is requeued as often as allowed and no more', async () => {
    const codes = { 'cnn-w4-s0': 75 };
    const last = await runScript({ codes, restarts: mostRestarts });
    expect(last.requeued).toEqual([]);
    expect(last.stdout).toContain(`restarted ${mostRestarts} times: not requeued; launch the run again to go on`);
  });
});

test("Slurm's directives are quoted as Slurm reads them", () => {
  const context = {
    ...{ run: 'far', folder: '/a "b" 5%/launch', cwd: "/a 'b'", program: ['/bin/node', '/x y.js'] as const },
    ...{ tensorboard: false, options: { pack: 1, partition: 'main', time: '4', gres: 'gpu:1', arrayLimit: 2 } },
  };
  const head = jobScript(context, { offset: 0, count: 6, threads: 2 }).split('\n\n')[0];
  expect(head).toMatchInlineSnapshot(`
    "#!/bin/bash
    #SBATCH --job-name=emergence-far
    #SBATCH --partition=main
    #SBATCH --output="/a \\"b\\" 5%%/launch/log/%A_%a.txt"
    #SBATCH --open-mode=append
    #SBATCH --ntasks=1
    #SBATCH --requeue
    #SBATCH --array=0-5%2
    #SBATCH --cpus-per-task=2
    #SBATCH --time=4
    #SBATCH --gres=gpu:1
    #SBATCH --signal=B:USR1@60"
  `);
  expect(summaryScript(context)).toMatchInlineSnapshot(`
    "#!/bin/bash
    #SBATCH --job-name=emergence-far
    #SBATCH --partition=main
    #SBATCH --output="/a \\"b\\" 5%%/launch/log/summary.txt"
    #SBATCH --open-mode=append
    #SBATCH --ntasks=1
    #SBATCH --requeue

    # The table and the pictures of the run far, from the members that are complete; trains nothing.

    cd -- '/a '\\''b'\\''' || exit 1
    exec /bin/node '/x y.js' train --run far --summary-only
    "
  `);
});

test('a path that Slurm cannot take is refused', () => {
  expect(() => {
    refuseUnspeakable('/a\\b');
  }).toThrow('Slurm cannot write its logs in a folder with a backslash or a control character in its path');
  expect(() => {
    refuseUnspeakable('/a\nb');
  }).toThrow('work in another folder');
});
