import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { choicesOf, drawProbe, probeRefusal, probesProblem, type ProbeOptions } from '../../../src/datasets/probes.js';
import { Random } from '../../../src/statistics/random.js';

/** 8 classes of 4 images each, image i of class i mod 8; the last 3 held out. */
const labels = Int32Array.from({ length: 32 }, (_, i) => i % 8);
const options: ProbeOptions = { labels, classes: 8, heldOut: 3, pairs: 6, ways: 2 };
const random = () => Random.named(3, 'probes test');

/** Class, label and image of each pair, one list per sequence. */
function drawn(probe: 'in-weights' | 'few-shot' | 'held-out', count: number, of: ProbeOptions = options) {
  const { indices, labels: told } = drawProbe(probe, count, of, random());
  return Array.from({ length: count }, (_, i) =>
    Array.from({ length: of.pairs }, (_, j) => {
      const image = indices[i * of.pairs + j]!;
      return { image, class: of.labels[image]!, label: told[i * of.pairs + j]! };
    }),
  );
}

/** How often each of several equally likely things occurred: within five standard deviations of a binomial. */
function expectUniform(things: readonly (string | number)[], kinds: number): void {
  const counts = new Map<string | number, number>();
  for (const thing of things) counts.set(thing, (counts.get(thing) ?? 0) + 1);
  expect(counts.size).toBe(kinds);
  const [n, p] = [things.length, 1 / kinds];
  for (const count of counts.values()) expect(Math.abs(count - n * p)).toBeLessThan(5 * Math.sqrt(n * p * (1 - p)));
}

describe('in-weights', () => {
  test("every class has its own label, none is held out, and the query's class is not in the context", () => {
    const sequences = drawn('in-weights', 2000, { ...options, pairs: 4 });
    const wrong = sequences.filter(
      (pairs) => new Set(pairs.map((pair) => pair.class)).size !== 4 || pairs.some((pair) => pair.label !== pair.class),
    );
    expect(wrong).toEqual([]);
    // Each of the 5 trained classes as the query, and each of their 20 images.
    expectUniform(
      sequences.map((pairs) => pairs.at(-1)!.image),
      20,
    );
  });
});

describe.each(['few-shot', 'held-out'] as const)('%s', (probe) => {
  const sequences = drawn(probe, 6000);
  const allowed = probe === 'few-shot' ? [0, 1, 2, 3, 4] : [5, 6, 7];

  test('only two classes of its own kind, each with one label', () => {
    const wrong = sequences.filter((pairs) => {
      const named = new Map(pairs.map((pair) => [pair.class, pair.label]));
      const isNamed = [...named.values()].sort().join() === '0,1';
      return !isNamed || pairs.some((pair) => !allowed.includes(pair.class) || pair.label !== named.get(pair.class));
    });
    expect(wrong).toEqual([]);
  });

  test('all ways to label two of the classes are equally likely', () => {
    const namings = sequences.map((pairs) => [0, 1].map((label) => pairs.find((pair) => pair.label === label)!.class));
    expectUniform(
      namings.map((naming) => naming.join()),
      allowed.length * (allowed.length - 1),
    );
  });

  test('a context of five has two of one class and three of the other, in any order, and the query is of either', () => {
    const contexts = sequences.map((pairs) => pairs.slice(0, -1).map((pair) => pair.label));
    // 5 choose 2 orders for each of the two that may be the rarer one.
    expectUniform(
      contexts.map((context) => context.join('')),
      20,
    );
    expectUniform(
      sequences.map((pairs) => `${pairs.at(-1)!.label} of ${pairs.filter(({ label }) => label === 1).length}`),
      4,
    );
  });

  test('the context does not show the query, and no image twice before all are shown', () => {
    // At most 3 of a class with 4 images, or with 3 besides the query: six different ones.
    expect(sequences.filter((pairs) => new Set(pairs.map(({ image }) => image)).size < 6)).toEqual([]);
  });
});

test('a class with few images repeats them, and one with a single image is in no few-shot context', () => {
  const few = Int32Array.from([0, 0, 1, 1, 2]);
  for (const pairs of drawn('few-shot', 200, { labels: few, classes: 3, pairs: 8, ways: 2 })) {
    expect(pairs.some((pair) => pair.class === 2)).toBe(false);
    expect(pairs.slice(0, -1).some(({ image }) => image === pairs.at(-1)!.image)).toBe(false);
  }
});

test('with more ways each is in the context about equally often, whatever their number', () => {
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 5 }), fc.integer({ min: 0, max: 7 }), (ways, more) => {
      for (const pairs of drawn('few-shot', 5, { ...options, ways, pairs: ways + 1 + more })) {
        const counts = Array.from(
          { length: ways },
          (_, label) => pairs.slice(0, -1).filter((pair) => pair.label === label).length,
        );
        expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
      }
    }),
    { numRuns: 40 },
  );
});

test('the chance of guessing is one in all labels, or one in those of the context', () => {
  expect(choicesOf('in-weights', options)).toBe(8);
  expect(choicesOf('few-shot', options)).toBe(2);
});

test('impossible probes', () => {
  const problem = (probe: Parameters<typeof probeRefusal>[0], change: Partial<ProbeOptions>) => {
    const refusal = probeRefusal(probe, { ...options, ...change });
    return refusal === undefined ? undefined : `--${refusal.option}: ${refusal.what}; ${refusal.remedy}`;
  };
  expect(problem('in-weights', { pairs: 5 })).toBeUndefined();
  expect([
    problem('in-weights', { pairs: 6 }),
    problem('held-out', { heldOut: undefined }),
    problem('held-out', { heldOut: 1 }),
    problem('few-shot', { pairs: 2 }),
    problem('few-shot', { ways: 6, pairs: 9 }),
    problem('few-shot', { labels: Int32Array.from([0, 0, 1, 2, 3]) }),
  ]).toMatchInlineSnapshot(`
    [
      "--pairs: in-weights needs 6 trained classes for 6 different pairs, but there are 5; give at most 5",
      "--heldOutClasses: held-out needs 2 held-out classes of two test images each, but there are 0; hold out at least 2",
      "--heldOutClasses: held-out needs 2 held-out classes of two test images each, but there is 1; hold out at least 2",
      "--pairs: few-shot needs a context of 2 classes, but 2 pairs leave 1 before the query; give at least 3",
      "--ways: few-shot names its classes 0 to 5, but only 5 labels are trained; give at most 5",
      "--ways: few-shot needs 2 trained classes of two test images each, but there is 1; give more classes or test images",
    ]
  `);
});

test('names of probes', () => {
  expect(['in-weights', 'held-out,few-shot'].map(probesProblem)).toEqual([undefined, undefined]);
  expect(['few', 'few-shot,few-shot', 'few-shot,', 'in-weights, held-out'].map(probesProblem)).toMatchInlineSnapshot(`
    [
      "is not a probe; known: in-weights, few-shot, held-out",
      "names few-shot twice",
      "names "", which is not a probe; known: in-weights, few-shot, held-out",
      "names " held-out", which is not a probe; known: in-weights, few-shot, held-out",
    ]
  `);
});
