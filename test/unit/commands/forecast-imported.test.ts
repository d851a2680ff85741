/** Forecasts of imported runs: sealed before the larger models arrive, scored afterwards, void if they were there before. */
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { jsonWithDigest } from '../../../src/runs/json.js';
import { Random } from '../../../src/statistics/random.js';
import { runCommand } from '../../support/command.js';
import { temporaryFolder } from '../../support/runs.js';

let root = '';
const folder = () => path.join(root, 'checkpoints/lm');
const run = (words: string) => runCommand(root, words.split(' '));
const examples = 200;

/** A table of models whose accuracy is a sigmoid of ln N; `tokens` is another coordinate. */
async function writeModels(file: string, sizes: readonly number[]): Promise<Map<number, number>> {
  const random = Random.named(0, file);
  const shares = new Map<number, number>();
  const lines = sizes.flatMap((size) => {
    const p = 1 / (1 + Math.exp(-1.2 * Math.log10(size / 3e8)));
    const right = Array.from({ length: examples }, () => Number(random.uniform() < p));
    shares.set(size, right.reduce((sum, each) => sum + each, 0) / examples);
    return right.map((correct, i) => `m${size},q${i},${correct},${size},${20 * size}`);
  });
  await fs.writeFile(path.join(root, file), ['model,example,correct,parameters,tokens', ...lines].join('\n'));
  return shares;
}

beforeEach(async () => {
  root = await temporaryFolder();
  await writeModels('small.csv', [70e6, 160e6, 410e6, 1e9]);
  expect((await run('import table small.csv --run lm')).code).toBe(0);
});

const seal = 'forecast seal lm --scales 6.9e9,2.8e9 --metric accuracy --draws 100';

test('sealed, imported, scored: the whole path', async () => {
  const sealed = await run(seal);
  expect([sealed.code, sealed.stderr]).toEqual([0, '']);
  expect(sealed.stdout).toMatch(/^accuracy +parameters 2.8B +parameters 6.9B$/m);
  expect(sealed.stdout).toContain('import -- FORMAT FILES --run lm --add');
  const before = await run('forecast score lm-1');
  expect([before.code, before.stderr]).toEqual([
    2,
    'error: lm-1: none of its members is imported yet; npm run import -- FORMAT FILES --run lm --add\n',
  ]);
  expect((await run('forecast list')).stdout).toMatch(/^lm-1 +lm +\S+ +parameters 2.8B,6.9B +accuracy$/m);

  // 2.8e9 was sealed; the model has the exact size of a 2.8B model.
  const truth = await writeModels('larger.csv', [2_775_208_960]);
  expect((await run('import table larger.csv --run lm --add')).code).toBe(0);
  const scored = await run('forecast score lm-1');
  expect([scored.code, scored.stderr]).toEqual([0, '']);
  expect(scored.stdout).toContain('unchanged, and every predicted member was imported later.');
  expect(scored.stdout).toContain('1 of its scales have no member yet.');
  const json = JSON.parse((await run('forecast score lm-1 --json')).stdout) as {
    axis: string;
    missing: number;
    metrics: { targets: { width: number; truths: number[] }[] }[];
  };
  expect([json.axis, json.missing]).toEqual(['parameters', 1]);
  expect(json.metrics[0]!.targets).toEqual([{ width: 2.8e9, parameters: 2.8e9, truths: [...truth.values()] }]);
  const csv = (await run('forecast score lm-1 --csv')).stdout;
  expect(csv).toMatch(/^forecast,metric,method,kind,parameters,measured,models,median,/);
  expect(csv).toMatch(/^lm-1,accuracy,last-value,baseline,2800000000,/m);
  expect((await run('forecast verify')).stdout).toMatch(/^✓ ok {4}lm-1 /m);
  expect((await run('report lm --draws 100')).code).toBe(0);
  const story = await fs.readFile(path.join(root, 'reports/lm/report.md'), 'utf8');
  expect(story).toContain('lm-1 predicted parameters 2.8B, 6.9B from 4 members');
  expect(story).toContain('1 member of the predicted ones is not imported yet');
});

test("over a coordinate other than the run's axis, and a second seal in the chain", async () => {
  expect((await run(seal)).code).toBe(0);
  const second = await run('forecast seal lm --scales 1e11 --axis tokens --metric accuracy --draws 100');
  expect([second.code, second.stdout]).toEqual([0, expect.stringContaining('number 2 of this run')]);
  await writeModels('larger.csv', [5e9]);
  expect((await run('import table larger.csv --run lm --add')).code).toBe(0);
  const { stdout } = await run('forecast score lm-2');
  expect(stdout).toMatch(/^accuracy +tokens 100B /m);
  // 5e9 parameters are no target of the first.
  expect((await run('forecast score lm-1')).code).toBe(2);
});

test('existing members cannot be sealed, and members older than the seal void it', async () => {
  const lines: readonly (readonly [words: string, line: string])[] = [
    [
      '--scales 1e9',
      '--scales: m1000000000 with parameters 1000000000 is already imported, and a forecast is for larger members',
    ],
    ['--scales 1.009e9', '--scales: m1000000000 with parameters 1000000000 is already imported'],
    ['--scales 410e6,2e9', '--scales: m410000000 with parameters 410000000 is already imported'],
    ['--scales 2e9,2.01e9', '--scales: 2010000000 is within 1 % of the one before it'],
    ['--scales 2e9,x', '--scales: "x" is not a number above 0; give numbers with commas, such as 2.8e9,6.9e9'],
    ['--scales -1', '--scales: "-1" is not a number above 0'],
    [
      '--scales 2e9,1e300',
      '--scales: 1e+300 is more than a million times 1000000000, the largest known value of parameters; name values nearer to it',
    ],
    ['--widths 8', '--widths: lm has imported members, which have no widths; name values of parameters with --scales'],
    ['--scales 2e9 --seeds 0', '--seeds: lm has imported members, which have no seeds'],
    ['--metric accuracy', '--scales: is missing; name the values of parameters to predict, such as 2.8e9,6.9e9'],
    ['--scales 2e9 --axis flops', '--axis: no member has a coordinate flops'],
  ];
  for (const [words, line] of lines) {
    const { code, stdout, stderr } = await run(`forecast seal lm ${words}`);
    expect([words, code, stdout]).toEqual([words, 2, '']);
    expect(stderr).toContain(`error: ${line}`);
    expect(stderr.trim().split('\n')).toHaveLength(1);
  }
  expect(await fs.readdir(folder())).not.toContain('forecasts');

  // The clock of a seal put forward past the import, and sealed anew: that forecasts what was already there.
  await run(seal);
  await writeModels('larger.csv', [2.8e9]);
  await run('import table larger.csv --run lm --add');
  const file = path.join(folder(), 'forecasts/lm-1.json');
  const text = await fs.readFile(file, 'utf8');
  const content = JSON.parse(text) as Readonly<Record<string, unknown>>;
  await fs.writeFile(file, jsonWithDigest({ ...content, sealed: '2999-01-01T00:00:00.000Z', digest: '' }).text);
  expect((await run('forecast score lm-1')).stderr).toMatch(
    /void and not scored: imported-m2800000000 was imported .* sealed 2999/,
  );
  await fs.writeFile(file, text);
  expect((await run('forecast score lm-1')).code).toBe(0);
  // Known outcomes that have changed.
  await fs.appendFile(path.join(folder(), 'members/imported-m70000000/outcomes.parquet'), ' ');
  expect((await run('forecast verify')).stdout).toContain(
    'imported-m70000000, on which it is based, has other outcomes now',
  );
});
