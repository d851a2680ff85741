/** `collapse` of runs on disk: the built-in effect of a factor is recovered, and what cannot be tested is one line. */
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { expect, test } from 'vitest';
import { collapse, type CollapseOptions } from '../../../src/library/collapse.js';
import { importOutcomes } from '../../../src/library/import.js';
import { Random } from '../../../src/statistics/random.js';
import { exampleFolder } from '../../support/examples.js';
import { temporaryFolder } from '../../support/runs.js';

const examples = 60;

interface Model {
  readonly params: number;
  readonly tokens: number;
  readonly loss: number;
  /** Share of the examples that are right. */
  readonly right: number;
}

async function imported(models: readonly Model[], hasLoss = true): Promise<string> {
  const root = await temporaryFolder();
  const rows = models.flatMap(({ loss, right }, m) =>
    Array.from({ length: examples }, (_, i) => {
      const correct = Number(i < right * examples);
      return [`m${m}`, i, correct, ...(hasLoss ? [-loss] : [])].join(',');
    }),
  );
  const heading = ['model', 'example', 'correct', ...(hasLoss ? ['log_probability'] : [])].join(',');
  await fs.writeFile(path.join(root, 'rows.csv'), [heading, ...rows].join('\n'));
  const sizes = models.map(({ params, tokens }, m) => `m${m},${params},${tokens}`);
  const scale = path.join(root, 'sizes.csv');
  await fs.writeFile(scale, ['model,params,tokens', ...sizes].join('\n'));
  const checkpoints = path.join(root, 'checkpoints');
  await importOutcomes('table', [path.join(root, 'rows.csv')], { run: 'lm', scale, root: checkpoints });
  return checkpoints;
}

/** Right as often as the loss says, plus a fixed amount per tenfold parameters. */
function modelsOf(adds: number): Model[] {
  const random = Random.named(1, 'models');
  return [1e6, 1e7, 1e8].flatMap((params, k) =>
    [1, 2, 4, 8, 16, 32].map((tokens) => {
      const loss = (2 * Math.exp(0.2 * random.normal())) / Math.sqrt(tokens);
      return { params, tokens: tokens * 1e9, loss, right: Math.min(1, 0.7 - 0.25 * loss + adds * k) };
    }),
  );
}

async function refusal(root: string, run = 'lm', options: CollapseOptions = {}): Promise<string> {
  return collapse(run, { root, ...options, draws: 100 }).then(
    () => 'nothing',
    (error: unknown) => (error as Error).message,
  );
}

test('coordinates of imported members are the factors; a factor that matters beyond the loss is distinguished from one that does not', async () => {
  const [none, some] = [await imported(modelsOf(0)), await imported(modelsOf(0.1))];
  const options = { metric: 'accuracy', draws: 200, chance: 0.1 };
  const alone = await collapse('lm', { root: none, ...options });
  expect(alone.factors.map(({ factor }) => factor)).toEqual(['params', 'tokens']);
  expect(alone.factors[0]!.adjusted).toBeGreaterThan(0.05);
  // Losses of 2 exp(+-0.4) and below: the line is 0.15 at 2.2.
  expect(alone.onset!.interval.lower).toBeLessThan(2.2);
  expect(alone.onset!.level).toBeCloseTo(0.15, 12);
  const beyond = await collapse('lm', { root: some, ...options });
  expect(beyond.factors[0]!.adjusted).toBeLessThan(0.05);
  expect(beyond.factors[0]!.shift.interval.lower).toBeGreaterThan(0.1);
  expect(beyond.factors[0]!.shift.interval.upper).toBeLessThan(0.3);
});

test('a trained run: the induced metric over the cross-entropy, by width', async () => {
  const root = path.join(await exampleFolder(), 'checkpoints');
  const found = await collapse('lenet-mnist', { root, draws: 100 });
  expect([found.loss.id, found.metric.name]).toEqual(['cross-entropy', 'subset-accuracy']);
  expect(found.factors.map(({ factor }) => factor)).toEqual(['width']);
  const { k } = found.metric.parameters;
  expect(found.onset!.chance).toBe(10 ** -Number(k));
});

test('what cannot be tested is one error line', async () => {
  expect(await refusal(await imported(modelsOf(0), false), 'lm', { metric: 'accuracy' })).toBe(
    'lm: its outcomes have no log-probabilities, and so no loss; import them too',
  );
  const root = await imported(modelsOf(0));
  expect(await refusal(root, 'lm', { metric: 'cross-entropy' })).toBe(
    '--metric: cross-entropy is the loss itself; give another metric as the ability',
  );
  expect(await refusal(await imported(modelsOf(0).slice(0, 8)))).toMatch(
    /^lm: has 8 members, but a curve over loss needs 12; import /,
  );
  const alike = modelsOf(0).map((model) => ({ ...model, params: 1e6, tokens: 1e9 }));
  expect(await refusal(await imported(alike))).toBe(
    'lm: its members differ only in their seed, so no factor can be tested; import members that differ in a coordinate',
  );
  const zero = modelsOf(0).map((model, m) => ({ ...model, loss: m === 3 ? 0 : model.loss }));
  expect(await refusal(await imported(zero))).toMatch(/^lm: cross-entropy of \S+ is 0, and a loss is above 0$/);
});
