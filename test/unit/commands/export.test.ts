/** `emergence export` as the user sees it. */
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { csvParse } from 'd3-dsv';
import { expect, test } from 'vitest';
import { evaluate } from '../../../src/index.js';
import { runCommand } from '../../support/command.js';
import { exampleFolder } from '../../support/examples.js';

test('the format of a table follows --output, unless --to says otherwise', async () => {
  const folder = await exampleFolder();
  const begin = async (...words: string[]) => {
    const { code, stderr } = await runCommand(folder, [
      'export',
      'lenet-moments',
      '--output',
      'table.csv',
      '--force',
      ...words,
    ]);
    expect([code, stderr]).toEqual([0, '']);
    return (await fs.readFile(path.join(folder, 'table.csv'), 'latin1')).slice(0, 4);
  };
  expect(await begin()).toBe('run,');
  expect(await begin('--to', 'parquet')).toBe('PAR1');
});

test('--moments exports the outcomes of every moment, with its training step', async () => {
  const folder = await exampleFolder();
  const exported = (...words: string[]) => runCommand(folder, ['export', ...words]);
  expect(await exported('lenet-moments', '--moments', '--output', 'all.csv')).toEqual({
    ...{ code: 0, stdout: 'table  all.csv, 4 members\n', stderr: '' },
  });
  const rows = csvParse(await fs.readFile(path.join(folder, 'all.csv'), 'utf8'));
  const { metrics } = await evaluate('lenet-moments', {
    ...{ root: path.join(folder, 'checkpoints'), metrics: ['accuracy'], axis: 'steps', where: { width: 8 } },
  });
  const shares = [1000, 1200, 1404].map((step) => {
    const own = rows.filter((row) => row['width'] === '8' && row['step'] === String(step));
    expect(own).toHaveLength(2 * 200);
    return own.filter(({ correct }) => correct === '1').length / own.length;
  });
  expect(shares).toBeAllClose(
    metrics[0]!.scales.map(({ value }) => value),
    { rtol: 1e-12 },
  );
  expect((await exported('lenet-mnist', '--moments')).stderr).toBe(
    'error: --moments: lenet-mnist has only the final outcomes of its members; leave it out, or train a run with --moments\n',
  );
  expect((await exported('lenet-mnist/cnn-w1-s0', '--moments', '--to', 'onnx')).stderr).toBe(
    'error: --moments: onnx exports a member with its final weights; leave it out\n',
  );
});

test('the format of a model also follows --output, and a run cannot become one', async () => {
  const folder = await exampleFolder();
  const exported = (...words: string[]) => runCommand(folder, ['export', ...words]);
  expect((await exported('lenet-mnist/cnn-w1-s0', '--output', 'weights.safetensors')).stdout).toBe(
    'safetensors  weights.safetensors\n',
  );
  expect(await exported('lenet-mnist', '--output', 'model.onnx')).toEqual({
    ...{ code: 2, stdout: '' },
    stderr: 'error: MEMBER: lenet-mnist is a run of 15 members; give one of them, such as lenet-mnist/cnn-w1-s0\n',
  });
});

test('what cannot be written is refused in one line, before TensorFlow is loaded', async () => {
  const folder = await exampleFolder();
  const files = ['there', 'mine/thesis.txt', 'theirs/saved_model.pb', 'theirs/variables/variables.index'];
  for (const file of [...files, 'earlier/saved_model.pb']) {
    await fs.mkdir(path.dirname(path.join(folder, file)), { recursive: true });
    await fs.writeFile(path.join(folder, file), file);
  }
  for (const [words, line] of [
    ['--to saved-model --output there --force', '--output: there is a file, not a folder; name another one'],
    [
      '--to torch --output my-net.py',
      '--output: my-net.py is not a name that Python can import; end it in .py, with letters, digits and _ before',
    ],
    [
      '--to saved-model --output mine --force',
      '--output: mine is a folder with other files in it; name a new or empty one',
    ],
    [
      '--to saved-model --output theirs --force',
      '--output: theirs/variables/variables.index is not one of the files that this command writes; move it, or name another folder',
    ],
    [
      '--to saved-model --output earlier',
      '--output: earlier/saved_model.pb already exists; give another file, or --force to write over it',
    ],
    ['--to onnx --output none/a.onnx', '--output: none is not a folder; create it, or give another one'],
    ['--to onnx --output there', '--output: there already exists; give another file, or --force to write over it'],
  ] as const)
    expect(await runCommand(folder, ['export', 'lenet-mnist/cnn-w1-s0', ...words.split(' ')])).toEqual({
      ...{ code: 2, stdout: '', stderr: `error: ${line}\n` },
    });
  for (const file of files) expect(await fs.readFile(path.join(folder, file), 'utf8')).toBe(file);
  const imported = 'import table outcomes.csv --run mine --scale models.csv'.split(' ');
  expect((await runCommand(folder, imported)).code).toBe(0);
  expect((await runCommand(folder, ['predict', 'mine/a', 'there'])).stderr).toBe(
    'error: checkpoints/mine: is a run of imported members, which have no weights\n',
  );
  expect((await runCommand(folder, ['predict', 'lenet-mnist/w16', 'there'])).stderr).toMatch(
    /^error: MEMBER: lenet-mnist has no member w16; /,
  );
});
