/** Every function of the library has an example that runs and gives the values the run was made with. */
import { expect, test } from 'vitest';
import * as door from '../../../src/index.js';
import { exampleFolder, examples, run, seeds, widths } from '../../support/examples.js';
import { lenetParameters } from '../../support/runs.js';

/** Functions without anything to show: fixed lists, and the second half of a pair. */
const without = ['listForecastMethods', 'listClaimQuantities', 'scoreClaims', 'scoreForecast', 'verifyForecasts'];
/** Run with TensorFlow: test/engine/library.test.ts. */
const trained = ['train', 'predict'];

test('every function of the library has an example', () => {
  const functions = Object.entries(door).flatMap(([name, value]) =>
    typeof value === 'function' && !String(value).startsWith('class ') ? [name] : [],
  );
  expect([...examples().map(({ of }) => of), ...without].sort()).toEqual(functions.sort());
});

/** What an example has to give, if that is known without the library. */
const known: Readonly<Record<string, unknown>> = {
  listRuns: [
    'half is stopped',
    ...['lenet-mnist', 'lenet-moments', 'tuned', 'untuned'].map((name) => `${name} is complete`),
  ],
  openRun: widths.flatMap((w) => seeds.map((s) => `cnn-w${w}-s${s}: ${lenetParameters(w)}`)),
  // Of five widths and three seeds the run has one seed.
  mergeRuns: [10, 5],
  exportOutcomes: 'lenet-mnist.csv',
  exportMember: 'lenet-mnist-cnn-w16-s0.safetensors',
  importOutcomes: 2,
  report: true,
  // One of three images lost, one gained: a single discordant one has a mid-p of a half.
  diff: [
    [100, expect.closeTo(-1 / 3, 12), expect.closeTo(0.5, 12)],
    [1000, expect.closeTo(1 / 3, 12), expect.closeTo(0.5, 12)],
  ],
  // A cubic rise and a straight one, both to the 20th power: late either way.
  compareTuned: ['survives', { lower: expect.any(Number) as unknown, upper: expect.any(Number) as unknown }],
  sealForecast: 64,
  sealClaims: 64,
  listForecasts: [],
  studyForecasts: ['accuracy'],
};

test.each(examples().filter(({ of }) => !trained.includes(of)))('the example of $of', async (example) => {
  const found = await run(example, await exampleFolder());
  expect(found).toEqual(known[example.of] ?? expect.anything());
});
