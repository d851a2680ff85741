import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { expect, test } from 'vitest';
import { readNaturalCurve, readNaturalCurves } from '../../../src/analysis/natural.js';
import { temporaryFolder } from '../../support/runs.js';

test('a shipped group: sizes and accuracies as in the file, with standard errors of shares of its questions', async () => {
  const { points, unit, better } = await readNaturalCurve('expemergence-mmlu:BLOOM/mmlu-0-1404/acc');
  expect([unit, better]).toEqual(['probability', 'higher']);
  expect(points.map(({ model, params }) => [model, params])).toEqual([
    ['bigscience/bloom-560m', 560_000_000],
    ['bigscience/bloom-1b1', 1_100_000_000],
    ['bigscience/bloom-3b', 3_000_000_000],
    ['bigscience/bloom-7b1', 7_100_000_000],
  ]);
  for (const { value, examples, standardError } of points) {
    expect(examples).toBe(1404);
    expect(standardError).toBeCloseTo(Math.sqrt((value * (1 - value)) / 1404), 12);
  }
});

test.each(['expemergence-mmlu', 'expemergence-arithmetic'])(
  'every accuracy of %s is a whole number of the questions stated in its heading',
  async (file) => {
    const { curves } = await readNaturalCurves(file);
    // Ten groups of each family with four models.
    expect(new Set(curves.map(({ task }) => task)).size).toBe(10);
    for (const { points } of curves)
      // 17 digits of a share of 1405 leave 1e-12 of a question.
      for (const { value, examples } of points)
        expect(Math.abs(value * examples! - Math.round(value * examples!))).toBeLessThan(1e-9);
  },
);

test('a Brier score is better when lower, and has no interval', async () => {
  const { points, better, unit } = await readNaturalCurve('expemergence-mmlu-brier:Pythia/mmlu-0-1404/brier');
  expect([better, unit, points.length]).toEqual(['lower', '', 8]);
  expect(points.every(({ standardError }) => standardError === undefined)).toBe(true);
});

test('models listed with two sizes in the arithmetic table are on no curve', async () => {
  const { curves } = await readNaturalCurves('expemergence-arithmetic');
  expect(curves.map(({ family }) => family)).not.toContain('GPT-2');
  expect(curves.map(({ family }) => family)).toContain('GPT-Neo/J');
});

const heading = 'Model,Model Family,Model Size (B),MMLU,0_10_acc,10_20_acc';
const four = [1, 2, 3, 4].map((size) => `net-${size},net,${size},0.9,0.${size},`);

test("a user's table under the source's file name; unmeasured values are not points", async () => {
  const file = path.join(await temporaryFolder(), 'acc_hindu_10_redist.csv');
  await fs.writeFile(file, [heading, ...four].join('\n'));
  const { curves } = await readNaturalCurves(file);
  expect(curves.map(({ name, points }) => [name, points.map(({ value }) => value)])).toEqual([
    ['net/hindu-0-10/acc', [0.1, 0.2, 0.3, 0.4]],
  ]);
});

test.each([
  ['net-1,net,1,0.9,0.1', ':2: has 5 cells, but the heading has 6'],
  ['net-1,net,1,0.9,1.5,', ':2: 0_10_acc is 1.5'],
  ['net-1,net,one,0.9,0.5,', ':2: Model Size (B) is "one"'],
  ['net-1,net,1,0.9,0.5,', 'has no family of 4 models'],
])('%j is refused in one line', async (line, message) => {
  const file = path.join(await temporaryFolder(), 'own.csv');
  await fs.writeFile(file, [heading, line].join('\n'));
  await expect(readNaturalCurves(file)).rejects.toThrow(message);
});
