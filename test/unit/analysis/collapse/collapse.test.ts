import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { chanceOf } from '../../../../src/analysis/collapse/chance.js';
import { collapseOverLoss } from '../../../../src/analysis/collapse/collapse.js';
import { crossingOf, pooledAt, pooledCurve } from '../../../../src/analysis/collapse/pooled.js';
import {
  accuracy,
  crossEntropy,
  sequenceAccuracy,
  subsetAccuracy,
  topK,
} from '../../../../src/metrics/classification.js';
import { reconstruction } from '../../../../src/metrics/reconstruction.js';
import { Random } from '../../../../src/statistics/random.js';
import { shapes, simulatedCollapse } from '../../../support/collapse.js';

const isHeavy = process.env['COLLAPSE'] === 'heavy';

describe('chance', () => {
  test('of all K right, by counting guesses', () => {
    const classes = 3;
    const guesses = Array.from({ length: classes ** 4 }, (_, i) =>
      [0, 1, 2, 3].map((k) => Math.floor(i / classes ** k) % classes),
    );
    const share = guesses.filter((each) => each.every((guess) => guess === 0)).length / guesses.length;
    expect(chanceOf(subsetAccuracy.with({ k: 4 }), classes)).toBeCloseTo(share, 15);
    expect(chanceOf(sequenceAccuracy.with({ l: 4 }), classes)).toBeCloseTo(share, 15);
  });

  test('of other metrics', () => {
    expect(chanceOf(accuracy.with({}), 10)).toBe(0.1);
    expect(chanceOf(topK.with({ k: 5 }), 100)).toBe(0.05);
    expect(chanceOf(topK.with({ k: 5 }), 3)).toBe(1);
    expect(chanceOf(reconstruction.with({ c: 0.1 }), 10)).toBe(0);
    expect(chanceOf(crossEntropy.with({}), 10)).toBeUndefined();
    expect(chanceOf(accuracy.with({}), null)).toBeUndefined();
  });
});

describe('the pooled curve', () => {
  test('has a value at every member and never falls as the loss does', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.double({ min: 0.1, max: 9, noNaN: true }), fc.double({ min: -1, max: 1, noNaN: true })), {
          minLength: 2,
        }),
        fc.constantFrom(1 as const, -1 as const),
        (members, sign) => {
          const curve = pooledCurve(
            members.map(([loss]) => loss),
            members.map(([, ability]) => ability),
            sign,
          );
          const values = [8, 4, 2, 1, 0.5, 0.2].map((loss) => sign * pooledAt(curve, loss));
          expect(values).toEqual([...values].sort((a, b) => a - b));
        },
      ),
    );
  });

  test('crosses a level on a straight line in ln loss between two members', () => {
    const curve = pooledCurve([4, 1, 2], [0, 1, 0], 1);
    expect(crossingOf(curve, 0.5, 1)).toBeCloseTo(Math.SQRT2, 12);
    expect(pooledAt(curve, Math.SQRT2)).toBeCloseTo(0.5, 12);
    expect([crossingOf(curve, 1, 1), crossingOf(curve, -1, 1)]).toEqual([0, Infinity]);
    expect(crossingOf(pooledCurve([4, 1, 2], [0, -1, 0], -1), -0.5, -1)).toBeCloseTo(Math.SQRT2, 12);
  });
});

describe('the loss at which an ability leaves chance', () => {
  const designs = isHeavy
    ? [
        { widths: [4, 8, 16, 32], steps: [16, 32, 64, 128], seeds: 2 },
        { widths: [4, 8, 16, 32], steps: [1, 2, 4, 8, 16, 32, 64, 128], seeds: 2 },
      ]
    : [{ widths: [4, 8, 16, 32], steps: [16, 32, 64, 128], seeds: 2 }];
  test.each(Object.entries(shapes))('is within its interval: %s', (name, { shape, leaves }) => {
    for (const design of designs) {
      const runs = isHeavy ? 400 : 25;
      let inside = 0;
      for (let run = 0; run < runs; run++) {
        const { onset } = collapseOverLoss(
          simulatedCollapse({ ...design, shape }, Random.named(run, name, design.steps.length), isHeavy ? 299 : 99),
        );
        inside += Number(onset!.interval.lower <= leaves && leaves <= onset!.interval.upper);
      }
      if (isHeavy) console.info(`${name}, ${design.steps.length} steps: ${inside / runs}`);
      // Of 25 intervals with 95 % coverage, fewer than 20 cover with probability 0.2 %; docs/collapse.md has the rates.
      expect(inside / runs).toBeGreaterThanOrEqual(isHeavy ? 0.85 : 0.8);
    }
  });

  test('is missing where the members do not show it', () => {
    const options = simulatedCollapse(
      { widths: [4, 8, 16, 32], steps: [16, 32, 64, 128], seeds: 1, shape: (loss) => 0.2 + Math.exp(-loss) / 2 },
      Random.named(0),
    );
    expect(collapseOverLoss({ ...options, chance: 0 }).onset!.loss).toBe(Infinity);
    const never = collapseOverLoss({ ...options, chance: 0.99 }).onset!;
    expect([never.loss, never.interval.lower]).toEqual([0, 0]);
    expect(collapseOverLoss({ ...options, chance: undefined }).onset).toBeUndefined();
  });
});
