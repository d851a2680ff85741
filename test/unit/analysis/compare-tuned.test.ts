import { expect, test } from 'vitest';
import { compareTwins, twinVerdict } from '../../../src/analysis/compare-tuned.js';
import { accuracy, subsetAccuracy } from '../../../src/metrics/classification.js';
import { Random } from '../../../src/statistics/random.js';
import { drawTwoRuns } from '../../support/two-runs.js';

const at = (lower: number, upper: number) => ({ lower, upper });

test.each([
  ['survives', at(0.1, 0.4), at(0.05, 0.3), at(-0.3, 0.1)],
  ['is weaker', at(0.3, 0.5), at(0.05, 0.2), at(-0.4, -0.1)],
  ['is stronger', at(0.1, 0.2), at(0.3, 0.5), at(0.1, 0.4)],
  ['goes', at(0.3, 0.5), at(-0.2, 0), at(-0.6, -0.2)],
  ['is weakened', at(0.3, 0.5), at(-0.2, 0.1), at(-0.6, -0.2)],
  ['appears', at(-0.2, -0.1), at(0.3, 0.5), at(0.2, 0.6)],
  ['is strengthened', at(-0.2, 0.1), at(0.3, 0.5), at(0.2, 0.6)],
  ['was not there', at(-0.5, -0.3), at(-0.2, 0.1), at(0.2, 0.5)],
  ['cannot be determined', at(0.01, 0.5), at(-0.1, 0.3), at(-0.5, 0.2)],
  ['cannot be determined', at(0.1, 0.5), at(0.1, 0.5), at(NaN, NaN)],
] as const)('%s', (verdict, untuned, tuned, difference) => {
  expect(twinVerdict(untuned, tuned, difference)).toBe(verdict);
});

/**
 * Two families with the same truth, each with its own seeds on the same images: their bows differ by 0, which 95 % intervals should cover.
 * They are hulls of two intervals, which are if anything too wide.
 */
test('the interval of the difference of bows covers the truth', () => {
  const pairs = process.env['DIFF_COVERAGE'] === 'all' ? 400 : 12;
  const random = Random.named(0, 'twins');
  const truths = [0.15, 0.3, 0.5, 0.7, 0.9];
  let [held, others] = [0, 0];
  for (let i = 0; i < pairs; i++) {
    const [untuned, tuned] = [0, 1].map((): ReturnType<typeof drawTwoRuns>[number] => []);
    truths.forEach((truth, place) => {
      const model = { images: 200, seeds: [3, 3], correlation: 0.5, seedDeviation: 0.15 } as const;
      const drawn = drawTwoRuns({ ...model, truth: [truth, truth] }, random);
      [untuned, tuned].forEach((family, side) =>
        family!.push(
          ...drawn[side]!.map(({ record, outcomes }) => {
            const width = 2 ** place;
            return { outcomes, record: { ...record, width, parameters: 100 * width, trainingFlops: width } };
          }),
        ),
      );
    });
    const request = { untuned: untuned!, tuned: tuned!, draws: 400, nullDraws: 0, seed: i };
    const { standard, induced } = compareTwins({
      ...request,
      standard: { metric: accuracy.with({}) },
      induced: { metric: subsetAccuracy.with({ k: 5 }) },
    });
    for (const { scores } of [standard, induced]) {
      const { interval } = scores.bow.difference;
      held += Number(interval.lower <= 0 && 0 <= interval.upper);
      others += 1;
    }
  }
  // Three standard errors for 800 with a coverage of 0.95; of 24 fewer than 19 cover it in 1 of 1000 such tests.
  expect(held / others).toBeGreaterThan(pairs === 400 ? 0.95 - 3 * Math.sqrt((0.95 * 0.05) / 800) : 18 / 24);
});
