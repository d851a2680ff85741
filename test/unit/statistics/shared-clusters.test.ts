import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Random } from '../../../src/statistics/random.js';
import {
  rowsInOneCluster,
  termsOf,
  varianceOfTerms,
  type SharedSample,
} from '../../../src/statistics/shared-clusters.js';
import { studentQuantile } from '../../../src/statistics/student.js';
import { z95 } from '../../../src/statistics/wilson.js';

const sum = (values: ArrayLike<number>) => Array.from(values).reduce((total, value) => total + value, 0);

/** Units of `length` rows, each row from a random cluster. */
function shared(options: {
  units: number;
  length: number;
  clusters: number;
  name: string;
  first?: number | undefined;
}) {
  const { units, length, clusters, name, first } = options;
  const random = Random.named(0, 'shared', name);
  const clusterOf = Int32Array.from({ length: units * length }, () => random.integer(clusters));
  const starts = Int32Array.from({ length: units + 1 }, (_, i) => i * length);
  return { clusterOf, starts, clusters, first, random };
}

/** Sum of e e' over all pairs of units that share a cluster, including a unit with itself: as often as rows do. */
function overPairs({ values, starts, clusterOf, first = Infinity }: SharedSample): number {
  const mean = sum(values) / values.length;
  let total = 0;
  for (let a = 0; a < values.length; a++) {
    for (let b = 0; b < values.length; b++) {
      if (a === b) total += (values[a]! - mean) ** 2;
      else {
        let both = 0;
        for (let i = starts[a]!; i < Math.min(starts[a]! + first, starts[a + 1]!); i++)
          for (let j = starts[b]!; j < Math.min(starts[b]! + first, starts[b + 1]!); j++)
            both += Number(clusterOf[i] === clusterOf[j]);
        total += both * (values[a]! - mean) * (values[b]! - mean);
      }
    }
  }
  return total;
}

/** The addition for few clusters, by the formula. */
function factor(sample: SharedSample): number {
  const { values, first, starts } = sample;
  const rows = values.length * (first ?? starts[1]!);
  const g = rows / rowsInOneCluster(sample);
  return Math.sqrt(g / (g - 1)) * (studentQuantile(0.975, Math.floor(g - 1)) / z95);
}

describe('the variance of a mean over units that share clusters', () => {
  test.each([undefined, 2])('without rows it is the sum over all pairs that share a cluster; first %s', (first) => {
    for (const name of ['a', 'b', 'c', 'd']) {
      const about = shared({ units: 40, length: 4, clusters: 25, name, first });
      const effect = Float64Array.from({ length: 25 }, () => about.random.normal());
      const values = Float64Array.from({ length: 40 }, (_, unit) => {
        const rows = [...about.clusterOf.subarray(4 * unit, 4 * unit + (first ?? 4))];
        return sum(rows.map((cluster) => effect[cluster]!)) + 0.5 * about.random.normal();
      });
      const sample = { values, ...about };
      const noise = sum(values.map((value) => (value - sum(values) / 40) ** 2));
      const expected = (factor(sample) ** 2 * Math.max(noise, overPairs(sample))) / 40 ** 2;
      expect(varianceOfTerms(termsOf(sample))).toBeAllClose(expected, { rtol: 1e-10 });
    }
  });

  test('for units that share nothing it is that of independent ones, whatever their rows', () => {
    const random = Random.named(0, 'nothing shared');
    const values = Float64Array.from({ length: 50 }, () => random.normal());
    const starts = Int32Array.from({ length: 51 }, (_, i) => 3 * i);
    const clusterOf = Int32Array.from({ length: 150 }, (_, i) => i);
    const rows = Float64Array.from({ length: 150 }, (_, i) => values[Math.floor(i / 3)]! + random.normal());
    const mean = sum(values) / 50;
    const plain = sum(values.map((value) => (value - mean) ** 2)) / 50 ** 2;
    for (const known of [{}, { rows }]) {
      const sample = { values, starts, clusterOf, clusters: 150, ...known };
      expect(varianceOfTerms(termsOf(sample))).toBeAllClose(plain * factor(sample) ** 2, { rtol: 1e-10 });
    }
  });

  test('units with the same single cluster count as one', () => {
    // Two clusters of five units each, 1 and 0: the means of two, whose squared deviations are 1/4 each.
    const clusterOf = Int32Array.from({ length: 10 }, (_, i) => Number(i >= 5));
    const values = Float64Array.from(clusterOf);
    const sample = {
      values,
      starts: Int32Array.from({ length: 11 }, (_, i) => i),
      clusterOf,
      clusters: 2,
      rows: values,
    };
    const expected = (((2 * 0.25) / 4) * 2 * 12.706204736174694 ** 2) / z95 ** 2;
    expect(varianceOfTerms(termsOf(sample))).toBeAllClose(expected, { rtol: 1e-10 });
  });

  test('without variation there are no terms', () => {
    const about = shared({ units: 10, length: 3, clusters: 5, name: 'flat' });
    const { clusters, units } = termsOf({
      values: new Float64Array(10).fill(1),
      rows: new Uint8Array(30).fill(1),
      ...about,
    });
    expect([...clusters, ...units].every((term) => term === 0)).toBe(true);
  });

  test('a sample shared with the reference: python test/reference/shared_images.py --example', () => {
    // Images and right answers from the minimal standard generator, as in the reference.
    let state = 1;
    const drawn = Array.from({ length: 72 }, () => (state = Number((16807n * BigInt(state)) % 2147483647n)));
    const clusterOf = Int32Array.from(drawn.slice(0, 36), (each) => each % 7);
    const rows = Float64Array.from(drawn.slice(36), (each, i) => Number(each % 10 < 6 + (clusterOf[i]! % 3)));
    const starts = Int32Array.from({ length: 13 }, (_, i) => 3 * i);
    const firstRight = (l: number) =>
      Float64Array.from({ length: 12 }, (_, unit) => Math.min(...rows.subarray(3 * unit, 3 * unit + l)));
    const mean = Float64Array.from({ length: 12 }, (_, unit) => sum(rows.subarray(3 * unit, 3 * unit + 3)) / 3);
    const about = { starts, clusterOf, clusters: 7 };
    const samples = [
      { ...about, values: mean, rows },
      { ...about, values: firstRight(3), rows },
      { ...about, values: firstRight(2), rows, first: 2 },
      { ...about, values: firstRight(3) },
    ];
    // The reference solves for the step by bisection.
    expect(samples.map((sample) => varianceOfTerms(termsOf(sample)))).toBeAllClose(
      [0.01837768646825496, 0.0326955666672746, 0.031986287357144594, 0.03189841294132826],
      { rtol: 1e-5 },
    );
    expect([...termsOf(samples[1]!).clusters]).toBeAllClose(
      [0.01400794259, 0.126071483314, 0.007003971295, 0, -0.115565526371, 0.021011913886, -0.052529784714],
      { rtol: 1e-5, atol: 1e-12 },
    );
  });

  test('terms sum to 0 and their variance is never below that of independent units, for any sample', () => {
    const samples = fc.record({
      length: fc.integer({ min: 1, max: 4 }),
      clusters: fc.integer({ min: 1, max: 12 }),
      first: fc.option(fc.integer({ min: 1, max: 4 }), { nil: undefined }),
      values: fc.array(fc.integer({ min: -20, max: 20 }), { minLength: 1, maxLength: 20 }),
      name: fc.string(),
    });
    fc.assert(
      fc.property(samples, ({ length, clusters, first, values: list, name }) => {
        const values = Float64Array.from(list);
        const about = shared({
          units: values.length,
          length,
          clusters,
          name,
          ...(first === undefined ? {} : { first }),
        });
        const rows = Float64Array.from(about.clusterOf, () => about.random.normal());
        const terms = termsOf({ ...about, values, rows });
        expect(sum(terms.clusters)).toBeCloseTo(0, 9);
        expect(sum(terms.units)).toBeCloseTo(0, 9);
        const mean = sum(values) / values.length;
        const plain = sum(values.map((value) => (value - mean) ** 2)) / values.length ** 2;
        expect(varianceOfTerms(terms)).toBeGreaterThanOrEqual(plain * (1 - 1e-9));
      }),
    );
  });
});
