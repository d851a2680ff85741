/** Intervals of test sets whose images are in several sequences, or in groups; for coverage in full see test/reference/shared_images.py. */
import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { sampleCurve } from '../../../src/analysis/curves.js';
import { drawMembers } from '../../../src/analysis/draws/members.js';
import { clustersOf, fewestGroups } from '../../../src/metrics/clusters.js';
import { parseMetric } from '../../../src/metrics/index.js';
import { defineMetric } from '../../../src/metrics/define-metric.js';
import type { Metric } from '../../../src/metrics/metric.js';
import type { OutcomeTable } from '../../../src/runs/outcomes.js';
import { Random } from '../../../src/statistics/random.js';
import { varianceOfTerms, type Terms } from '../../../src/statistics/shared-clusters.js';
import { wilsonInterval } from '../../../src/statistics/intervals.js';
import { memberOf } from '../../support/members.js';

const range = (count: number) => Int32Array.from({ length: count }, (_, i) => i);

/** Images whose difficulty all members share, in sequences of `length`; each member with its own answers. */
function testSet(options: { images: number; sequences: number; length: number; spread: number; random: Random }) {
  const { images, sequences, length, spread, random } = options;
  const ease = Float64Array.from({ length: images }, () => spread * random.normal());
  const example = Int32Array.from({ length: sequences * length }, () => random.integer(images));
  const sequence = example.map((_, row) => Math.floor(row / length));
  const member = (level: number): Partial<OutcomeTable> => {
    const margins = Float64Array.from(example, (image) => {
      const u = random.uniform();
      return level + ease[image]! + Math.log(u / (1 - u));
    });
    return {
      ...{ example, sequence },
      correct: Uint8Array.from(margins, (margin) => Number(margin > 0)),
      log_probability: Float32Array.from(margins, (margin) => -Math.log1p(Math.exp(-margin))),
    };
  };
  return { member };
}

/** The same with every image seen once. */
function truthOf(ids: readonly string[], level: number, length: number, spread: number): number[] {
  const sequences = 60_000;
  const random = Random.named(1, 'truth', level);
  const all = testSet({ images: sequences * length, sequences, length, spread, random });
  const outcomes = all.member(level);
  return ids.map((id) => parseMetric(id).weighted(outcomes).evaluate());
}

const termsOf = (metric: Metric, outcomes: Partial<OutcomeTable>): Terms => {
  const drawn = metric.drawn(outcomes);
  if (drawn.kind !== 'terms') throw new Error(`${metric.id} has no terms`);
  return drawn.terms;
};

/** Standard deviation of the difference of two means under draws that they share. */
const deviation = (a: Terms, b: Terms): number =>
  Math.sqrt(
    varianceOfTerms({
      clusters: a.clusters.map((term, i) => term - b.clusters[i]!),
      units: a.units.map((term, i) => term - b.units[i]!),
    }),
  );

describe('sequences that share images', () => {
  const ids = ['image-accuracy', 'sequence-accuracy:l=2', 'sequence-accuracy:l=4', 'image-cross-entropy'];
  const [length, images, spread] = [4, 200, 2];

  test.each([1, 8, 16])(
    'with each image in %i sequences, intervals and paired differences have their nominal coverage',
    (reuse) => {
      const levels = [0.3, 1.2];
      const truths = levels.map((level) => truthOf(ids, level, length, spread));
      const random = Random.named(0, 'coverage', reuse);
      const sets = 200;
      const held = ids.map(() => ({ interval: 0, difference: 0, naive: 0 }));
      for (let i = 0; i < sets; i++) {
        const set = testSet({ images, sequences: Math.round((images * reuse) / length), length, spread, random });
        const members = levels.map((level) => set.member(level));
        ids.forEach((id, which) => {
          const metric = parseMetric(id);
          const { value, lower, upper, count } = metric.measure(members[0]!);
          const [a, b] = [0, 1].map((member) => truths[member]![which]!) as [number, number];
          held[which]!.interval += Number(lower <= a && a <= upper);
          const [low, high] = members.map((outcomes) => termsOf(metric, outcomes)) as [Terms, Terms];
          const difference = parseMetric(id).measure(members[1]!).value - value;
          held[which]!.difference += Number(Math.abs(difference - (b - a)) <= 1.96 * deviation(low, high));
          const plain = wilsonInterval(Math.round(value * count), count);
          held[which]!.naive += Number(plain.lower <= a && a <= plain.upper);
        });
      }
      // 95 % of 200, minus three standard errors.
      for (const each of held) {
        expect((100 * each.interval) / sets).toBeGreaterThan(90.4);
        expect((100 * each.difference) / sets).toBeGreaterThan(90.4);
      }
      // Intervals that treat sequences as independent fail where this does not.
      if (reuse === 16) expect((100 * held[2]!.naive) / sets).toBeLessThan(85);
    },
  );

  test('draws scatter as the terms say, and so does the difference of two members', () => {
    const { member } = testSet({ images, sequences: 600, length, spread, random: Random.named(0, 'draws') });
    const members = [memberOf(1, 0, member(0.3)), memberOf(2, 0, member(1.2))];
    for (const id of ids) {
      const metric = parseMetric(id);
      const { draws } = drawMembers(metric, members, { draws: 3000 });
      const spreadOf = (values: readonly number[]) => {
        const mean = values.reduce((sum, each) => sum + each, 0) / values.length;
        return Math.sqrt(values.reduce((sum, each) => sum + (each - mean) ** 2, 0) / (values.length - 1));
      };
      const [a, b] = members.map(({ outcomes }) => termsOf(metric, outcomes)) as [Terms, Terms];
      // 3000 draws estimate a deviation to 1.3 %.
      expect([
        spreadOf(draws.map((draw) => draw[0]!)),
        spreadOf(draws.map((draw) => draw[1]! - draw[0]!)),
      ]).toBeAllClose([Math.sqrt(varianceOfTerms(a)), deviation(a, b)], { rtol: 0.05 });
    }
  });

  test('members that agree on every image have differences of no width; two metrics are drawn together', () => {
    const random = Random.named(0, 'paired');
    const { member } = testSet({ images, sequences: 500, length, spread, random });
    const outcomes = member(0.5);
    const members = [memberOf(1, 0, outcomes), memberOf(2, 0, outcomes), memberOf(4, 0, member(1))];
    const accuracy = drawMembers(parseMetric('image-accuracy'), members, { draws: 50 });
    expect(accuracy.draws.every((draw) => draw[0] === draw[1])).toBe(true);
    // All 1 of the first right, and the share right at the first position, are one number under two names.
    const [first, above] = ['sequence-accuracy:l=1', 'sequence-above:column=log_probability,c=-0.6931,l=1'].map((id) =>
      drawMembers(parseMetric(id), members, { draws: 50 }),
    );
    expect(first!.observed).toBeAllClose(above!.observed, { atol: 0.01 });
    const [x, y] = [first!, above!].map(({ draws }) => draws.map((draw) => draw[2]! - draw[0]!));
    expect(x).toBeAllClose(y!, { atol: 0.02 });
  });

  test('more sequences of the same images hardly narrow the interval', () => {
    const widths = [500, 4000].map((sequences) => {
      const { member } = testSet({ images, sequences, length, spread: 4, random: Random.named(0, 'more', sequences) });
      const { lower, upper } = parseMetric('image-accuracy').measure(member(0));
      return upper - lower;
    });
    // If independent, it would be 1 / sqrt(8) = 0.35. Images are always easy or always hard: most of the uncertainty is theirs.
    expect(widths[1]! / widths[0]!).toBeGreaterThan(0.75);
  });

  test('AUROC per image draws images', () => {
    const random = Random.named(0, 'auroc');
    const { member } = testSet({ images, sequences: 1200, length, spread, random });
    const outcomes = member(0.5);
    const confidence = Float32Array.from(outcomes.log_probability!, Math.exp);
    const metric = parseMetric('image-auroc');
    const { draws, observed } = drawMembers(metric, [memberOf(1, 0, { ...outcomes, confidence })], { draws: 60 });
    // By hand: the first draw's counts of images, each row as often as its image.
    const { of, count } = clustersOf(outcomes, 'sequences')!;
    const stream = Random.named(0, 'bootstrap', 'units', count);
    const counts = new Float64Array(count);
    const drawn = new Uint32Array(4096);
    stream.fill(drawn, count);
    for (let i = 0; i < count; i++) counts[Math.floor((drawn[i]! * count) / 2 ** 32)]!++;
    let [above, pairs] = [0, 0];
    const rows = [...of.keys()];
    const right = rows.filter((row) => outcomes.correct![row] === 1).sort((a, b) => confidence[a]! - confidence[b]!);
    const wrong = rows.filter((row) => outcomes.correct![row] === 0).sort((a, b) => confidence[a]! - confidence[b]!);
    for (const r of right) {
      for (const w of wrong) {
        const weight = counts[of[r]!]! * counts[of[w]!]!;
        pairs += weight;
        above += weight * (confidence[r]! > confidence[w]! ? 1 : confidence[r] === confidence[w] ? 0.5 : 0);
      }
    }
    expect(draws[0]![0]!).toBeAllClose(above / pairs, { rtol: 1e-9 });
    expect(observed[0]).toBeGreaterThan(0.6);
  });
});

describe('near 0 and 1', () => {
  const columns = (right: (row: number) => number) => ({
    example: range(800).map((row) => row % 100),
    sequence: range(800).map((row) => Math.floor(row / 4)),
    correct: Uint8Array.from(range(800), right),
  });

  test('without variation, a mean over images with 8 positions counts as many observations as images', () => {
    for (const value of [0, 1]) {
      const { lower, upper } = parseMetric('image-accuracy').measure(columns(() => value));
      // Each image is at 8 positions: 800 rows carry the evidence of 100 images.
      const expected = wilsonInterval(100 * value, 100);
      expect([lower, upper]).toBeAllClose([expected.lower, expected.upper], { rtol: 1e-6 });
    }
  });

  test('no sequence all right is evidence from 200 sequences, all right from 25', () => {
    const metric = parseMetric('sequence-accuracy:l=4');
    expect(metric.measure(columns(() => 0)).upper).toBeAllClose(wilsonInterval(0, 200).upper, { rtol: 1e-6 });
    // Every hard image would spoil 8 sequences.
    expect(metric.measure(columns(() => 1)).lower).toBeAllClose(wilsonInterval(25, 25).lower, { rtol: 1e-6 });
  });
});

describe('groups of images', () => {
  const grouped = (groups: number, each: number, random: Random, spread = 1.5) => {
    const ease = Float64Array.from({ length: groups }, () => spread * random.normal());
    const group = range(groups * each).map((i) => Math.floor(i / each));
    const correct = Uint8Array.from(group, (g) => Number(random.uniform() < 1 / (1 + Math.exp(-ease[g]!))));
    return { correct, group: group.map((g) => 7 * g + 3) };
  };

  test(`are drawn if there are at least ${fewestGroups}; fewer or unequal ones are not`, () => {
    const random = Random.named(0, 'few');
    expect(clustersOf(grouped(fewestGroups, 3, random), 'images')).toMatchObject({ by: 'groups', count: fewestGroups });
    expect(clustersOf(grouped(fewestGroups - 1, 3, random), 'images')).toBeUndefined();
    // One group with half of the images: the evidence of four equal ones.
    const unequal = { group: range(400).map((i) => (i < 200 ? 0 : i)) };
    expect(clustersOf(unequal, 'images')).toBeUndefined();
    expect(clustersOf({ ...unequal, example: range(400) }, 'sequences')).toMatchObject({ by: 'images', count: 400 });
    expect(clustersOf({ ...grouped(50, 8, random), example: range(400) }, 'sequences')!.by).toBe('groups');
  });

  test('the standard error is that of the groups, and the draws scatter accordingly; subset accuracy has its K-th power', () => {
    const [groups, each] = [40, 25];
    const outcomes = grouped(groups, each, Random.named(0, 'groups'));
    const sums = Array.from({ length: groups }, (_, g) =>
      outcomes.correct.subarray(g * each, (g + 1) * each).reduce((sum, value) => sum + value, 0),
    );
    const mean = sums.reduce((a, b) => a + b, 0) / outcomes.correct.length;
    // The means of 40 groups, and Student's t with 39 degrees of freedom, 2.02269 for 1.95996.
    const byGroups =
      Math.sqrt(sums.reduce((total, sum) => total + (sum / each - mean) ** 2, 0) / (groups - 1) / groups) *
      (2.02269 / 1.95996);
    const { value, standardError } = parseMetric('accuracy').measure(outcomes);
    expect([value, standardError]).toBeAllClose([mean, byGroups], { rtol: 1e-3 });
    const { draws } = drawMembers(parseMetric('accuracy'), [memberOf(1, 0, outcomes)], { draws: 4000 });
    const centre = draws.reduce((sum, draw) => sum + draw[0]!, 0) / draws.length;
    const spread = Math.sqrt(draws.reduce((sum, draw) => sum + (draw[0]! - centre) ** 2, 0) / (draws.length - 1));
    // 4000 draws estimate a deviation to 1.1 %.
    expect(spread).toBeAllClose(byGroups, { rtol: 0.04 });
    const subset = parseMetric('subset-accuracy:k=5').measure(outcomes);
    const single = parseMetric('accuracy').measure(outcomes);
    expect([subset.lower, subset.upper]).toBeAllClose([single.lower ** 5, single.upper ** 5], { rtol: 1e-6 });
  });

  test('groups that do not differ leave the interval about unchanged', () => {
    const outcomes = grouped(60, 20, Random.named(0, 'alike'), 0);
    const { standardError } = parseMetric('accuracy').measure(outcomes);
    const plain = parseMetric('accuracy').measure({ correct: outcomes.correct }).standardError;
    // 60 groups estimate a deviation to 9 %, which is never taken to be below that of single images.
    expect(standardError / plain).toBeGreaterThan(1);
    expect(standardError / plain).toBeLessThan(1.3);
  });

  test('every metric of images draws them: by trials, with weights', () => {
    const outcomes = { ...grouped(40, 25, Random.named(0, 'trials')), confidence: new Float32Array(1000) };
    const random = Random.named(0, 'confidence');
    outcomes.confidence.forEach((_, i) => (outcomes.confidence[i] = random.uniform()));
    const alone = { correct: outcomes.correct, confidence: outcomes.confidence };
    for (const id of ['subset-trials:k=5', 'auroc']) {
      const [with_, without] = [outcomes, alone].map((columns) => {
        const { draws } = drawMembers(parseMetric(id), [memberOf(1, 0, columns)], { draws: 300 });
        const mean = draws.reduce((sum, draw) => sum + draw[0]!, 0) / draws.length;
        return Math.sqrt(draws.reduce((sum, draw) => sum + (draw[0]! - mean) ** 2, 0) / (draws.length - 1));
      }) as [number, number];
      // Five of a group stand together: all right only in easy groups. Confidence is unrelated to groups.
      if (id === 'auroc') expect(with_ / without).toBeAllClose(1, { atol: 0.35 });
      else expect(with_ / without).toBeGreaterThan(1.5);
    }
    const curve = sampleCurve(parseMetric('accuracy'), [memberOf(1, 0, outcomes), memberOf(2, 0, outcomes)], {
      draws: 20,
    });
    expect(curve.draws.every((draw) => draw[0] === draw[1])).toBe(true);
  });
});

test('a metric with a different number of values than units is refused', () => {
  const odd = defineMetric({
    ...{ name: 'odd', kind: 'continuous', better: 'higher', unit: '', formula: '', source: '', units: 'sequences' },
    ...{ title: () => 'odd', parameters: z.strictObject({}), needs: ['correct'], share: false },
    values: ({ correct }) => Float64Array.from(correct),
  });
  const outcomes = { correct: new Uint8Array(90), example: range(90), sequence: range(90).map((row) => row % 30) };
  expect(() => odd.with({}).measure({ ...outcomes, sequence: range(90).map((row) => Math.floor(row / 3)) })).toThrow(
    'odd: returned 90 numbers for 30 test sequences; return one for each',
  );
});
