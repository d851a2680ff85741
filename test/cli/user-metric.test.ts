/** A user's own metric in a file: code that the program loads while it runs. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { runRecord, temporaryFolder, writeSyntheticRun } from '../support/runs.js';
import { nextWords } from '../support/processes.js';
import { program, runProgram } from '../support/program.js';

let root = '';
beforeEach(async () => {
  root = await temporaryFolder();
  await writeSyntheticRun({
    folder: path.join(root, 'checkpoints', 'lenet'),
    record: { dataset: { ...runRecord().dataset, testCount: 100 } },
    widths: [1, 2, 4],
    seeds: [0],
    accuracy: ({ width }) => 1 - 0.5 / width,
  });
});

const run = (...words: string[]) => runProgram(root, words);

test("a user's metric in TypeScript works from any folder; Ctrl-C stops it while it computes", async () => {
  const values = (body: string) => `interface Columns { correct: ArrayLike<number> }
    export default { name: 'mine', kind: 'continuous' as const, better: 'higher', unit: '', formula: 'right', source: 'this test',
      parameters: [], needs: ['correct'], values: ({ correct }: Columns): number[] => { ${body} return Array.from(correct); } };`;
  fs.writeFileSync(path.join(root, 'mine.ts'), values(''));
  const words = ['evaluate', 'lenet', '--metric', 'mine', '--metric', 'accuracy', '--metric-file', 'mine.ts', '--json'];
  const { code, stdout } = await run(...words);
  const { metrics } = JSON.parse(stdout) as { metrics: { members: { value: number }[] }[] };
  expect([code, metrics[0]!.members.map(({ value }) => value)]).toEqual([
    0,
    metrics[1]!.members.map(({ value }) => value),
  ]);
  // One that never ends, and so never lets a signal listener run.
  fs.writeFileSync(path.join(root, 'mine.ts'), values('process.stderr.write("computes"); for (;;);'));
  const sealed = ['forecast', 'seal', 'lenet', '--widths', '64', '--metric', 'mine', '--metric-file', 'mine.ts'];
  for (const command of [words, sealed]) {
    const child = spawn(process.execPath, [program, ...command], { cwd: root, stdio: ['ignore', 'ignore', 'pipe'] });
    await nextWords(child, 'stderr');
    child.kill('SIGINT');
    await once(child, 'close');
    expect(child.signalCode).toBe('SIGINT');
  }
  expect(fs.existsSync(path.join(root, 'checkpoints', 'lenet', 'forecasts'))).toBe(false);
});

test("a user's metric in a file", async () => {
  fs.writeFileSync(
    path.join(root, 'mine.mjs'),
    `export default {
      name: 'sure-and-right', kind: 'thresholded', better: 'higher', unit: 'probability', share: true,
      formula: 'right, with a confidence above c', source: 'this test', parameters: ['c'], needs: ['correct', 'confidence'],
      values: ({ correct, confidence }, { c }) => Array.from(correct, (right, i) => (right === 1 && confidence[i] > c ? 1 : 0)),
    };`,
  );
  const words = ['evaluate', 'lenet', '--metric-file', 'mine.mjs', '--json'];
  const { code, stdout } = await run(...words, '--metric', 'sure-and-right:c=0', '--metric', 'accuracy');
  expect(code).toBe(0);
  const { metrics } = JSON.parse(stdout) as { metrics: { members: { value: number }[] }[] };
  expect(metrics[0]!.members.map(({ value }) => value)).toEqual(metrics[1]!.members.map(({ value }) => value));
  const { stderr } = await run(...words, '--metric', 'sure-and-rihgt:c=0');
  expect(stderr).toMatch(/^error: --metric: "sure-and-rihgt" is not a metric; did you mean sure-and-right\?/);
  fs.writeFileSync(path.join(root, 'bad.mjs'), `export default { name: 'bad', kind: 'sharp' };`);
  const bad = await run('metrics', '--metric-file', 'bad.mjs');
  expect([bad.code, bad.stderr]).toEqual([
    2,
    expect.stringMatching(/^error: bad\.mjs: kind: .*; see docs\/metrics\.md for an example\n$/),
  ]);
  const missing = await run('metrics', '--metric-file', 'none.mjs');
  expect([missing.code, missing.stderr]).toEqual([2, 'error: none.mjs: is missing, or imports a missing file\n']);
});
