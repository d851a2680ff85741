import { describe, expect, test } from 'vitest';
import { compareRuns, differenceOf } from '../../../../src/analysis/diff/difference.js';
import { scalesOf } from '../../../../src/analysis/scales.js';
import { accuracy, imageAccuracy, subsetAccuracy } from '../../../../src/metrics/classification.js';
import type { MemberOutcomes } from '../../../../src/metrics/curve.js';
import { diffNotes } from '../../../../src/report/tables/diff.js';
import { trainedWords } from '../../../../src/runs/words.js';
import { Random } from '../../../../src/statistics/random.js';
import { twoSidedQuantile } from '../../../../src/statistics/welch.js';
import { coverageOf, drawTwoRuns, type Groups, type TwoRuns } from '../../../support/two-runs.js';
import { memberOf, rightWith } from '../../../support/members.js';

const matched = (one: readonly MemberOutcomes[], other: readonly MemberOutcomes[]) =>
  scalesOf(one).map((scale, i) => ({ one: scale, other: scalesOf(other)[i]! }));

function varianceOf(values: readonly number[]): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1);
}

test('the variance is that of the analysis of variance over seeds and images, with their shared part counted once', () => {
  const model = { images: 400, seeds: [4, 3], truth: [0.7, 0.75], correlation: 0.5, seedDeviation: 0.1 } as const;
  const [one, other] = drawTwoRuns(model, Random.named(0, 'anova')) as [MemberOutcomes[], MemberOutcomes[]];
  const draws = 20_000;
  const found = compareRuns({ metric: accuracy.with({}), one, other, scales: matched(one, other), draws });
  // In closed form, image by image.
  const rows = [one, other].map((members) => members.map(({ outcomes }) => Array.from(outcomes.correct!)));
  const meanOf = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const byImage = rows.map((seeds) => seeds[0]!.map((_, i) => meanOf(seeds.map((seed) => seed[i]!))));
  const seedPart = rows.map((seeds) => varianceOf(seeds.map(meanOf)) / seeds.length);
  const together = rows.map((seeds, side) => {
    const own = seeds.map((seed) => varianceOf(seed.map((value, i) => value - byImage[side]![i]!)));
    return own.reduce((sum, value) => sum + value, 0) / (seeds.length - 1) / seeds.length / 400;
  });
  const images = varianceOf(byImage[1]!.map((value, i) => value - byImage[0]![i]!)) / 400;
  const variance = seedPart[0]! + seedPart[1]! + images - together[0]! - together[1]!;
  const degrees =
    variance ** 2 / (seedPart[0]! ** 2 / 3 + seedPart[1]! ** 2 / 2 + (images - together[0]! - together[1]!) ** 2 / 399);
  const scale = found.scales[0]!;
  // This many draws estimate a variance to 1 in 100.
  expect(scale.degrees / degrees).toBeCloseTo(1, 1);
  const half = (scale.interval.upper - scale.interval.lower) / 2;
  expect(half / (twoSidedQuantile(0.05, degrees) * Math.sqrt(variance))).toBeCloseTo(1, 1);
  expect(scale.difference).toBeCloseTo(meanOf(byImage[1]!) - meanOf(byImage[0]!), 12);
});

test('over the family: the mean over scales, which share their images', () => {
  const random = Random.named(0, 'family of two');
  const correct = [0.5, 0.8, 0.6, 0.9].map((p) => rightWith(p, 500, random));
  const one = [memberOf(1, 0, { correct: correct[0]! }), memberOf(2, 0, { correct: correct[1]! })];
  const other = [memberOf(1, 0, { correct: correct[2]! }), memberOf(2, 0, { correct: correct[3]! })];
  const { scales, family } = compareRuns({
    metric: accuracy.with({}),
    one,
    other,
    scales: matched(one, other),
    draws: 4000,
  });
  const each = Array.from(
    { length: 500 },
    (_, i) => (correct[2]![i]! - correct[0]![i]! + correct[3]![i]! - correct[1]![i]!) / 2,
  );
  const standardError = Math.sqrt(varianceOf(each) / 500);
  expect(family!.value).toBeCloseTo(each.reduce((sum, value) => sum + value, 0) / 500, 12);
  // 4000 draws estimate a standard error to 1 in 90.
  expect(family!.standardError / standardError).toBeCloseTo(1, 1);
  // Holm: the smaller p twice, the larger one unchanged except for the order.
  const [a, b] = scales.map(({ p }) => p).sort((x, y) => x - y) as [number, number];
  expect(scales.map(({ adjusted }) => adjusted).sort((x, y) => x - y)).toEqual([2 * a, Math.max(2 * a, b)]);
});

describe('one member against one', () => {
  const random = Random.named(0, 'one against one');
  const [x, y] = [rightWith(0.7, 300, random), rightWith(0.8, 300, random)];
  const [one, other] = [[memberOf(1, 0, { correct: x })], [memberOf(1, 0, { correct: y })]];
  const ask = (metric: Parameters<typeof compareRuns>[0]['metric']) =>
    compareRuns({ metric, one, other, scales: matched(one, other), draws: 500 }).scales[0]!;

  test('under a share, McNemar counts the images that only one gets right', () => {
    const { mcnemar, p, interval, difference } = ask(accuracy.with({}));
    const first = x.filter((right, i) => right > y[i]!).length;
    const second = y.filter((right, i) => right > x[i]!).length;
    expect(mcnemar).toMatchObject({ first, second, count: 300 });
    expect(p).toBe(mcnemar!.midP);
    expect(difference).toBeCloseTo((second - first) / 300, 12);
    // The interval inverts the score test, and p nearly comes from it: they agree except where p is close to 0.05.
    expect(interval.lower > 0 || interval.upper < 0).toBe(p < 0.05);
  });

  test('a power of the share has the same test', () => {
    expect(ask(subsetAccuracy.with({ k: 3 })).p).toBe(ask(accuracy.with({})).p);
  });

  test('two equal members differ by 0, with the interval for no discordant image', () => {
    const same = compareRuns({ metric: accuracy.with({}), one, other: one, scales: matched(one, one), draws: 200 });
    const { difference, p, interval } = same.scales[0]!;
    expect([difference, p]).toEqual([0, 1]);
    // z² / (n + z²)
    expect([interval.lower, interval.upper]).toBeAllClose([-0.012643, 0.012643], { atol: 1e-6 });
  });

  test('sequences that share images carry less evidence than as many with different ones', () => {
    // 300 sequences of one image each; the second time each image is shown three times.
    const asSequences = (correct: Uint8Array, times: number): MemberOutcomes =>
      memberOf(1, 0, {
        correct: Uint8Array.from(correct, (_, i) => correct[Math.floor(i / times)]!),
        sequence: Int32Array.from(correct, (_, i) => i),
        example: Int32Array.from(correct, (_, i) => Math.floor(i / times)),
      });
    const widthOf = (times: number) => {
      const [a, b] = [[asSequences(x, times)], [asSequences(y, times)]];
      const found = compareRuns({
        metric: imageAccuracy.with({}),
        one: a,
        other: b,
        scales: matched(a, b),
        draws: 2000,
      });
      expect(found.scales[0]!.mcnemar).toBeUndefined();
      return found.scales[0]!.interval.upper - found.scales[0]!.interval.lower;
    };
    // A third of the images: root 3, as precisely as 100 images and 2000 draws allow.
    expect(widthOf(3) / widthOf(1)).toBeGreaterThan(1.5);
    expect(widthOf(3) / widthOf(1)).toBeLessThan(2);
  });
});

test('groups are drawn if there are enough of them, and named if not', () => {
  const drawnIn = (count: number) => {
    const model = { images: 200, seeds: [1, 1], truth: [0.7, 0.8], correlation: 0.5, seedDeviation: 0 } as const;
    const groups = { count, share: 0.3 };
    const [one, other] = drawTwoRuns({ ...model, groups }, Random.named(0, 'groups', count)) as [
      MemberOutcomes[],
      MemberOutcomes[],
    ];
    const metric = accuracy.with({});
    const found = compareRuns({ metric, one, other, scales: matched(one, other), draws: 200 });
    const named = { label: 'run', words: trainedWords };
    const examples = { common: 200, only: [0, 0], isChecked: true } as const;
    return diffNotes({ ...found, metric, one: named, other: named, examples, unmatched: [[], []] });
  };
  expect(drawnIn(50)).toEqual([
    'Paired by test example: 200 in common; intervals are over 50 groups of them. In brackets: 95 %, not adjusted.',
    "p: Student's t of the paired difference over test examples, for these two members.",
  ]);
  expect(drawnIn(5)[0]).toBe(
    'Paired by test example: 200 in common, of 5 groups that are too few or too unequal to resample: intervals are for these groups. In brackets: 95 %, not adjusted.',
  );
});

test('draws without a value leave no interval; all seeds right give a narrow one', () => {
  const draws = { observed: Float64Array.of(1, 2), draws: [Float64Array.of(NaN, 1), Float64Array.of(1, 2)], count: 5 };
  expect(differenceOf(draws, [{ one: [0], other: [1] }])).toMatchObject({ value: 1, p: NaN });
  const right = [0, 1].map((seed) => memberOf(1, seed, { correct: new Uint8Array(50).fill(1) }));
  const { interval, p } = compareRuns({
    ...{ metric: accuracy.with({}), one: right, other: right, scales: matched(right, right), draws: 200 },
  }).scales[0]!;
  expect(p).toBe(1);
  expect(interval.upper).toBeCloseTo(1.96 ** 2 / (50 + 1.96 ** 2), 4);
});

test('without variation between draws there is no interval and no p, even where means of equal numbers round', () => {
  // Thirds: the mean of three draws of the mean over three scales is not always the same double.
  for (const count of [1, 5]) {
    const third = Float64Array.of(0, 0, 1, 0.1, 0.7, 1);
    const draws = { observed: third, draws: [third, third, third], count };
    const places = [0, 1, 2].map((i) => ({ one: [i], other: [3 + i] }));
    expect(differenceOf(draws, places)).toMatchObject({ p: NaN, interval: { lower: NaN, upper: NaN } });
  }
  // One example, two seeds that differ: how examples differ is unknown.
  const draws = {
    observed: Float64Array.of(0, 1, 1, 1),
    draws: [Float64Array.of(0, 1, 1, 1), Float64Array.of(0, 1, 1, 1)],
  };
  expect(differenceOf({ ...draws, count: 1 }, [{ one: [0, 1], other: [2, 3] }]).p).toBeNaN();
});

/** All cells take minutes: `npm run test:diff`. */
const isLong = process.env['DIFF_COVERAGE'] === 'all';
const pairs = isLong ? 3000 : 150;
const correlations = [0, 0.35, 0.7];
const cells = (
  isLong
    ? [
        [1, 1],
        [3, 3],
        [5, 5],
        [3, 8],
      ]
    : [
        [1, 1],
        [3, 3],
      ]
).flatMap(([a, b]) =>
  (isLong ? correlations : [0, 0.7]).flatMap((correlation) =>
    (a === 1 ? [0] : isLong ? [0, 0.05, 0.2] : [0.1]).map((seedDeviation) => ({
      seeds: [a!, b!] as const,
      correlation,
      seedDeviation,
    })),
  ),
);

/** Few groups of equal size; and more of log-normal sizes, the largest of which has a tenth of the images. */
const groupings: readonly Groups[] = isLong
  ? [
      { count: 44, share: 0.3 },
      { count: 90, share: 0.3, logSize: 0.7 },
    ]
  : [{ count: 50, share: 0.5 }];
const grouped = groupings.flatMap((groups) =>
  (isLong ? ([1, 3] as const) : ([3] as const)).flatMap((count) =>
    (isLong ? correlations : [0.7]).map((correlation) => ({
      ...{ seeds: [count, count] as const, correlation, seedDeviation: count === 1 ? 0 : 0.1, groups },
    })),
  ),
);

interface Cell extends Pick<TwoRuns, 'seeds' | 'seedDeviation' | 'groups'> {
  readonly correlation: number;
}

test.each<Cell>([...cells, ...grouped])('95 % intervals cover the truth: %o', ({ seeds, correlation, ...rest }) => {
  const { seedDeviation, groups } = rest;
  const images = isLong ? 300 : 100;
  // For two shares near 0.8 about this correlation of normals gives the correlation of right and wrong.
  const ofNormals = { 0: 0, 0.35: 0.57, 0.7: 0.9 }[correlation]!;
  const model = { images, seeds, truth: [0.8, 0.85] as const, correlation: ofNormals, ...rest };
  const ofGroups = groups === undefined ? [] : ['groups', groups.count];
  const random = Random.named(0, 'coverage', ...seeds, correlation, seedDeviation, ...ofGroups);
  const { coverage } = coverageOf(model, { pairs, draws: isLong ? 400 : 100, random });
  // Three standard errors of the share beyond the promised 93 to 97 %.
  const error = 3 * Math.sqrt((0.95 * 0.05) / pairs);
  expect(coverage).toBeGreaterThan(0.93 - error);
  expect(coverage).toBeLessThan(Math.min(1.0001, 0.97 + error));
});

test('several moments of a training say no more about seeds than one', () => {
  const random = Random.named(0, 'moments of two runs');
  const steps = [1, 2, 4, 8];
  /** Three seeds that are alike at every moment. */
  const runOf = (shares: readonly number[], name: string) => {
    const seeds = shares.map((share) => rightWith(share, 400, random));
    return steps.flatMap((step) =>
      seeds.map((correct, seed) => {
        const { record, outcomes } = memberOf(step, seed, { correct });
        return { outcomes, record: { ...record, training: `${name} s${seed}` } };
      }),
    );
  };
  const [one, other] = [runOf([0.5, 0.6, 0.55], 'one'), runOf([0.65, 0.6, 0.75], 'other')];
  const compare = (a: MemberOutcomes[], b: MemberOutcomes[]) =>
    compareRuns({ metric: accuracy.with({}), one: a, other: b, scales: matched(a, b), draws: 500 });
  const { family, scales } = compare(one, other);
  expect(family!.p).toBeCloseTo(scales[0]!.p, 10);
  expect(family!.interval.lower).toBeCloseTo(scales[0]!.interval.lower, 10);
  expect(family!.interval.upper).toBeCloseTo(scales[0]!.interval.upper, 10);
  // Separate trainings at each of four steps would halve the contribution of seeds, with four times the degrees of freedom.
  const apart = (members: MemberOutcomes[]) =>
    members.map((member) => ({ ...member, record: { ...member.record, training: undefined } }));
  expect(compare(apart(one), apart(other)).family!.standardError).toBeLessThan(0.7 * family!.standardError);
});
