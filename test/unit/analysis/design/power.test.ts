/** Pilots and their simulations compared with closed forms, and with whole families drawn from a known truth. */
import { expect, test } from 'vitest';
import { expectedCurve, pilotOf, varianceAt } from '../../../../src/analysis/design/pilot.js';
import { simulatePower } from '../../../../src/analysis/design/power.js';
import { sampleCurve } from '../../../../src/analysis/curves.js';
import { pairScores } from '../../../../src/analysis/paired.js';
import { accuracy, subsetAccuracy } from '../../../../src/metrics/classification.js';
import type { MemberOutcomes } from '../../../../src/metrics/curve.js';
import { mse, reconstruction } from '../../../../src/metrics/reconstruction.js';
import type { Metric } from '../../../../src/metrics/metric.js';
import { Random } from '../../../../src/statistics/random.js';
import { memberOf } from '../../../support/members.js';

const logistic = (x: number) => 1 / (1 + Math.exp(-x));

test('between widths a logistic truth is interpolated by that logistic, and so are its powers', () => {
  const count = 20_000;
  const truth = (width: number) => logistic(1.2 * Math.log(width / 12));
  const members = [2, 8, 32, 128].flatMap((width) =>
    [0, 1].map((seed) => {
      const right = Math.round(truth(width) * count);
      return memberOf(width, seed, { correct: Uint8Array.from({ length: count }, (_, i) => Number(i < right)) });
    }),
  );
  const pilots = pilotOf(members, 20);
  const curve = expectedCurve(pilots(accuracy.with({})));
  const power = expectedCurve(pilots(subsetAccuracy.with({ k: 5 })));
  // A logistic in log width is straight on the logit scale, also beyond the ends; counts are integers: 1 / count.
  for (const width of [1, 2, 3, 5, 12, 20, 60, 200]) {
    expect(Math.abs(curve(width) - truth(width))).toBeLessThan(2 / count);
    // C(m, 5) / C(n, 5) is p^5 up to 1 / n.
    expect(Math.abs(power(width) - truth(width) ** 5)).toBeLessThan(10 / count);
  }
});

test("the variance between seeds is what remains beyond the test set's", () => {
  // 300 images: a binomial's variance on the logit scale is 1 / (300 p (1 - p)), 0.013 at p = 1/2, comparable to the seeds' 0.04.
  const [deviation, count] = [0.2, 300];
  const random = Random.named(0, 'seeds of a pilot');
  const members = [2, 4, 8, 16, 32].flatMap((width) =>
    Array.from({ length: 40 }, (_, seed) => {
      const p = logistic(Math.log(width / 8) + deviation * random.normal());
      return memberOf(width, seed, { correct: Uint8Array.from({ length: count }, () => Number(random.uniform() < p)) });
    }),
  );
  const pilot = pilotOf(members, 100)(accuracy.with({}));
  // 3 widths of 40 seeds, with weights 1/2, 1, 1/2: a relative standard error of about sqrt(2 / 90) × 0.053 / 0.04 = 0.2.
  expect(Math.abs(varianceAt(pilot, 8) / deviation ** 2 - 1)).toBeLessThan(0.6);
});

interface Truth {
  readonly widths: readonly number[];
  readonly seeds: number;
  readonly count: number;
  readonly name: string;
}

/** Images differ in difficulty, which members share; seeds differ in skill. */
function classifiers({ widths, seeds, count, name }: Truth): MemberOutcomes[] {
  const random = Random.named(0, 'classifiers', name);
  const difficulty = Float64Array.from({ length: count }, () => random.normal());
  return widths.flatMap((width) =>
    Array.from({ length: seeds }, (_, seed) => {
      const skill = 1.1 * Math.log(width / 8) + 0.12 * random.normal();
      const correct = Uint8Array.from(difficulty, (hard) => Number(skill + 0.7 * random.normal() > hard));
      return memberOf(width, seed, { correct });
    }),
  );
}

function autoencoders({ widths, seeds, count, name }: Truth): MemberOutcomes[] {
  const random = Random.named(0, 'autoencoders', name);
  const difficulty = Float64Array.from({ length: count }, () => 0.5 * random.normal());
  return widths.flatMap((width) =>
    Array.from({ length: seeds }, (_, seed) => {
      const level = -0.5 * Math.log(width) + 0.06 * random.normal();
      return memberOf(width, seed, {
        mse: Float32Array.from(difficulty, (hard) => 0.1 * Math.exp(level + hard + 0.15 * random.normal())),
      });
    }),
  );
}

interface Case {
  readonly draw: (truth: Truth) => MemberOutcomes[];
  readonly standard: Metric;
  readonly induced: Metric;
  readonly ratio: number;
  readonly count: number;
  readonly widths: readonly number[];
}

const draws = 150;

/** What the lab would say about whole families. */
function bruteForce({ draw, standard, induced, ratio, count, widths }: Case, families: number) {
  let wins = 0;
  for (let family = 0; family < families; family++) {
    const members = draw({ widths, seeds: 3, count, name: `family ${family}` });
    const [first, second] = [standard, induced].map((metric) => sampleCurve(metric, members, { draws, seed: family }));
    if (pairScores(first!, second!).scores.emergence.ratio!.interval.lower > ratio) wins++;
  }
  return wins / families;
}

test.each<Case>([
  {
    draw: classifiers,
    standard: accuracy.with({}),
    induced: subsetAccuracy.with({ k: 10 }),
    ratio: 2,
    count: 400,
    widths: [2, 5, 7, 10, 14, 20, 32, 64],
  },
  {
    draw: autoencoders,
    standard: mse.with({}),
    induced: reconstruction.with({ c: 0.016 }),
    ratio: 1.9,
    count: 300,
    widths: [2, 3, 4, 5, 7, 10, 18, 64],
  },
])('simulated power matches that of whole families: $standard.id, $induced.id', (each) => {
  // A pilot with many seeds, at other widths, knows the truth well: its error moves power by a few points.
  const [count, seeds] = [10_000, 24];
  const pilots = pilotOf(each.draw({ widths: [2, 4, 8, 16, 32, 64], seeds, count, name: 'pilot' }), draws);
  const { widths } = each;
  const families = 120;
  const simulated = simulatePower({
    ...{ standard: pilots(each.standard), induced: pilots(each.induced), widths, seeds: 3, ratio: each.ratio },
    ...{ size: each.count / count, families: 200, draws },
  });
  const truth = bruteForce(each, families);
  // 2.5 standard errors of 120 and 200 families at a power of a half: 0.14. Both are far from 0 and 1, where anything would agree.
  expect(truth).toBeGreaterThan(0.2);
  expect(truth).toBeLessThan(0.8);
  expect(Math.abs(simulated.power - truth)).toBeLessThan(0.14);
});
