import { describe, expect, test } from 'vitest';
import { passageDecades, probabilityAt, type ThresholdFit } from '../../../../src/analysis/mixture/classes.js';
import { fitThresholds, mostClasses } from '../../../../src/analysis/mixture/fit.js';
import type { SolvedTable } from '../../../../src/analysis/mixture/rows.js';
import { Random } from '../../../../src/statistics/random.js';

interface Simulated {
  /** Share of right guesses at what is not known; default: none. */
  readonly chance?: number;
  readonly logParameters: readonly number[];
  readonly members: number;
  readonly examples: number;
  /** Threshold and slope of an example. */
  readonly draw: (random: Random) => readonly [threshold: number, slope: number];
}

function simulate({ logParameters, members, examples, draw, chance = 0 }: Simulated, seed: number): SolvedTable {
  const random = Random.named(seed, 'simulated');
  const counts = logParameters.map(() => new Uint16Array(examples));
  for (let i = 0; i < examples; i++) {
    const [threshold, slope] = draw(random);
    logParameters.forEach((x, s) => {
      for (let r = 0; r < members; r++) {
        const known = 1 / (1 + Math.exp(-slope * (x - threshold)));
        counts[s]![i]! += Number(random.uniform() < chance + (1 - chance) * known);
      }
    });
  }
  return { logParameters, trials: logParameters.map(() => members), counts };
}

const scales = [6, 7, 8, 9, 10, 11];

function find(fits: readonly ThresholdFit[], kind: ThresholdFit['kind'], classes = 1, ownSlopes = false): ThresholdFit {
  return fits.find(
    (fit) => fit.kind === kind && fit.ownSlopes === ownSlopes && (kind !== 'classes' || fit.classes.length === classes),
  )!;
}

/** From the definition, without any of the fit's sums. */
function logLikelihoodOf(
  { counts, trials }: SolvedTable,
  classes: readonly Pick<ThresholdFit['classes'][number], 'weight' | 'solved'>[],
) {
  let sum = 0;
  for (let i = 0; i < counts[0]!.length; i++) {
    const logs = classes.map(({ weight, solved }) =>
      solved.reduce((log, p, s) => {
        const k = counts[s]![i]!;
        return log + (k === 0 ? 0 : k * Math.log(p)) + (k === trials[s] ? 0 : (trials[s]! - k) * Math.log1p(-p));
      }, Math.log(weight)),
    );
    const top = Math.max(...logs);
    sum += top + Math.log(logs.reduce((total, log) => total + Math.exp(log - top), 0));
  }
  return sum;
}

const twoClasses: Simulated = {
  ...{ logParameters: scales, members: 4, examples: 3000 },
  draw: (random) => [random.uniform() < 0.3 ? 7 : 9.5, 2],
};

describe('one sigmoid', () => {
  test('passes through two scales exactly, in closed form', () => {
    const counts = [Uint8Array.of(1, 0, 0, 0), Uint8Array.of(1, 1, 1, 0)];
    const [curve, one] = fitThresholds({ logParameters: [2, 4], trials: [1, 1], counts });
    expect(one!.curve).toBeAllClose([0.25, 0.75], { atol: 1e-6 });
    // logit(3/4) - logit(1/4) = 2 ln 3 over 2 units; half way.
    expect([one!.classes[0]!.threshold, one!.classes[0]!.slope]).toBeAllClose([3, Math.log(3)], { rtol: 1e-5 });
    expect(one!.logLikelihood).toBeAllClose(6 * Math.log(0.75) + 2 * Math.log(0.25), { rtol: 1e-10 });
    expect(curve!.logLikelihood).toBeAllClose(one!.logLikelihood, { rtol: 1e-10 });
  });

  test('solves the score equations of logistic regression', () => {
    const table = simulate(twoClasses, 1);
    const one = find(fitThresholds(table, { most: 1 }), 'one');
    const residuals = scales.map(
      (_, s) => Array.from(table.counts[s]!).reduce((a, b) => a + b, 0) - 4 * 3000 * one.curve[s]!,
    );
    // Of 12 000 trials per scale.
    expect(residuals.reduce((a, b) => a + b, 0)).toBeAllClose(0, { atol: 1 });
    expect(residuals.reduce((sum, value, s) => sum + value * scales[s]!, 0)).toBeAllClose(0, { atol: 10 });
  });

  test('AICc and BIC follow their formulas', () => {
    const one = find(fitThresholds(simulate(twoClasses, 1), { most: 1 }), 'one');
    expect(one.aicc).toBeAllClose(-2 * one.logLikelihood + 4 + 12 / 2997, { rtol: 1e-14 });
    expect(one.bic).toBeAllClose(-2 * one.logLikelihood + 2 * Math.log(3000), { rtol: 1e-14 });
  });
});

describe('every fit', () => {
  const table = simulate(twoClasses, 2);
  const fits = fitThresholds(table, { most: 4 });

  test('has the likelihood that its classes define', () => {
    for (const fit of fits) {
      expect(fit.logLikelihood).toBeAllClose(logLikelihoodOf(table, fit.classes), { rtol: 1e-9 });
      expect(fit.classes.reduce((sum, { weight }) => sum + weight, 0)).toBeAllClose(1, { rtol: 1e-12 });
      expect(fit.converged).toBe(true);
    }
  });

  test("nested models never fit worse than EM's tolerance", () => {
    for (let k = 2; k <= 4; k++) {
      const common = find(fits, 'classes', k).logLikelihood;
      const fewer = k === 2 ? find(fits, 'one') : find(fits, 'classes', k - 1);
      expect(common).toBeGreaterThan(fewer.logLikelihood - 1e-3);
      expect(find(fits, 'classes', k, true).logLikelihood).toBeGreaterThan(common - 1e-3);
    }
    expect(find(fits, 'continuum').logLikelihood).toBeGreaterThan(find(fits, 'one').logLikelihood - 1e-3);
  });

  test('no small step from the optimum climbs', () => {
    for (const fit of [find(fits, 'one'), find(fits, 'classes', 2), find(fits, 'classes', 2, true)]) {
      for (const [t, s] of [
        [0.02, 0],
        [-0.02, 0],
        [0, 0.02],
        [0, -0.02],
      ] as const) {
        // prettier-ignore
        const moved = fit.classes.map((each) => ({
          ...each,
          solved: scales.map((x) => 1 / (1 + Math.exp(-(each.slope + s) * (x - each.threshold - t)))),
        }));
        expect(logLikelihoodOf(table, moved)).toBeLessThan(fit.logLikelihood);
      }
    }
  });

  test('draws its sigmoids at the places it reports', () => {
    for (const each of find(fits, 'classes', 3, true).classes) {
      expect(scales.map((x) => probabilityAt(each, x - 6))).toBeAllClose(each.solved, { rtol: 1e-9 });
    }
  });
});

describe('simulated parameters are recovered', () => {
  test('two classes: their shares, thresholds, slope; BIC prefers two', () => {
    const fits = fitThresholds(simulate(twoClasses, 3));
    const { classes } = find(fits, 'classes', 2);
    // 3000 examples x 24 trials: standard errors are near 0.01.
    expect(classes.map(({ weight }) => weight)).toBeAllClose([0.3, 0.7], { atol: 0.04 });
    expect(classes.map(({ threshold }) => threshold)).toBeAllClose([7, 9.5], { atol: 0.06 });
    expect(classes.map(({ slope }) => slope)).toBeAllClose([2, 2], { rtol: 0.05 });
    expect(passageDecades(classes[0]!)).toBeAllClose((2 * Math.log(9)) / 2 / Math.LN10, { rtol: 0.05 });
    expect(bestByBic(fits)).toBe(find(fits, 'classes', 2));
  });

  test('three classes with different slopes', () => {
    const fits = fitThresholds(
      simulate(
        {
          ...{ logParameters: scales, members: 5, examples: 4000 },
          draw: (random) => {
            const u = random.uniform();
            return u < 0.4 ? [7, 4] : u < 0.75 ? [8.5, 1] : [10, 6];
          },
        },
        4,
      ),
    );
    const best = bestByBic(fits);
    expect([best.ownSlopes, best.classes.length]).toEqual([true, 3]);
    const sorted = best.classes.toSorted((a, b) => a.threshold - b.threshold);
    expect(sorted.map(({ weight }) => weight)).toBeAllClose([0.4, 0.35, 0.25], { atol: 0.05 });
    expect(sorted.map(({ threshold }) => threshold)).toBeAllClose([7, 8.5, 10], { atol: 0.15 });
    expect(sorted.map(({ slope }) => slope)).toBeAllClose([4, 1, 6], { rtol: 0.2 });
  });

  test('one sigmoid for all: BIC chooses no more, in 19 of 20 runs', () => {
    const single: Simulated = { logParameters: scales, members: 3, examples: 400, draw: () => [8.5, 1.2] };
    const kinds = Array.from({ length: 20 }, (_, i) => bestByBic(fitThresholds(simulate(single, 100 + i))).kind);
    expect(kinds.filter((kind) => kind === 'one').length).toBeGreaterThanOrEqual(19);
  });

  test('a continuum is distinguished from classes, and its spread recovered', () => {
    const fits = fitThresholds(
      simulate(
        {
          ...{ logParameters: scales, members: 4, examples: 4000 },
          draw: (random) => [8.5 + 1.2 * random.normal(), 1.5],
        },
        5,
      ),
    );
    const best = bestByBic(fits);
    expect(best.kind).toBe('continuum');
    expect([best.spread!.mean, best.spread!.standardDeviation]).toBeAllClose([8.5, 1.2], { rtol: 0.04 });
  });
});

describe('with a chance of guessing right', () => {
  const guessed = { logParameters: [6, 7, 8, 9, 10, 11, 12, 13], members: 5, examples: 1500, chance: 0.1 };

  test('one sigmoid above the floor is found as one, where without a floor it takes classes', () => {
    const table = simulate({ ...guessed, draw: () => [9, 1.2] }, 11);
    const best = bestByBic(fitThresholds(table, { chance: 0.1 }));
    expect([best.kind, best.floor, best.parameters]).toEqual(['one', 0.1, 3]);
    expect([best.classes[0]!.threshold, best.classes[0]!.slope]).toBeAllClose([9, 1.2], { rtol: 0.03 });
    const without = fitThresholds(table);
    expect(find(without, 'classes', 3, true).aicc).toBeLessThan(find(without, 'one').aicc);
    // All but the free curve, which is the truth with more parameters.
    expect(best.aicc).toBeLessThan(Math.min(...without.slice(1).map(({ aicc }) => aicc)) - 100);
  });

  test('classes above the floor are found, and every fit has the likelihood of its classes', () => {
    const table = simulate({ ...guessed, draw: (random) => [random.uniform() < 0.4 ? 7.5 : 11, 2] }, 12);
    const fits = fitThresholds(table, { chance: 0.1, most: 3 });
    for (const fit of fits) {
      expect(fit.logLikelihood).toBeAllClose(logLikelihoodOf(table, fit.classes), { rtol: 1e-9 });
      if (fit.kind !== 'curve') expect(fit.floor).toBe(0.1);
      for (const each of fit.classes.slice(0, 3))
        if (fit.kind !== 'curve') expect(probabilityAt(each, 2)).toBeAllClose(each.solved[2]!, { rtol: 1e-9 });
    }
    const best = bestByBic(fits);
    expect([best.kind, best.classes.length, best.ownSlopes]).toEqual(['classes', 2, false]);
    expect(best.classes.map(({ threshold }) => threshold)).toBeAllClose([7.5, 11], { atol: 0.1 });
  });

  test('if no member guesses, the floor is left out', () => {
    const table = simulate({ ...guessed, chance: 0, draw: () => [9, 1.2] }, 13);
    const [with10, without] = [fitThresholds(table, { chance: 0.1, most: 2 }), fitThresholds(table, { most: 2 })];
    expect(bestByBic(with10).floor).toBe(0);
    // The choice costs a parameter, except for the curve without sigmoids: no more changes.
    expect(with10.map(({ logLikelihood }) => logLikelihood)).toEqual(without.map(({ logLikelihood }) => logLikelihood));
    expect(find(with10, 'one').parameters).toBe(find(without, 'one').parameters + 1);
  });
});

function bestByBic(fits: readonly ThresholdFit[]): ThresholdFit {
  return fits.filter(({ kind }) => kind !== 'curve').reduce((a, b) => (b.bic < a.bic ? b : a));
}

describe('unidentifiable models are not fitted', () => {
  test('more classes than (members + 1) / 2', () => {
    expect([[1, 1], [1, 1, 1], [3, 3, 3], [5]].map(mostClasses)).toEqual([1, 2, 5, 3]);
    const fits = fitThresholds(simulate({ ...twoClasses, logParameters: [6, 8, 10], members: 1, examples: 300 }, 6));
    expect(Math.max(...fits.filter(({ kind }) => kind === 'classes').map(({ classes }) => classes.length))).toBe(2);
  });

  test('any model at a single scale', () => {
    expect(fitThresholds({ logParameters: [6], trials: [3], counts: [Uint8Array.of(0, 3, 1)] })).toEqual([]);
  });

  test('examples that no sigmoid can separate still give finite numbers', () => {
    for (const rows of [
      ['000', '000'],
      ['111', '111'],
      ['011', '001'],
    ] as const) {
      const counts = [0, 1, 2].map((s) => Uint8Array.from(rows, (row) => Number(row[s])));
      for (const fit of fitThresholds({ logParameters: [6, 8, 10], trials: [1, 1, 1], counts })) {
        expect(Number.isFinite(fit.logLikelihood)).toBe(true);
        expect(fit.logLikelihood).toBeLessThanOrEqual(1e-6);
        expect(fit.curve.every((p) => p >= 0 && p <= 1)).toBe(true);
      }
    }
  });
});

test('progress runs from 0 to all steps, over the fits without and with a floor', () => {
  const told: number[] = [];
  fitThresholds(simulate(twoClasses, 3), { most: 3, chance: 0.1, onStep: (done, of) => told.push(done / of) });
  expect(told[0]).toBe(0);
  expect(told.at(-1)).toBe(1);
  expect(told).toEqual(told.toSorted((a, b) => a - b));
});
