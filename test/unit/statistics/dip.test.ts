import { describe, expect, test } from 'vitest';
import { dipOf, dipPValues } from '../../../src/statistics/dip.js';
import { Random } from '../../../src/statistics/random.js';

/** Spread like random numbers, and the same everywhere: golden-ratio sequences, with Box and Muller's formula for normals. */
function sample(n: number, kind: 'uniform' | 'normal' | 'two' | 'ties'): number[] {
  return Array.from({ length: n }, (_, i) => {
    const u = ((i + 1) * 0.6180339887498949) % 1;
    const z = Math.sqrt(-2 * Math.log(u)) * Math.cos(2 * Math.PI * (((i + 1) * 0.41421356237309515) % 1));
    switch (kind) {
      case 'uniform':
        return u;
      case 'normal':
        return z;
      case 'two':
        return 0.5 * z + ((i + 1) % 3 === 0 ? 3 : 0);
      case 'ties':
        return Math.round(2 * z) / 2;
    }
  });
}

/** Dip and p of PyPI's diptest 0.12.0; p by its bootstrap of 200 000 samples (seed 1). */
const reference = [
  [8, 'uniform', 0.0807372542187893, 0.9092],
  [8, 'normal', 0.0969088237450741, 0.7405],
  [8, 'two', 0.09865278655111338, 0.7163],
  [8, 'ties', 0.125, 0.2062],
  [20, 'normal', 0.07262528399133523, 0.5216],
  [20, 'two', 0.06591274808235255, 0.7046],
  [20, 'ties', 0.1, 0.0792],
  [50, 'uniform', 0.020882505650239774, 1],
  [50, 'normal', 0.04515729221470874, 0.6432],
  [50, 'two', 0.07719196973784215, 0.0184],
  [50, 'ties', 0.09, 0.0023],
  [1000, 'normal', 0.0055486892161567564, 1],
  [1000, 'two', 0.06122693216877353, 0],
] as const;

test.each(reference)('%i values, %s: the dip matches diptest', (n, kind, dip) => {
  expect(dipOf(sample(n, kind))).toBeAllClose(dip, { rtol: 1e-9 });
});

test.each([8, 50, 1000])('%i values: p matches diptest', (n) => {
  const rows = reference.filter(([count]) => count === n);
  const found = dipPValues(
    rows.map(([, , dip]) => dip),
    n,
  );
  // Standard errors: 0.0016 of 100 000 samples, 0.005 of 10 000; two of the worst.
  expect(found).toBeAllClose(
    rows.map(([, , , p]) => p),
    { atol: 0.01 },
  );
});

test('one mode is taken for more in less than 5 % of samples, normal and shares of 500 images', () => {
  const random = Random.named(0, 'false alarms');
  const share = () => Array.from({ length: 500 }, () => Number(random.uniform() < 0.1)).reduce((a, b) => a + b) / 500;
  for (const value of [() => random.normal(), share]) {
    const dips = Array.from({ length: 200 }, () => dipOf(Array.from({ length: 40 }, value)));
    // A uniform distribution is the hardest case; these dip less.
    expect(dipPValues(dips, 40).filter((p) => p <= 0.05).length).toBeLessThan(10);
  }
});

describe('by hand', () => {
  test('equal values have the smallest dip, 1 / 2n', () => {
    expect(dipOf([3, 3, 3, 3])).toBe(1 / 8);
  });

  test('two points of equal weight, far apart: a quarter, the largest possible', () => {
    expect(dipOf([...Array<number>(50).fill(0), ...Array<number>(50).fill(1)])).toBeAllClose(0.25, { rtol: 1e-12 });
  });

  test('shift, scale and reflection do not change it', () => {
    const values = sample(50, 'two');
    for (const moved of [values.map((x) => 3 + 7 * x), values.map((x) => -x)])
      expect(dipOf(moved)).toBeAllClose(dipOf(values), { rtol: 1e-9 });
  });
});
