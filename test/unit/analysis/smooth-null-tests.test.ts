/**
 * How often smooth families are called sharp, and steps are found. Few families each, as every one takes some thousand fits; the tables of
 * docs/emergence.md come from test/reference/sharpness.py, another implementation, with hundreds.
 */
import { describe, expect, test } from 'vitest';
import { sampleChosen } from '../../../src/analysis/chosen.js';
import { testAgainstPushed, testAgainstSmooth } from '../../../src/analysis/smooth-null-tests.js';
import { scoreNames } from '../../../src/analysis/scores.js';
import {
  accuracy,
  auroc,
  crossEntropy,
  sequenceAccuracy,
  subsetAccuracy,
} from '../../../src/metrics/classification.js';
import type { MemberOutcomes } from '../../../src/metrics/curve.js';
import type { Metric } from '../../../src/metrics/metric.js';
import { reconstruction } from '../../../src/metrics/reconstruction.js';
import { Random } from '../../../src/statistics/random.js';
import { family, memberOf } from '../../support/members.js';
import { chooseByScore } from '../../support/choose-by-score.js';

const widths = [1, 2, 4, 8, 16, 32, 64];
const place = (width: number) => Math.log2(width) / 6;
const logistic = (slope: number, middle: number) => (width: number) =>
  1 / (1 + Math.exp(-slope * (place(width) - middle)));
const bound = 4 * Math.log(9);

function sampled(metric: Metric, members: readonly MemberOutcomes[], draws = 60) {
  return sampleChosen({ metric }, members, { draws });
}

function families(count: number, p: (width: number) => number, name: string, deviation = 0.02) {
  return Array.from({ length: count }, (_, i) =>
    family({ widths, seeds: 3, count: 400, p, deviation, name: `${name} ${i}` }),
  );
}

describe('smooth growth', () => {
  test.each([
    ['a line', (w: number) => 0.2 + 0.6 * place(w)],
    ['a power law, N^-0.3', (w: number) => 0.95 - 0.75 * w ** -0.3],
    ['a power law, N^-0.75', (w: number) => 0.95 - 0.75 * w ** -0.75],
    ['a saturating exponential', (w: number) => 0.1 - 0.8 * Math.expm1(-w / 12)],
    ['a logistic at its bound', (w: number) => 0.1 + 0.8 * logistic(bound, 0.5)(w)],
  ])('%s is called sharp in about 1 of 20 families, by every score', (name, p) => {
    const count = 24;
    const alarms = scoreNames.map(() => 0);
    let any = 0;
    for (const members of families(count, p, name)) {
      const { scores } = testAgainstSmooth(sampled(accuracy.with({}), members), members, { draws: 39 });
      scoreNames.forEach((score, j) => (alarms[j]! += Number(scores[score].p <= 0.05)));
      any += Number(scoreNames.some((score) => scores[score].adjusted <= 0.05));
    }
    // Of 24 at probability .05 more than 5 are alarms with probability .1 %; six scores of five truths.
    expect(Math.max(...alarms)).toBeLessThanOrEqual(5);
    expect(any).toBeLessThanOrEqual(5);
  });

  test('a step in the middle is found, and by which scores', () => {
    const found = { jump: 0, emergence: 0, linearity: 0 };
    for (const members of families(10, (w) => (w < 8 ? 0.3 : 0.7), 'step')) {
      const { scores, family: fitted } = testAgainstSmooth(sampled(accuracy.with({}), members), members, { draws: 99 });
      for (const name of ['jump', 'emergence', 'linearity'] as const)
        found[name] += Number(scores[name].adjusted <= 0.05);
      expect(['logistic', 'saturating exponential']).toContain(fitted);
    }
    expect(found.jump).toBe(10);
    expect(found.emergence).toBeGreaterThanOrEqual(8);
    // A step has less linearity than a ramp, not more.
    expect(found.linearity).toBe(0);
  });

  test('with one seed per scale the spread of seeds is unknown: a smooth curve but no p', () => {
    const members = family({ widths, seeds: 1, count: 400, p: logistic(5, 0.5), name: 'one seed' });
    const { scores, values } = testAgainstSmooth(sampled(accuracy.with({}), members), members, { draws: 50 });
    expect(scoreNames.map((name) => [scores[name].p, scores[name].adjusted])).toEqual(scoreNames.map(() => [NaN, NaN]));
    expect(scores.jump.smooth).toBeGreaterThan(0);
    expect(values).toHaveLength(7);
  });

  test('a loss that falls at once is sharp, one that falls as a power law is not', () => {
    const random = Random.named(0, 'losses');
    const losses = (mean: (width: number) => number) =>
      widths.flatMap((width) =>
        [0, 1, 2].map((seed) => {
          const scale = mean(width) * (1 + 0.02 * random.normal());
          return memberOf(width, seed, {
            log_probability: Float32Array.from({ length: 400 }, () => scale * Math.log(1 - random.uniform())),
          });
        }),
      );
    const pOf = (members: readonly MemberOutcomes[]) =>
      testAgainstSmooth(sampled(crossEntropy.with({}), members), members, { draws: 199 }).scores.jump.p;
    expect(pOf(losses((width) => (width < 8 ? 2 : 0.3)))).toBeLessThan(0.02);
    expect(pOf(losses((width) => 0.1 + 2 * width ** -0.5))).toBeGreaterThan(0.05);
  });

  test('a score missing from most draws has no p: AUROC of members with hardly a mistake', () => {
    const random = Random.named(0, 'mistakes');
    const members = widths.flatMap((width) =>
      [0, 1].map((seed) => {
        const correct = Uint8Array.from({ length: 200 }, (_, i) => (i < (width === 64 ? 0 : 60) ? 0 : 1));
        return memberOf(width, seed, { correct, confidence: Float32Array.from(correct, () => random.uniform()) });
      }),
    );
    const { scores } = testAgainstSmooth(sampled(auroc.with({}), members), members, { draws: 30 });
    expect(scores.jump.p).toBeNaN();
  });

  test('a metric chosen for its score is judged against what chance would have chosen', () => {
    const candidates = [1, 2, 3, 5].map((k) => subsetAccuracy.with({ k }));
    let [fixed, chosen] = [0, 0];
    for (const members of families(6, (w) => 0.5 + 0.3 * place(w), 'chosen', 0.03)) {
      const best = chooseByScore(candidates, members, { by: 'jump' });
      const p = (choice: typeof best) =>
        testAgainstSmooth(sampleChosen(choice, members, { draws: 40 }), members, { draws: 39 }).scores.jump.p;
      fixed += p({ metric: best.metric });
      chosen += p(best);
    }
    // Since the choice is repeated in each draw, the null is as high as what was chosen.
    expect(chosen).toBeGreaterThan(fixed);
  });
});

describe('what the metric makes of a smooth family', () => {
  const k20 = subsetAccuracy.with({ k: 20 });

  test('smoothly growing accuracy leaves nothing under K = 20, however sharp that is', () => {
    let [left, sharper] = [0, 0];
    for (const members of families(16, (w) => 0.4 + 0.57 * logistic(5, 0.4)(w), 'pushed', 0.01)) {
      const { scores, values, families: fitted } = testAgainstPushed(sampled(k20, members), members, { draws: 39 })!;
      left += Number(scoreNames.some((name) => scores[name].adjusted <= 0.05));
      sharper += Number(scores.jump.smooth > 0.4);
      expect(values).toHaveLength(7);
      expect(fitted).toHaveLength(1);
    }
    expect(sharper).toBe(16);
    // Of 16 at probability .05 more than 4 occur with probability .1 %.
    expect(left).toBeLessThanOrEqual(4);
  });

  test("a step of accuracy is the models' own, and its share remains", () => {
    const [members] = families(1, (w) => (w < 8 ? 0.9 : 0.97), 'own', 0.003) as [MemberOutcomes[]];
    const { scores } = testAgainstPushed(sampled(k20, members, 300), members, { draws: 199 })!;
    expect(scores.jump.adjusted).toBeLessThanOrEqual(0.05);
    expect(scores.jump.left.interval.lower).toBeGreaterThan(0);
    expect(scores.jump.left.value).toBeAllClose(1 - scores.jump.smooth, { atol: 0.15 });
  });

  test("sequences: the product over positions of each position's growth", () => {
    const random = Random.named(0, 'sequences');
    const length = 4;
    const members = widths.flatMap((width) =>
      [0, 1, 2].map((seed) => {
        const p = 0.1 + 0.8 * logistic(5, 0.5)(width) + 0.01 * random.normal();
        const sequence = Int32Array.from({ length: 300 * length }, (_, i) => Math.floor(i / length));
        return memberOf(width, seed, {
          correct: Uint8Array.from(sequence, () => (random.uniform() < p ? 1 : 0)),
          sequence,
          // Each image once.
          example: Int32Array.from(sequence, (_, i) => i),
        });
      }),
    );
    const metric = sequenceAccuracy.with({ l: length });
    const { values, families: fitted, scores } = testAgainstPushed(sampled(metric, members), members, { draws: 59 })!;
    expect(fitted).toHaveLength(length);
    // Independent positions with accuracy p: p^4, and nothing else.
    expect(values).toBeAllClose(
      widths.map((width) => (0.1 + 0.8 * logistic(5, 0.5)(width)) ** 4),
      { atol: 0.03 },
    );
    expect(scores.jump.adjusted).toBeGreaterThan(0.05);
  });

  test('cutoffs: the share below the cutoff of one scaled error distribution', () => {
    const random = Random.named(0, 'cutoffs');
    const members = widths.flatMap((width) =>
      [0, 1, 2].map((seed) => {
        const mean = 0.06 * width ** -0.6 * (1 + 0.01 * random.normal());
        // Gamma of shape 4, mean 1: a sum of four exponentials.
        const error = () => [0, 1, 2, 3].reduce((sum) => sum - Math.log(1 - random.uniform()) / 4, 0);
        return memberOf(width, seed, { mse: Float32Array.from({ length: 400 }, () => mean * error()) });
      }),
    );
    const pushed = testAgainstPushed(sampled(reconstruction.with({ c: 0.01 }), members), members, { draws: 59 })!;
    // 1 - exp(-4x) (1 + 4x + 8x² + 32/3 x³) at x = c / mean
    const expected = widths.map((width) => {
      const x = 4 * (0.01 / (0.06 * width ** -0.6));
      return 1 - Math.exp(-x) * (1 + x + x ** 2 / 2 + x ** 3 / 6);
    });
    expect(pushed.values).toBeAllClose(expected, { atol: 0.05 });
    expect(pushed.scores.jump.adjusted).toBeGreaterThan(0.05);
  });

  test('nothing is said about a metric whose construction is unknown', () => {
    const [members] = families(1, place, 'unknown') as [MemberOutcomes[]];
    expect(testAgainstPushed(sampled(accuracy.with({}), members), members, { draws: 10 })).toBeUndefined();
  });
});
