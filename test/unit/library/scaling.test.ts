/**
 * `scaling` of imported runs on disk: a law built into the outcomes is recovered, and outcomes without a law are one
 * line.
 */
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { expect, test } from 'vitest';
import { importOutcomes } from '../../../src/library/import.js';
import { scaling, type ScalingOptions } from '../../../src/library/scaling.js';
import { lossAt, type Law } from '../../../src/analysis/scaling/law.js';
import { Random } from '../../../src/statistics/random.js';
import { exampleFolder } from '../../support/examples.js';
import { temporaryFolder } from '../../support/runs.js';
import { gridOf, publishedLaws, ratios } from '../../support/scaling.js';

const law: Law = publishedLaws.besiroglu;
const examples = 40;

interface Model {
  readonly parameters: number;
  readonly tokens: number;
  readonly loss: number;
}

/**
 * A run whose members have exactly these mean cross-entropies: examples differ in difficulty, by the same factors for
 * all.
 */
async function imported(models: readonly Model[]): Promise<string> {
  const root = await temporaryFolder();
  const random = Random.named(0, 'difficulty');
  const difficulty = Array.from({ length: examples }, () => Math.exp(0.3 * random.normal()));
  const middle = difficulty.reduce((a, b) => a + b) / examples;
  const rows = models.flatMap(({ loss }, m) => difficulty.map((hard, i) => `m${m},${i},1,${(-loss * hard) / middle}`));
  await fs.writeFile(path.join(root, 'rows.csv'), ['model,example,correct,log_probability', ...rows].join('\n'));
  const sizes = models.map(({ parameters, tokens }, m) => `m${m},${parameters},${tokens}`);
  await fs.writeFile(path.join(root, 'sizes.csv'), ['model,parameters,tokens', ...sizes].join('\n'));
  const checkpoints = path.join(root, 'checkpoints');
  const scale = path.join(root, 'sizes.csv');
  await importOutcomes('table', [path.join(root, 'rows.csv')], { run: 'lm', scale, root: checkpoints });
  return checkpoints;
}

const modelsOf = (
  coordinates: readonly (readonly [number, number])[],
  lossOf = (at: readonly number[]) => lossAt(law, at),
) => coordinates.map(([parameters, tokens]) => ({ parameters, tokens, loss: lossOf([parameters, tokens]) }));
const grid = gridOf(ratios(1e8, 1e10, 4), ratios(2e9, 2e11, 3));

async function refusal(root: string, options: ScalingOptions = {}): Promise<string> {
  return scaling('lm', { root, ...options, draws: 100 }).then(
    () => 'nothing',
    (error: unknown) => (error as Error).message,
  );
}

test('both vary: the law of two factors, and 6 N D', async () => {
  const found = await scaling('lm', { root: await imported(modelsOf(grid)), draws: 100 });
  expect([found.factors, found.metric.id]).toEqual([['parameters', 'tokens'], 'cross-entropy']);
  // Log-probabilities are stored as 32-bit floats.
  found.law.terms.forEach(({ exponent }, k) => {
    expect(exponent).toBeCloseTo(law.terms[k]!.exponent, 4);
  });
  expect(found.frontier!.cost).toEqual({ factor: 6, powers: [1, 1], farthest: undefined });
  // All examples are harder by the same factor for all members: another test set is another unit of the loss.
  const { value, interval } = found.floor;
  expect(Math.log(interval.upper / value)).toBeGreaterThan(1.5 * (0.3 / Math.sqrt(examples)));
});

test('one varies, or one is requested; other differences are reported', async () => {
  const along = modelsOf(ratios(1e8, 1e10, 5).map((n) => [n, 1e10]));
  expect((await scaling('lm', { root: await imported(along), draws: 100 })).factors).toEqual(['parameters']);
  const notes: string[] = [];
  const root = await imported(modelsOf(grid));
  const { factors, cells } = await scaling('lm', {
    root,
    axis: 'tokens',
    draws: 100,
    note: (line) => notes.push(line),
  });
  expect([factors, cells.map(({ values }) => values.length)]).toEqual([['tokens'], [4, 4, 4]]);
  expect(notes).toEqual(['note: members with the same tokens differ in parameters, which the law treats as scatter']);
});

test('data without a law are one error line', async () => {
  const two = await imported(modelsOf(gridOf([1e8, 1e9], [1e9, 1e10])));
  expect(await refusal(two)).toMatch(
    /^lm: has two values of parameters, but a scaling law over it needs three; import /,
  );
  const rising = await imported(modelsOf(grid, ([n]) => Math.log(n!)));
  expect(await refusal(rising, { axis: 'parameters' })).toBe(
    'lm: cross-entropy does not fall with parameters; there is no scaling law over it',
  );
  const root = await imported(modelsOf(grid));
  expect(await refusal(root, { axis: 'token' })).toBe(
    '--axis: no member has a coordinate token; did you mean tokens? Known: parameters, tokens',
  );
  expect(await refusal(root, { axis: 'tokens,tokens' })).toBe('--axis: tokens is given twice; give two coordinates');
  expect(await refusal(root, { axis: 'a,b,c' })).toMatch(/^--axis: 3 coordinates; /);
  expect(await refusal(root, { metric: 'subset-accuracy:k=2' })).toMatch(
    /^--metric: subset-accuracy:k=2 is thresholded, but a scaling law needs a continuous loss/,
  );
  const zero = await imported(modelsOf(grid, ([n]) => (n === 1e10 ? 0 : 1e9 / n!)));
  expect(await refusal(zero, { axis: 'parameters' })).toMatch(
    /^lm: cross-entropy of \S+ is 0, but a scaling law needs losses above 0$/,
  );
});

test('a trained run: its parameters, with FLOPs beside them', async () => {
  const root = path.join(await exampleFolder(), 'checkpoints');
  const { factors, cells } = await scaling('lenet-mnist', { root, draws: 100 });
  expect(factors).toEqual(['parameters']);
  // As written: 1e9 times the width, of widths 1 to 16.
  expect(cells.map(({ flops }) => flops)).toEqual([1e9, 2e9, 4e9, 8e9, 16e9]);
  expect((await scaling('lenet-mnist', { root, axis: 'flops', draws: 100 })).cells[0]!.coordinates).toEqual([1e9]);
  await expect(scaling('lenet-mnist', { root, axis: 'parameters,examples' })).rejects.toThrow(
    'lenet-mnist: has one value of examples, but a scaling law over it needs three; train members that differ in it',
  );
  await expect(scaling('lenet-mnist', { root, metric: 'margin' })).rejects.toThrow(
    '--metric: margin rises as members get better, but a scaling law falls; give a loss or an error',
  );
});
