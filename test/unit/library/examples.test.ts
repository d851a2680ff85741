/** Every function of the door has an example, and it runs; what it gives is as the run was made. */
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { expect, test } from 'vitest';
import * as door from '../../../src/index.js';
import { examples, run } from '../../support/examples.js';
import { membersOf, writeRunRecord } from '../../../src/runs/run.js';
import { Random } from '../../../src/statistics/random.js';
import {
  experiment,
  lenetParameters,
  runRecord,
  syntheticOutcomes,
  temporaryFolder,
  writeMember,
} from '../../support/runs.js';

const widths = [1, 2, 4, 8, 16];
const seeds = [0, 1, 2];

/** A run, and a table to import. */
async function exampleFolder(): Promise<string> {
  const folder = await temporaryFolder();
  const run = path.join(folder, 'checkpoints/lenet-mnist');
  const dataset = { ...runRecord().dataset, testCount: 200 };
  const record = runRecord({ name: 'lenet-mnist', dataset, experiment: { ...experiment, widths, seeds } });
  await writeRunRecord(run, record);
  for (const key of membersOf(record.experiment)) {
    const accuracy = 1 / (1 + Math.exp(-(Math.log2(key.width) - 1)));
    const outcomes = syntheticOutcomes(200, accuracy, Random.named(key.seed, key.width));
    // One test set.
    const label = outcomes.example!.map((id) => id % 10);
    const predicted = label.map((value, i) => (value + 1 - outcomes.correct![i]!) % 10);
    await writeMember(run, key, { ...outcomes, label, predicted });
  }
  const rows = ['a', 'b'].flatMap((model) => [1, 2, 3].map((id) => `${model},${id},${Number(id < 3)}\n`));
  await fs.writeFile(path.join(folder, 'outcomes.csv'), `model,example,correct\n${rows.join('')}`);
  await fs.writeFile(path.join(folder, 'models.csv'), 'model,parameters\na,100\nb,1000\n');
  return folder;
}

/** Functions that have nothing to be shown: lists of what is written down, and the second half of a pair. */
const without = ['listForecastMethods', 'listClaimQuantities', 'scoreClaims', 'scoreForecast', 'verifyForecasts'];
/** Runs with TensorFlow: test/engine/library.test.ts. */
const trained = ['train'];

test('every function of the door has an example', () => {
  const functions = Object.entries(door).flatMap(([name, value]) =>
    typeof value === 'function' && !String(value).startsWith('class ') ? [name] : [],
  );
  expect([...examples().map(({ of }) => of), ...without].sort()).toEqual(functions.sort());
});

/** What an example has to give, where that is known without the library. */
const known: Readonly<Record<string, unknown>> = {
  listRuns: ['lenet-mnist is complete'],
  openRun: widths.flatMap((w) => seeds.map((s) => `cnn-w${w}-s${s}: ${lenetParameters(w)}`)),
  exportOutcomes: 'lenet-mnist.csv',
  importOutcomes: 2,
  report: true,
  sealForecast: 64,
  sealClaims: 64,
  listForecasts: [],
  studyForecasts: ['accuracy'],
};

test.each(examples().filter(({ of }) => !trained.includes(of)))('the example of $of', async (example) => {
  const found = await run(example, await exampleFolder());
  expect(found).toEqual(known[example.of] ?? expect.anything());
});
