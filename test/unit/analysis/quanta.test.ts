import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { exampleClasses, memberDispersion, preferred, analyseTurns, sharpTurns } from '../../../src/analysis/quanta.js';
import {
  coinFlips,
  expectedDistribution,
  passageSteps,
  solvedGrid,
  turnDistribution,
  turnsOf,
  type SolvedMember,
} from '../../../src/analysis/example-turns.js';
import { Random } from '../../../src/statistics/random.js';

/** `patterns[example]` has a text per seed, a digit per width: '011' turns at the second of three. */
function membersOf(patterns: readonly (readonly string[])[]): SolvedMember[] {
  const [seeds, widths] = [patterns[0]!.length, patterns[0]![0]!.length];
  return Array.from({ length: widths }, (_, s) =>
    Array.from({ length: seeds }, (_, seed) => ({
      width: s + 1,
      seed,
      parameters: 100 * 10 ** s,
      solved: Uint8Array.from(patterns, (texts) => Number(texts[seed]![s])),
    })),
  ).flat();
}

/** Every member solves each example independently with its own probability. */
function flips(probabilities: readonly (readonly number[])[], examples: number, random: Random): SolvedMember[] {
  return probabilities.flatMap((seeds, s) =>
    seeds.map((p, seed) => ({
      width: s + 1,
      seed,
      parameters: 100 * 10 ** s,
      solved: Uint8Array.from({ length: examples }, () => Number(random.uniform() < p)),
    })),
  );
}

describe('turns', () => {
  const patterns = [
    ['1111', '1111', '1111'], // always
    ['0000', '0000', '0000'], // never
    ['0011', '0011', '0011'], // sharp, at the third
    ['0111', '0011', '0001'], // median at the third, two steps wide on either side
    ['0110', '0000', '0000'], // solved once and lost
    ['1011', '0011', '0011'], // turns at the third, but not failed by all at the first
  ];
  const grid = solvedGrid(membersOf(patterns));
  const turns = turnsOf(grid, 0);

  test('the smallest scale from which an example stays solved, the median over seeds, with the ends distinguished', () => {
    expect(turns.bySeed.map((seed) => [...seed])).toEqual([
      [0, 4, 2, 1, 4, 2],
      [0, 4, 2, 2, 4, 2],
      [0, 4, 2, 3, 4, 2],
    ]);
    expect([...turns.median]).toEqual([0, 4, 2, 2, 4, 2]);
    expect([...turns.never]).toEqual([0, 1, 0, 0, 0, 0]);
  });

  test('the passage from failed by all to solved by all, in steps; 0 where it is not seen whole', () => {
    expect([...passageSteps(turns, 4)]).toEqual([0, 0, 1, 3, 0, 0]);
    expect(turnDistribution(turns, 4).passage).toBeAllClose([4 / 6, 1 / 6, 0, 1 / 6], { rtol: 1e-15 });
  });

  test('with an even number of seeds the median is the lower one: half of the seeds are enough', () => {
    const even = turnsOf(solvedGrid(membersOf([['011', '000']])), 0);
    expect([...even.median]).toEqual([1]);
  });

  test('a tolerance allows some seeds of a width to disagree', () => {
    const five = solvedGrid(membersOf([['0011', '0011', '0011', '0011', '1010']]));
    expect([...passageSteps(turnsOf(five, 0), 4)]).toEqual([0]);
    expect([...passageSteps(turnsOf(five, 0.2), 4)]).toEqual([1]);
  });

  test('match a search through all scales', () => {
    const pattern = fc.array(fc.array(fc.boolean(), { minLength: 4, maxLength: 4 }), { minLength: 3, maxLength: 3 });
    fc.assert(
      fc.property(fc.array(pattern, { minLength: 1, maxLength: 5 }), (examples) => {
        const texts = examples.map((seeds) => seeds.map((solved) => solved.map(Number).join('')));
        const { bySeed, median } = turnsOf(solvedGrid(membersOf(texts)), 0);
        examples.forEach((seeds, i) => {
          const wanted = seeds.map((solved) => [0, 1, 2, 3, 4].find((t) => solved.slice(t).every(Boolean))!);
          expect(bySeed.map((seed) => seed[i])).toEqual(wanted);
          expect(median[i]).toBe(wanted.toSorted((a, b) => a - b)[1]);
        });
      }),
    );
  });

  test('members that do not form a grid are refused', () => {
    const [a, b] = membersOf([['01']]);
    expect(() => solvedGrid([])).toThrow('there are no members');
    expect(() => solvedGrid([a!, a!])).toThrow('width 1 has the same seed twice');
    expect(() => solvedGrid([a!, { ...b!, solved: new Uint8Array(2) }])).toThrow('differ in their examples');
    expect(() => solvedGrid([a!, { ...b!, parameters: 100 }])).toThrow('parameters must increase with width');
    expect(() => turnsOf(solvedGrid([a!, { ...b!, seed: 7 }]))).toThrow('no seed has a member at every scale');
    expect(() => turnsOf(solvedGrid([a!]), 0.5)).toThrow('tolerance 0.5 is not in 0 to below 0.5');
  });

  test('a seed with a missing width counts in shares but not in turns', () => {
    const members = membersOf([['011', '001']]).filter(({ width, seed }) => width < 3 || seed === 0);
    const grid = solvedGrid(members);
    expect(grid.seeds).toEqual([0]);
    expect(grid.counts.map(([count]) => count)).toEqual([0, 1, 1]);
    expect([...turnsOf(grid).median]).toEqual([1]);
  });
});

describe('what coin flips would show, in closed form', () => {
  /** Each of the 2^(widths x seeds) patterns is an example; measured values are weighted by its probability. */
  test.each([
    [[[0.2, 0.3], [0.6, 0.5], [0.9, 0.7]], 0], // prettier-ignore
    [
      [
        [0.1, 0.3, 0.2, 0.5, 0.4],
        [0.6, 0.5, 0.9, 0.8, 0.7],
      ],
      0.2,
    ],
    [[[0.3], [0.4], [0.5], [0.6]], 0],
  ])('is the sum over all possible patterns: %j', (probabilities, tolerance) => {
    const [widths, seeds] = [probabilities.length, probabilities[0]!.length];
    const patterns = Array.from({ length: 2 ** (widths * seeds) }, (_, bits) =>
      Array.from({ length: seeds }, (_, r) =>
        Array.from({ length: widths }, (_, s) => (bits >> (s * seeds + r)) & 1).join(''),
      ),
    );
    const grid = solvedGrid(membersOf(patterns));
    const turns = turnsOf(grid, tolerance);
    const steps = passageSteps(turns, widths);
    const median = new Array<number>(widths + 1).fill(0);
    const passage = new Array<number>(widths).fill(0);
    patterns.forEach((texts, i) => {
      const chance = probabilities.flatMap((row, s) => row.map((p, r) => (texts[r]![s] === '1' ? p : 1 - p)));
      const probability = chance.reduce((a, b) => a * b, 1);
      median[turns.median[i]!]! += probability;
      passage[steps[i]!]! += probability;
    });
    const expected = expectedDistribution(grid, turns, [{ weight: 1, solved: probabilities }]);
    expect(expected.median).toBeAllClose(median, { atol: 1e-14 });
    expect(expected.passage).toBeAllClose(passage, { atol: 1e-14 });
  });

  test('is the weighted mean over classes', () => {
    const grid = solvedGrid(membersOf([['01', '01']]));
    const turns = turnsOf(grid);
    const classes = [[[0, 0], [1, 1]], [[1, 1], [1, 1]]]; // prettier-ignore
    const { median, passage } = expectedDistribution(
      grid,
      turns,
      classes.map((solved, i) => ({ weight: i === 0 ? 0.3 : 0.7, solved })),
    );
    expect(median).toBeAllClose([0.7, 0.3, 0], { atol: 1e-15 });
    expect(passage).toBeAllClose([0.7, 0.3], { atol: 1e-15 });
  });
});

describe('sharp turns against permuted examples', () => {
  const rising = [
    [0.1, 0.15],
    [0.5, 0.4],
    [0.9, 0.85],
  ];

  test('permutations agree with the closed form, and repeat', () => {
    const grid = solvedGrid(flips(rising, 2000, Random.named(1, 'flips')));
    const turns = turnsOf(grid);
    const { coinFlips: drawn } = sharpTurns(grid, turns, { permutations: 199 });
    expect(drawn.share).toBe(expectedDistribution(grid, turns, [coinFlips(grid)]).passage[1]);
    expect(drawn.interval.lower).toBeLessThan(drawn.share);
    expect(drawn.interval.upper).toBeGreaterThan(drawn.share);
    // Near a binomial's: 2 x 1.96 standard errors, within a quarter, for 199 draws and the effect of fixed accuracies.
    const binomial = 2 * 1.96 * Math.sqrt((drawn.share * (1 - drawn.share)) / 2000);
    expect((drawn.interval.upper - drawn.interval.lower) / binomial).toBeAllClose(1, { atol: 0.25 });
    expect(sharpTurns(grid, turns, { permutations: 199 })).toEqual(sharpTurns(grid, turns, { permutations: 199 }));
  });

  test('p values of coin flips are uniform: at most 5 % are 0.05 or less, up to chance', () => {
    const pValues = Array.from({ length: 400 }, (_, i) => {
      const grid = solvedGrid(flips(rising, 300, Random.named(i, 'calibration')));
      return sharpTurns(grid, turnsOf(grid), { permutations: 39, mostPermutations: 39, seed: i }).coinFlips.pValue;
    });
    const share = (level: number) => pValues.filter((p) => p <= level + 1e-12).length / pValues.length;
    // Ties reduce it a little; 3 standard errors of a share of 400 are 0.033 at 0.05 and 0.075 at 0.5.
    expect(share(0.05)).toBeLessThan(0.05 + 0.033);
    expect(share(0.05)).toBeGreaterThan(0.01);
    expect(share(0.5)).toBeAllClose(0.5, { atol: 0.09 });
  });

  test('where p would be the smallest possible, more permutations run until one exceeds it; elsewhere they do not', () => {
    const pValues = Array.from({ length: 300 }, (_, i) => {
      const grid = solvedGrid(flips(rising, 200, Random.named(i, 'more permutations')));
      return sharpTurns(grid, turnsOf(grid), { permutations: 19, mostPermutations: 199, seed: i }).coinFlips;
    });
    expect(pValues.filter(({ permutations }) => permutations === 19).length).toBeGreaterThan(250);
    // It stops at the first permutation that reaches it: p is 2 over one more than the permutations. Still valid: at 0.05 no more than
    // that.
    for (const { permutations, pValue } of pValues)
      if (permutations > 19) expect(pValue).toBeOneOf([2 / (1 + permutations), 1 / (1 + permutations)]);
    // Three standard errors of a share of 300 are 0.038.
    expect(pValues.filter(({ pValue }) => pValue <= 0.05).length / 300).toBeLessThan(0.05 + 0.038);
  });

  test('examples that turn together in all seeds are found', () => {
    const random = Random.named(3, 'together');
    const patterns = Array.from({ length: 500 }, () => {
      const t = random.integer(4);
      return ['0001', '0011', '0111', '0000'].slice(t, t + 1).flatMap((text) => [text, text, text]);
    });
    const grid = solvedGrid(membersOf(patterns));
    const sharp = sharpTurns(grid, turnsOf(grid));
    expect(sharp.share).toBeGreaterThan(0.6);
    expect(sharp.shareOfWhole).toBe(1);
    expect(sharp.coinFlips.share).toBeLessThan(0.05);
    // None of 99 permutations reaches it, nor of 900 more.
    expect([sharp.coinFlips.pValue, sharp.coinFlips.permutations]).toEqual([0.001, 999]);
  });
});

test('members of a width vary by 1 if examples are independent, by more if seeds differ as a whole', () => {
  const even = Array.from({ length: 4 }, (_, s) => new Array<number>(12).fill(0.2 + 0.2 * s));
  const independent = memberDispersion(solvedGrid(flips(even, 4000, Random.named(5, 'dispersion'))));
  // Chi-square with 44 degrees of freedom over 44 has a standard deviation of 0.21.
  expect(independent).toBeAllClose(1, { atol: 0.64 });
  const uneven = [Array.from({ length: 12 }, (_, seed) => 0.3 + 0.02 * seed)];
  expect(memberDispersion(solvedGrid(flips(uneven, 4000, Random.named(6, 'dispersion'))))).toBeGreaterThan(20);
  expect(memberDispersion(solvedGrid(membersOf([['01']])))).toBeNaN();
});

test('end to end: a sum of steps is distinguished from one sigmoid with the same accuracies', () => {
  const random = Random.named(7, 'stack');
  // Quanta: each example turns at a scale of its own, in every seed, with 2 % slips.
  const stack = Array.from({ length: 1500 }, () => {
    const t = random.integer(5);
    return Array.from({ length: 4 }, () =>
      Array.from({ length: 5 }, (_, s) => Number(s >= t !== random.uniform() < 0.02)).join(''),
    );
  });
  const stacked = analyseTurns(membersOf(stack));
  expect(preferred(stacked.fits, 'bic')!.kind).not.toBe('one');
  expect(stacked.sharp.share).toBeGreaterThan(10 * stacked.sharp.coinFlips.share);

  const accuracies = stacked.grid.scales.map(({ accuracy }) => new Array<number>(4).fill(accuracy));
  const one = analyseTurns(flips(accuracies, 1500, random));
  const worst = Math.max(...one.measured.passage.map((share, i) => Math.abs(share - one.coinFlips.passage[i]!)));
  // Four standard errors of a share of 1500.
  expect(worst).toBeLessThan(0.05);
  expect(one.sharp.coinFlips.pValue).toBeGreaterThan(0.01);
  const best = preferred(one.fits, 'bic')!;
  expect(best.kind).toBe('one');
  expect(exampleClasses(one.grid, best)).toHaveLength(1);
});

test('one width and one seed give what is possible', () => {
  const { fits, measured, sharp } = analyseTurns([
    { width: 1, seed: 0, parameters: 10, solved: Uint8Array.of(1, 0, 0, 1) },
  ]);
  expect(fits).toEqual([]);
  expect(measured.median).toEqual([0.5, 0.5]);
  expect(sharp.count).toBe(0);
  expect(sharp.shareOfWhole).toBeNaN();
});
