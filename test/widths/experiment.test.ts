/** `emergence train --experiment` as the user sees it in a checkout, whose TypeScript is bundled when it starts. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { resolveExperiment, type ExperimentInput } from '../../src/experiment/schema.js';

const root = path.resolve(import.meta.dirname, '../..');
const smoke = path.join(root, 'experiments/smoke.yaml');

let folder = '';
beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'emergence-experiment-'));
});
afterEach(() => {
  fs.rmSync(folder, { recursive: true, maxRetries: 10 });
});

async function train(...words: string[]) {
  const program = path.join(root, 'bin/emergence.js');
  const child = spawn(process.execPath, [program, 'train', ...words], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  return { code: child.exitCode, stdout, stderr };
}

function recorded(run: string): unknown {
  const file = path.join(folder, 'checkpoints', run, 'run.json');
  return (JSON.parse(fs.readFileSync(file, 'utf8')) as { experiment: unknown }).experiment;
}

const members = (run: string) => fs.readdirSync(path.join(folder, 'checkpoints', run, 'members')).sort();

test('smoke.yaml trains, a flag overrides it, and the run is named after it', async () => {
  const shipped: ExperimentInput = {
    arch: 'cnn',
    dataset: 'shapes',
    widths: [2, 4],
    trainSize: 512,
    testSize: 200,
    epochs: 1,
    learningRate: 0.001,
    seeds: [0],
  };
  const first = await train('--experiment', smoke, '--widths', '2', '--batch-size', '64', '--threads', '1');
  expect(first.code).toBe(0);
  expect(first.stdout).toContain('run      checkpoints/smoke\n');
  expect(recorded('smoke')).toEqual(resolveExperiment({ ...shipped, widths: [2], batchSize: 64 }));
  expect(members('smoke')).toEqual(['cnn-w2-s0']);

  // The unchanged file resumes that run: missing members are trained, and options that it does not name keep their values.
  const second = await train('--experiment', smoke);
  expect(second.code).toBe(0);
  expect(recorded('smoke')).toEqual(resolveExperiment({ ...shipped, batchSize: 64 }));
  expect(members('smoke')).toEqual(['cnn-w2-s0', 'cnn-w4-s0']);
  const before = fs.readFileSync(path.join(folder, 'checkpoints/smoke/run.json'), 'utf8');

  // Contradictions of the run are refused showing both values: the file's by its place, a flag's by its name.
  fs.mkdirSync(path.join(folder, 'mine'));
  fs.writeFileSync(path.join(folder, 'mine/smoke.yaml'), 'arch: cnn\ndataset: shapes\nepochs: 2\n');
  expect(await train('--experiment', 'mine/smoke.yaml')).toEqual({
    code: 2,
    stdout: '',
    stderr:
      'error: mine/smoke.yaml:3:9: epochs: 2 epochs contradicts 1 epoch, with which checkpoints/smoke was started; ' +
      'change the file, or give another --run NAME\n',
  });
  expect((await train('--experiment', 'mine/smoke.yaml', '--epochs', '3')).stderr).toBe(
    'error: --epochs: 3 epochs contradicts 1 epoch, with which checkpoints/smoke was started; ' +
      'leave the option out, or give another --run NAME\n',
  );
  expect(fs.readFileSync(path.join(folder, 'checkpoints/smoke/run.json'), 'utf8')).toBe(before);
  expect((await train('--experiment', 'mine/smoke.yaml', '--epochs', '1')).code).toBe(0);
});

test('a mistake in the file is one error line and leaves nothing behind', async () => {
  fs.writeFileSync(path.join(folder, 'e.yaml'), '# mine\narch: cnn\nwidths: [2, 0]\n');
  expect(await train('--experiment', 'e.yaml')).toEqual({
    code: 2,
    stdout: '',
    stderr: 'error: e.yaml:3:13: widths: 0 is not a whole number from 1 to 65536; write a list such as [8, 16, 32]\n',
  });
  expect(await train('--experiment', 'f.yaml')).toEqual({
    code: 2,
    stdout: '',
    stderr: 'error: f.yaml: does not exist; did you mean e.yaml?\n',
  });
  expect(fs.readdirSync(folder)).toEqual(['e.yaml']);
});

test('an option that does not fit the data is reported at its line in the file', async () => {
  const lines = ['arch: cnn', 'dataset: shapes', 'widths: [2]', 'trainSize: 100', 'batchSize: 101'];
  fs.writeFileSync(path.join(folder, 'e.yaml'), lines.join('\n'));
  expect((await train('--experiment', 'e.yaml')).stderr).toBe(
    'error: e.yaml:5:12: batchSize: 101 is more than the 100 training examples; give at most 100\n',
  );
  expect((await train('--experiment', 'e.yaml', '--batch-size', '102')).stderr).toBe(
    'error: --batch-size: 102 is more than the 100 training examples; give at most 100\n',
  );
});
