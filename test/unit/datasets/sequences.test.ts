import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createHash } from 'node:crypto';
import { classRanks, drawSequences, type SequenceOptions } from '../../../src/datasets/sequences.js';
import { Random } from '../../../src/statistics/random.js';

const random = () => Random.named(7, 'sequences test');
/** 6 classes, of which class 4 has no image; 5 images each. */
const labels = Int32Array.from({ length: 25 }, (_, i) => [0, 1, 2, 3, 5][i % 5]!);
const plain: SequenceOptions = { labels, classes: 6, pairs: 8, burstiness: 0, labelRemapping: 0 };

/** Rows of `[count, pairs]`. */
function rows(values: Int32Array, pairs: number): number[][] {
  return Array.from({ length: values.length / pairs }, (_, i) => [...values.subarray(i * pairs, (i + 1) * pairs)]);
}

test('labels are those of the images; classes with images are equally frequent, and so are their images', () => {
  const { indices, labels: drawn } = drawSequences(2500, plain, random());
  expect(drawn).toEqual(indices.map((index) => labels[index]!));
  const counts = new Map<number, number>();
  for (const index of indices) counts.set(index, (counts.get(index) ?? 0) + 1);
  expect(counts.size).toBe(25);
  // 20000 draws of 25 equally likely images: 800 each, a standard deviation of 27.7; five of them allowed
  for (const count of counts.values()) expect(Math.abs(count - 800)).toBeLessThan(139);
});

test('the same stream gives the same sequences, whatever their number', () => {
  const long = drawSequences(20, plain, random());
  const short = drawSequences(5, plain, random());
  expect(long.indices.subarray(0, 40)).toEqual(short.indices);
});

test("bursty: three earlier images of the query's class, three of another one, one of each other class", () => {
  const many = Int32Array.from({ length: 100 }, (_, i) => i % 20);
  const drawn = drawSequences(200, { ...plain, labels: many, classes: 20, burstiness: 1, pairs: 9 }, random());
  for (const row of rows(drawn.labels, 9)) {
    const query = row.at(-1)!;
    const counts = [...new Set(row.slice(0, -1))].map(
      (label) => row.slice(0, -1).filter((other) => other === label).length,
    );
    expect(row.slice(0, -1).filter((label) => label === query)).toHaveLength(3);
    expect(counts.sort()).toEqual([1, 1, 3, 3]);
  }
});

test('bursty contexts are in random order: the query class is equally often at each position', () => {
  const many = Int32Array.from({ length: 100 }, (_, i) => i % 20);
  const drawn = drawSequences(3000, { ...plain, labels: many, classes: 20, burstiness: 1, pairs: 9 }, random());
  const places = new Array<number>(8).fill(0);
  for (const row of rows(drawn.labels, 9))
    row.slice(0, -1).forEach((label, i) => (places[i]! += Number(label === row[8])));
  // 3 of 8 positions: binomial(3000, 0.375), a standard deviation of 26.5; five of them allowed
  for (const count of places) expect(Math.abs(count - 1125)).toBeLessThan(133);
});

test('shares: half of the sequences bursty, half remapped', () => {
  const many = Int32Array.from({ length: 2000 }, (_, i) => i % 1000);
  const options = { ...plain, labels: many, classes: 1000, burstiness: 0.5, labelRemapping: 0.5, pairs: 9 };
  const { indices, labels: drawn } = drawSequences(2000, options, random());
  // with 1000 classes, six equal ones among nine do not occur by chance
  const bursty = rows(
    indices.map((i) => many[i]!),
    9,
  ).filter((row) => new Set(row).size <= 5).length;
  const remapped = rows(drawn, 9).filter((row, i) =>
    row.some((label, j) => label !== many[indices[9 * i + j]!]),
  ).length;
  // binomial(2000, 0.5): a standard deviation of 22.4; five of them allowed
  expect(Math.abs(bursty - 1000)).toBeLessThan(112);
  expect(Math.abs(remapped - 1000)).toBeLessThan(112);
});

describe('remapped', () => {
  const options = { ...plain, labelRemapping: 1 };
  test('a class has one label within a sequence, two classes have two', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1000 }), fc.integer({ min: 1, max: 12 }), (seed, pairs) => {
        const { indices, labels: drawn } = drawSequences(20, { ...options, pairs }, Random.named(seed, 'remap'));
        rows(indices, pairs).forEach((row, i) => {
          const names = rows(drawn, pairs)[i]!;
          const byClass = new Map(row.map((index, j) => [labels[index]!, names[j]!]));
          expect(row.map((index) => byClass.get(labels[index]!))).toEqual(names);
          expect(new Set(byClass.values()).size).toBe(byClass.size);
        });
      }),
      { numRuns: 50 },
    );
  });
  test('all labels of a class are equally likely', () => {
    const { indices, labels: drawn } = drawSequences(6000, { ...options, pairs: 1 }, random());
    const ofFirst = [...drawn].filter((_, i) => labels[indices[i]!] === 0);
    const counts = Array.from({ length: 6 }, (_, label) => ofFirst.filter((other) => other === label).length);
    // some 1200 draws of 6 labels: 200 each, a standard deviation of 12.9; five of them, plus the variation of the number itself
    for (const count of counts) expect(Math.abs(count - ofFirst.length / 6)).toBeLessThan(70);
  });
});

test("short sequences have shorter bursts: of three pairs one of the query's class and one other", () => {
  const drawn = drawSequences(100, { ...plain, burstiness: 1, pairs: 3 }, random());
  for (const row of rows(drawn.labels, 3)) {
    expect(row.slice(0, 2).filter((label) => label === row[2])).toHaveLength(1);
  }
});

test('without further options the sequences are those of earlier versions', () => {
  const many = Int32Array.from({ length: 100 }, (_, i) => i % 20);
  const options = { labels: many, classes: 20, pairs: 9, burstiness: 0.5, labelRemapping: 0.5 };
  const { indices, labels: drawn } = drawSequences(50, options, Random.named(7, 'golden'));
  const hash = createHash('sha256').update(new Uint8Array(indices.buffer)).update(new Uint8Array(drawn.buffer));
  // From the version of 27 November 2026, before held-out and Zipfian classes existed.
  expect(hash.digest('hex')).toBe('5ccf44cd2417610f229a5af48b1da85af92b60b3196c9601ab2b10935e242b87');
});

describe('held-out classes', () => {
  test('never occur, nor do their labels', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 4 }), fc.double({ min: 0, max: 1, noNaN: true }), (heldOut, share) => {
        const options = { ...plain, heldOut, burstiness: share, labelRemapping: share, zipf: 2 * share };
        const { indices, labels: drawn } = drawSequences(50, { ...options, pairs: 2 }, random());
        for (const index of indices) expect(labels[index]!).toBeLessThan(6 - heldOut);
        for (const label of drawn) expect(label).toBeLessThan(6 - heldOut);
      }),
      { numRuns: 30 },
    );
  });
  test('that leave no image are refused', () => {
    expect(() => drawSequences(1, { ...plain, heldOut: 6 }, random())).toThrow(/no image/);
  });
});

describe('Zipfian classes', () => {
  const many = Int32Array.from({ length: 60 }, (_, i) => i % 6);
  const ranks = classRanks(6);
  const weights = Array.from(ranks, (rank) => 1 / (rank + 1) ** 1.5);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  // 30000 draws, binomial; five standard deviations
  const near = (count: number, draws: number, p: number) => {
    expect(Math.abs(count - draws * p)).toBeLessThan(5 * Math.sqrt(draws * p * (1 - p)));
  };
  test('each class is as frequent as its rank to the power', () => {
    const { labels: drawn } = drawSequences(6000, { ...plain, labels: many, pairs: 5, zipf: 1.5 }, random());
    weights.forEach((weight, label) => {
      near(drawn.filter((other) => other === label).length, 30000, weight / total);
    });
  });
  test('in bursty sequences the query and the other class are drawn without replacement', () => {
    const options = { ...plain, labels: many, burstiness: 1, pairs: 3, zipf: 1.5 };
    const { labels: drawn } = drawSequences(20000, options, random());
    const pairsDrawn = rows(drawn, 3).map((row) => `${row[2]!}${row.find((label) => label !== row[2])!}`);
    weights.forEach((first, query) => {
      weights.forEach((second, other) => {
        if (query === other) return;
        const p = (first / total) * (second / (total - first));
        near(pairsDrawn.filter((pair) => pair === `${query}${other}`).length, 20000, p);
      });
    });
  });
});
