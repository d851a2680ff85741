/** Outcomes of other tools: from files to every command that works on runs, as the user sees them. */
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { Random } from '../../../src/statistics/random.js';
import { runCommand } from '../../support/command.js';
import { temporaryFolder } from '../../support/runs.js';

let root = '';
beforeEach(async () => {
  root = await temporaryFolder();
});

async function run(...words: string[]) {
  return runCommand(root, words);
}

const sizes = [70e6, 160e6, 410e6, 1.4e9];
const examples = 200;

/** A model's probability on an example: better with size, worse with the example's difficulty. */
function table(
  columns: string,
  row: (about: { model: string; example: number; p: number; correct: number }) => string,
) {
  const random = Random.named(0, 'imported family');
  const difficulty = Array.from({ length: examples }, () => random.normal());
  const lines = sizes.flatMap((size) =>
    difficulty.map((hard, example) => {
      const p = 1 / (1 + Math.exp(hard - 2 * Math.log10(size / 3e8)));
      return row({ model: `org/model-${size / 1e6}m`, example, p, correct: Number(random.uniform() < p) });
    }),
  );
  return [columns, ...lines].join('\n');
}

const scale = () =>
  ['model,parameters,tokens', ...sizes.map((size) => `org/model-${size / 1e6}m,${size},${size * 20}`)].join('\n');

async function importTable(): Promise<void> {
  const outcomes = table('model,example,correct,log_probability', ({ model, example, p, correct }) =>
    [model, `q${example}`, correct, Math.log(p)].join(','),
  );
  await fs.writeFile(path.join(root, 'outcomes.csv'), outcomes);
  await fs.writeFile(path.join(root, 'params.csv'), scale());
  const { code, stderr } = await run('import', 'table', 'outcomes.csv', '--run', 'lm', '--scale', 'params.csv');
  expect([code, stderr]).toEqual([0, '']);
}

test('a table becomes a run that evaluate, compare and report can use, over its own coordinate', async () => {
  await importTable();
  const { code, stdout } = await run('evaluate', 'lm', '--metric', 'accuracy', '--json');
  const { axis, metrics } = JSON.parse(stdout) as {
    axis: string;
    metrics: { members: { id: string; parameters: number; value: number }[] }[];
  };
  const rows = (await fs.readFile(path.join(root, 'outcomes.csv'), 'utf8')).split('\n').slice(1);
  const shareOf = (model: string) => {
    const own = rows.filter((row) => row.startsWith(`${model},`)).map((row) => Number(row.split(',')[2]));
    return own.reduce((sum, right) => sum + right, 0) / own.length;
  };
  expect([code, axis]).toEqual([0, 'parameters']);
  expect(metrics[0]!.members.map(({ id, parameters, value }) => ({ id, parameters, value }))).toMatchObject(
    sizes.map((size) => ({
      id: `org-model-${size / 1e6}m`,
      parameters: size,
      value: shareOf(`org/model-${size / 1e6}m`),
    })),
  );
  const commands: readonly (readonly [words: string, said: RegExp])[] = [
    ['evaluate lm --draws 100', /^org-model-70m +70M /m],
    ['show lm --axis tokens --draws 100 --width 80', /tokens, logarithmic/],
    ['compare lm --draws 100', /most at parameters /],
    ['compare lm --axis tokens --draws 100', /most at tokens /],
    ['sweep lm --metric subset-accuracy --over k=1..5 --csv', /^run,metric,k,parameters,seeds,/],
    ['search lm --draws 100 --top 1', /within scales/],
    ['quanta lm', /stays solved from parameters/],
    ['theory lm --lengths 1,5', /^parameters +L /m],
    ['forecast study lm --metric accuracy --draws 100', /parameters 1.4B predicted from/],
    ['report lm --draws 100', /page {4}reports\/lm\/report.html/],
    ['runs --verify', /^lm +imported +outcomes +4 of 4 +complete/m],
  ];
  for (const [words, said] of commands) {
    const shown = await run(...words.split(' '));
    expect([words, shown.code]).toEqual([words, 0]);
    expect(shown.stdout).toMatch(said);
  }
  const story = await fs.readFile(path.join(root, 'reports/lm/report.md'), 'utf8');
  expect(story).toContain('import -- table outcomes.csv --run lm --scale params.csv');
  expect(story).not.toMatch(/\b(widths?|trained for|test images)\b/);
});

test('options that imported members cannot have are refused in one line, and nothing is written', async () => {
  await importTable();
  const lines: readonly (readonly [words: string, line: string])[] = [
    ['seeds lm', 'lm: has one model per scale; also import other models of the same sizes, such as other seeds'],
    ['evaluate lm --metric mse', 'needs mse, which the run lm does not have'],
    ['show lm --axis flops', '--axis: no member has a coordinate flops; known: parameters, tokens'],
    ['train --run lm --arch cnn', 'checkpoints/lm: is a run of imported members: only their outcomes are known'],
    ['watch lm', 'checkpoints/lm: is a run of imported members'],
    [
      'forecast seal lm --widths 8',
      '--widths: lm has imported members, which have no widths; name values of parameters with --scales',
    ],
    ['design lm', 'lm: is a run of imported members, and a design needs a family that the lab trains'],
    ['import table outcomes.csv --run lm --scale params.csv', '--run: checkpoints/lm already exists'],
  ];
  for (const [words, line] of lines) {
    const { code, stdout, stderr } = await run(...words.split(' '));
    expect([words, code, stdout]).toEqual([words, 2, '']);
    expect(stderr).toContain(`error: ${line.startsWith('needs') ? '--metric: mse ' : ''}${line}`);
    expect(stderr.trim().split('\n')).toHaveLength(1);
  }
});

test('damage is found: every file of an imported run has a hash', async () => {
  await importTable();
  const folder = path.join(root, 'checkpoints/lm');
  for (const name of [
    'run.json',
    'examples.jsonl',
    'members/imported-org-model-70m/member.json',
    'members/imported-org-model-70m/outcomes.parquet',
  ]) {
    const file = path.join(folder, name);
    const bytes = await fs.readFile(file);
    const changed = Buffer.from(bytes);
    const place = changed.indexOf('0') < 0 ? 8 : changed.indexOf('0');
    changed[place] = changed[place]! ^ 1;
    await fs.writeFile(file, changed);
    const { code, stdout } = await run('runs', '--verify', '--json');
    expect([name, code, (JSON.parse(stdout) as { runs: { status: string }[] }).runs[0]!.status]).toEqual([
      name,
      1,
      'damaged',
    ]);
    await fs.writeFile(file, bytes);
  }
  const { code } = await run('clean', 'lm', '--yes');
  expect([code, await fs.readdir(path.join(root, 'checkpoints'))]).toEqual([0, []]);
});

test('a damaged table leaves nothing behind', async () => {
  await fs.writeFile(path.join(root, 'cut.csv'), 'model,example,correct,parameters\na,1,1,5\na,2,"1');
  const { code, stderr } = await run('import', 'table', 'cut.csv', '--run', 'cut');
  expect([code, stderr]).toEqual([
    2,
    'error: cut.csv:3: a quotation mark is opened and never closed; the file may be cut off\n',
  ]);
  expect(await fs.readdir(root)).toEqual(['cut.csv']);
});
