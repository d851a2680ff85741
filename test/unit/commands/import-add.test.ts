/** Adding models to an imported run: matching ones join it, differences are one line, and nothing is half done. */
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { runCommand } from '../../support/command.js';
import { temporaryFolder } from '../../support/runs.js';

let root = '';
beforeEach(async () => {
  root = await temporaryFolder();
});

const run = (words: string) => runCommand(root, words.split(' '));
const write = (name: string, lines: readonly string[]) => fs.writeFile(path.join(root, name), lines.join('\n'));

interface Cell {
  readonly model: string;
  readonly example: string;
  readonly label?: string;
  readonly predicted?: string;
  readonly parameters?: number;
  readonly group?: string;
}

const classOf = (example: string) => ['ant', 'bee', 'cat'][Number(example.slice(1)) % 3] ?? '';
const examples = ['q0', 'q1', 'q2', 'q3', 'q4', 'q5'];

/** Rows of a model that is right on the first `right` examples and says ant elsewhere. */
function rows(model: string, parameters: number, right: number, ids = examples): Cell[] {
  return ids.map((example, i) => {
    const label = classOf(example);
    return { model, example, label, parameters, group: `g${i % 2}`, predicted: i < right ? label : 'ant' };
  });
}

const heading = ['model', 'example', 'label', 'predicted', 'parameters', 'group'] as const;
const table = (cells: readonly Cell[], columns: readonly (keyof Cell)[] = heading) => [
  columns.join(','),
  ...cells.map((cell) => columns.map((name) => String(cell[name] ?? '')).join(',')),
];

async function firstRun(): Promise<void> {
  await write('small.csv', table([...rows('a', 1e6, 2), ...rows('b', 2e6, 3)]));
  expect((await run('import table small.csv --run lm')).code).toBe(0);
}

const recordOf = async () =>
  JSON.parse(await fs.readFile(path.join(root, 'checkpoints/lm/run.json'), 'utf8')) as {
    members: string[];
    dataset: { classNames: string[]; classes: number; fingerprint: string };
    additions?: { members: string[]; dropped: number; source: { files: { name: string }[]; command: string } }[];
  };

/** Every file of the run with its content. */
async function filesOf(): Promise<Record<string, string>> {
  const folder = path.join(root, 'checkpoints/lm');
  const entries = await fs.readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => path.join(entry.parentPath, entry.name));
  const read = files.sort().map(async (file) => [path.relative(folder, file), await fs.readFile(file, 'hex')] as const);
  return Object.fromEntries(await Promise.all(read));
}

async function accuracies(): Promise<Record<string, number>> {
  const { code, stdout } = await run('evaluate lm --metric accuracy --json --draws 100');
  expect(code).toBe(0);
  const { metrics } = JSON.parse(stdout) as { metrics: { members: { id: string; value: number }[] }[] };
  return Object.fromEntries(metrics[0]!.members.map(({ id, value }) => [id, value]));
}

test('models join a run: in another order, with unknown examples, and with classes never predicted before', async () => {
  await firstRun();
  const before = await filesOf();
  const larger = [...rows('c', 4e6, 6), { ...rows('c', 4e6, 0, ['q7'])[0]!, label: 'dog', predicted: 'eel' }].reverse();
  const named = larger.map((cell) => (cell.example === 'q1' ? { ...cell, predicted: 'yak' } : cell));
  await write('large.csv', table(named));
  const { code, stdout, stderr } = await run('import table large.csv --run lm --add');
  expect([code, stderr]).toEqual([0, 'note: 1 example left out: the run lm does not have it\n']);
  expect(stdout).toContain('lm: 1 model added, 3 in all, on the same 6 examples of small, over parameters');
  // c: six right except q1. a: 2 right, and q3 whose class is ant; b: 3 right and q3.
  expect(await accuracies()).toEqual({ a: 3 / 6, b: 4 / 6, c: 5 / 6 });
  const after = await filesOf();
  for (const [file, bytes] of Object.entries(before)) if (file !== 'run.json') expect(after[file]).toBe(bytes);
  const { dataset, additions, members } = await recordOf();
  expect(members).toEqual(['imported-a', 'imported-b', 'imported-c']);
  // Those of the run keep their numbers.
  expect(dataset.classNames.slice(0, 3)).toEqual(['ant', 'bee', 'cat']);
  expect(dataset.classNames).toContain('yak');
  expect(additions).toMatchObject([
    {
      members: ['imported-c'],
      dropped: 1,
      source: { files: [{ name: 'large.csv' }], command: 'import table large.csv --run lm --add' },
    },
  ]);
  expect((await run('runs --verify')).stdout).toMatch(/^lm +imported +small +3 of 3 +complete/m);
});

test('existing models: equal outcomes change nothing, different ones are refused', async () => {
  await firstRun();
  const before = await filesOf();
  const again = await run('import table small.csv --run lm --add');
  expect([again.code, again.stdout, again.stderr]).toEqual([
    0,
    'lm: nothing new; the run is unchanged\n',
    'note: already in the run, with the same outcomes: a and b\n',
  ]);
  expect(await filesOf()).toEqual(before);
  // A coordinate that the run's own members lack is not added to them in passing.
  await write('sizes.csv', ['model,parameters,tokens', 'a,1e6,10', 'b,2e6,20', '']);
  const more = await run('import table small.csv --run lm --add --scale sizes.csv');
  expect([more.code, more.stderr]).toEqual([
    0,
    expect.stringContaining('these keep the coordinates they have: tokens is not added to them'),
  ]);
  await write('mixed.csv', table([...rows('b', 2e6, 3), ...rows('c', 4e6, 5)]));
  expect((await run('import table mixed.csv --run lm --add')).code).toBe(0);
  expect(Object.keys(await accuracies())).toEqual(['a', 'b', 'c']);
});

const lm = 'of the run lm';
const refused: readonly (readonly [what: string, lines: readonly string[], options: string, line: string])[] = [
  [
    'other outcomes',
    table(rows('b', 2e6, 5).concat(rows('c', 4e6, 4))),
    '',
    '--add: b is already in the run, with other outcomes: predicted of example q4 is 0 there and 1 here; leave it out, or give it another name',
  ],
  [
    'another size',
    table(rows('b', 3e6, 3)),
    '',
    '--add: b is already in the run, with parameters 2000000 and not 3000000',
  ],
  [
    'fewer examples',
    table(rows('c', 4e6, 4, examples.slice(0, 4))),
    '',
    `--add: c has no outcome of 2 examples ${lm}, q4 for one; the 6 examples of the run are needed from each model`,
  ],
  [
    'more examples, where that is not wanted',
    table(rows('c', 4e6, 4, [...examples, 'q9'])),
    ' --strict',
    '--strict: the run lm does not have example q9; without it, such examples are left out',
  ],
  [
    'another true class',
    table(rows('c', 4e6, 4).map((cell) => (cell.example === 'q2' ? { ...cell, label: 'bee' } : cell))),
    '',
    '--add: the label of example q2 differs from that of the run lm; is it the same test set?',
  ],
  [
    'other groups',
    table(rows('c', 4e6, 4).map((cell) => ({ ...cell, group: 'g0' }))),
    '',
    '--add: the group of example q1 differs from that of the run lm; is it the same test set?',
  ],
  [
    'no groups',
    table(rows('c', 4e6, 4), heading.slice(0, 5)),
    '',
    '--add: no group of the examples is given, unlike in the run lm; give it as for the models that are there',
  ],
  [
    'no prediction',
    ['model,example,correct,label,parameters', ...examples.map((id) => `c,${id},1,${classOf(id)},4e6`)],
    '',
    '--add: c has no predicted, which the models of the run lm have; models that are added need the same columns',
  ],
  [
    'no size',
    table(rows('c', 4e6, 4), ['model', 'example', 'label', 'predicted', 'group']),
    '',
    '--add: no model has a coordinate',
  ],
  [
    'another axis',
    table(rows('c', 4e6, 4)),
    ' --axis tokens',
    '--axis: is parameters in the run lm; leave it out with --add',
  ],
  [
    'another test set',
    table(rows('c', 4e6, 4)),
    ' --test-set x',
    '--test-set: is small in the run lm; leave it out with --add',
  ],
  ['damage', [...table(rows('c', 4e6, 4)), 'c,q9'], '', 'other.csv:8: has 2 values for 6 columns'],
];

test.each(refused)('refused in one line, leaving the run unchanged: %s', async (_, lines, options, line) => {
  await firstRun();
  const before = await filesOf();
  await write('other.csv', lines);
  const { code, stdout, stderr } = await run(`import table other.csv --run lm --add${options}`);
  expect([code, stdout]).toEqual([2, '']);
  expect(stderr).toContain(`error: ${line}`);
  expect(stderr.trim().split('\n')).toHaveLength(1);
  expect(await filesOf()).toEqual(before);
});

test('there is no run to add to', async () => {
  await write('small.csv', table(rows('a', 1e6, 2)));
  const { code, stderr } = await run('import table small.csv --run none --add');
  expect([code, stderr]).toEqual([
    2,
    'error: --add: there is no run none to add to; leave it out to import a new run\n',
  ]);
  expect(await fs.readdir(root)).toEqual(['small.csv']);
});

test('after a kill before run.json names the new models, the run is the old one, and the next --add succeeds', async () => {
  await firstRun();
  const old = await fs.readFile(path.join(root, 'checkpoints/lm/run.json'));
  await write('large.csv', table([...rows('c', 4e6, 6), ...rows('d', 8e6, 6)]));
  expect((await run('import table large.csv --run lm --add')).code).toBe(0);
  const whole = await filesOf();
  // run.json is written last: a kill leaves the folder without it, and with half of the last member.
  const folder = path.join(root, 'checkpoints/lm');
  await fs.writeFile(path.join(folder, 'run.json'), old);
  await fs.rm(path.join(folder, 'members/imported-d/member.json'));
  expect(await accuracies()).toEqual({ a: 3 / 6, b: 4 / 6 });
  expect((await run('runs --verify')).stdout).toMatch(/^lm +imported +small +2 of 2 +complete/m);
  await write('other.csv', table(rows('e', 8e6, 5)));
  expect((await run('import table other.csv --run lm --add')).code).toBe(0);
  // What the killed one left is gone.
  expect(await fs.readdir(path.join(folder, 'members'))).toEqual(['imported-a', 'imported-b', 'imported-e']);
  await fs.rm(path.join(folder, 'members/imported-e'), { recursive: true });
  await fs.writeFile(path.join(folder, 'run.json'), old);
  expect((await run('import table large.csv --run lm --add')).code).toBe(0);
  expect(Object.keys(await filesOf())).toEqual(Object.keys(whole));
  expect(Object.keys(await accuracies())).toEqual(['a', 'b', 'c', 'd']);
});

test('a report names the files and commands of both imports', async () => {
  await firstRun();
  await write('large.csv', table([...rows('c', 4e6, 5), ...rows('d', 8e6, 6)]));
  await run('import table large.csv --run lm --add');
  expect((await run('report lm --draws 100')).code).toBe(0);
  const story = await fs.readFile(path.join(root, 'reports/lm/report.md'), 'utf8');
  for (const said of ['small.csv', 'large.csv', 'import -- table large.csv --run lm --add'])
    expect(story).toContain(said);
});
