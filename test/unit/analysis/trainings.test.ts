/** Seeds at moments of the same trainings are drawn once for all of them. */
import { expect, test } from 'vitest';
import { mixed, mixturesOf, sameTrainings } from '../../../src/analysis/trainings.js';
import { sampleCurve, scoreCurve } from '../../../src/analysis/curves.js';
import { scoresOf } from '../../../src/analysis/scores.js';
import { metrics } from '../../../src/metrics/index.js';
import { Random } from '../../../src/statistics/random.js';

const steps = [10, 20, 40];
/** Three seeds at three moments; seed s has 20 (1 + s) right of 100 at each, the same ones. */
const members = steps.flatMap((width) =>
  [0, 1, 2].map((seed) => ({
    record: { id: `s${seed} at ${width}`, width, seed, parameters: width, trainingFlops: width, training: `s${seed}` },
    outcomes: { correct: Uint8Array.from({ length: 100 }, (_, i) => Number(i < 20 * (1 + seed))) },
  })),
);
const apart = members.map((member) => ({ ...member, record: { ...member.record, training: undefined } }));

test('each draw has the same seeds at every moment, and separate seeds for separate trainings', () => {
  const accuracy = metrics.accuracy.with({});
  // The same examples are right at every moment: with the same seeds a drawn curve is flat.
  const isFlat = (curve: Float64Array) => curve.every((value) => value === curve[0]);
  expect(sampleCurve(accuracy, members, { draws: 200 }).draws.every(isFlat)).toBe(true);
  // Two of three seeds at three scales: all three means agree by chance in less than a third of the draws.
  expect(sampleCurve(accuracy, apart, { draws: 200 }).draws.filter(isFlat).length).toBeLessThan(100);
});

test('scales with different trainings, or in another order, are drawn separately', () => {
  const scales = [{ members: [0, 1] }, { members: [3, 4] }, { members: [4, 3] }, { members: [6] }, { members: [7] }];
  expect(sameTrainings(scales, members)).toEqual([0, 0, 2, 3, 4]);
  expect(sameTrainings(scales, apart)).toEqual([0, 1, 2, 3, 4]);
});

test('mixed normals correlate between scales as deviations do, with variance 1', () => {
  // Correlations 0.5, -0.5 and 0.5 of (1, 0, -1), (1, -1, 0), (0, -1, 1), which span two dimensions.
  const deviations = [1, 0, -1, 1, -1, 0, 0, -1, 1];
  const scales = [
    [0, 1, 2],
    [3, 4, 5],
    [6, 7, 8],
  ].map((places) => ({ members: places }));
  const mixtures = mixturesOf(scales, [0, 0, 0], deviations);
  const random = Random.named(0, 'mixed');
  const draws = Array.from({ length: 4000 }, () =>
    mixed(
      mixtures,
      Float64Array.from(scales, () => random.normal()),
    ),
  );
  const product = (j: number, k: number) => draws.reduce((sum, draw) => sum + draw[j]! * draw[k]!, 0) / draws.length;
  // Standard errors of 4000 draws are 0.022 of a variance, 0.018 of these correlations: five of them.
  for (const j of [0, 1, 2]) expect(Math.abs(product(j, j) - 1)).toBeLessThan(0.11);
  for (const [j, k, wanted] of [
    [0, 1, 0.5],
    [0, 2, -0.5],
    [1, 2, 0.5],
  ] as const)
    expect(Math.abs(product(j, k) - wanted)).toBeLessThan(0.09);
  const own = Float64Array.of(0.3, -1, 2);
  expect(mixed(mixturesOf(scales, [0, 1, 2], deviations), own)).toEqual(own);
});

// TRAININGS=heavy: 200 runs, as quoted in docs/scales.md.
const runs = process.env['TRAININGS'] === 'heavy' ? 200 : 20;

test.each([2, 4, 8])(
  '%i seeds that stay ahead or behind: the bow along training is covered, by shorter intervals',
  (seeds) => {
    const at = [10, 20, 40, 80, 160, 320];
    /** A seed's accuracy: its logit is off by 0.35, with a correlation of 0.95 from one moment to the next. */
    const path = (random: Random) => {
      let z = random.normal();
      return at.map((_, j) => {
        if (j > 0) z = 0.95 * z + Math.sqrt(1 - 0.95 ** 2) * random.normal();
        return 1 / (1 + Math.exp(1.6 - 0.8 * j + 0.05 * j * j - 0.35 * z));
      });
    };
    const many = Array.from({ length: 20_000 }, (_, i) => path(Random.named(i, 'truth')));
    const truth = scoresOf(
      Float64Array.from(at, (_, j) => many.reduce((sum, p) => sum + p[j]!, 0) / many.length),
      at,
    ).bow;
    let [held, joint, alone] = [0, 0, 0];
    for (let run = 0; run < runs; run++) {
      const random = Random.named(run, 'moments');
      const trained = Array.from({ length: seeds }, (_, seed) =>
        path(random).map((p, j) => {
          const width = at[j]!;
          const record = { id: `s${seed} at ${width}`, width, seed, parameters: width, trainingFlops: width };
          return {
            record,
            outcomes: { correct: Uint8Array.from({ length: 500 }, () => Number(random.uniform() < p)) },
          };
        }),
      );
      const family = at.flatMap((_, j) => trained.map((own) => own[j]!));
      const named = family.map(({ record, outcomes }) => ({
        record: { ...record, training: `s${record.seed}` },
        outcomes,
      }));
      const bowOf = (each: typeof family) =>
        scoreCurve(sampleCurve(metrics.accuracy.with({}), each, { draws: 200 })).bow;
      const { lower, upper } = bowOf(named).interval;
      if (lower <= truth && truth <= upper) held++;
      joint += upper - lower;
      const { interval } = bowOf(family);
      alone += interval.upper - interval.lower;
    }
    // Of 95 %: four standard deviations of as many runs.
    expect(held / runs).toBeGreaterThan(0.95 - 4 * Math.sqrt((0.95 * 0.05) / runs));
    expect(joint).toBeLessThan(0.9 * alone);
    if (runs > 20) console.log(`${seeds} seeds: ${held} of ${runs}, ${joint / runs} long; drawn apart ${alone / runs}`);
  },
);
