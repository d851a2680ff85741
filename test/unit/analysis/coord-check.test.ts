import { expect, test } from 'vitest';
import { flatSlope, logSlope, widthSlopes, type MeasuredLayer } from '../../../src/analysis/coord-check.js';
import { coordCheckTable } from '../../../src/report/tables/coord-check.js';
import { Random } from '../../../src/statistics/random.js';

const widths = [8, 16, 32, 64];
/** Sizes that are a power of the width, twice, with seeds on either side of it. */
const layer = (parametrization: 'standard' | 'mup', name: string, power: number): MeasuredLayer[] =>
  widths.flatMap((width) =>
    [0.9, 1.1].map((factor, seed) => ({
      ...{ parametrization, width, seed, layer: name, step: 10 },
      size: factor * 3 * width ** power,
      change: factor * width ** (power / 2),
    })),
  );

test('powers of the width are found again, from geometric means over seeds', () => {
  const [standard, mup] = widthSlopes([...layer('standard', 'head', 1), ...layer('mup', 'head', 0)]);
  expect(standard).toMatchObject({ parametrization: 'standard', layer: 'head', step: 10 });
  expect(standard!.size.slope).toBeCloseTo(1, 12);
  expect(standard!.change.slope).toBeCloseTo(0.5, 12);
  expect(mup!.size.slope).toBeCloseTo(0, 12);
  for (const { size } of mup!.points) expect(size).toBeCloseTo(3 * Math.sqrt(0.9 * 1.1), 12);
});

/** A seed's layer whose change is a power of the width. */
const seedOf = (power: number, seed: number): MeasuredLayer[] =>
  widths.map((width) => ({
    ...{ parametrization: 'mup', width, seed, layer: 'head', step: 1, size: 1, change: width ** power },
  }));
const changeOf = (powers: readonly number[]) => widthSlopes(powers.flatMap(seedOf))[0]!.change;

test('the slope is the mean of the seeds and the middle of its interval, Student t', () => {
  const { slope, interval } = changeOf([0.1, 0.3]);
  expect(slope).toBeCloseTo(0.2, 12);
  // Standard error 0.1, and 12.7062 is the 0.975 quantile of t with one degree of freedom.
  expect([interval!.lower, interval!.upper]).toBeAllClose([0.2 - 1.27062, 0.2 + 1.27062], { rtol: 1e-4 });
  expect(changeOf([0.1])).toEqual({
    slope: expect.closeTo(0.1, 12) as number,
    interval: undefined,
    verdict: 'undetermined',
  });
});

test.each([
  // Half an interval of three seeds a, b and c at equal distances e: 4.3027 e / sqrt(3) = 2.484 e.
  [[0.019, 0.02, 0.021], 'flat'],
  [[-0.021, -0.02, -0.019], 'flat'],
  [[0.03, 0.04, 0.05], 'undetermined'],
  [[0.07, 0.08, 0.09], 'not flat'],
  [[-0.09, -0.08, -0.07], 'not flat'],
  [[0.02, 0.08, 0.14], 'undetermined'],
  [[-0.5, 0, 0.5], 'undetermined'],
] as const)('seeds with slopes %j: %s', (powers, verdict) => {
  expect(changeOf(powers).verdict).toBe(verdict);
});

/** Seeds whose layers scatter at each width, as a trained layer's do: factors with a standard deviation of `spread`. */
function simulated(slope: number, seeds: number, random: Random, spread = 0.1): MeasuredLayer[] {
  return Array.from({ length: seeds }, (_, seed) => {
    const own = slope + 0.02 * random.normal();
    return widths.map((width) => ({
      ...{ parametrization: 'mup' as const, width, seed, layer: 'head', step: 1, size: 1 },
      change: width ** own * Math.exp(spread * random.normal()),
    }));
  }).flat();
}

test('intervals of four seeds contain the slope 95 % of the time, and a slope at the limit is called flat, or not flat, at most 2.5 %', () => {
  const random = Random.named(1, 'coordinates');
  const rounds = 2000;
  const found = Array.from({ length: rounds }, () => widthSlopes(simulated(flatSlope, 4, random))[0]!.change);
  const share = (is: (slope: (typeof found)[number]) => boolean) => found.filter(is).length / rounds;
  // Four standard errors of a share of 2000: 0.0195 of 0.95, 0.014 of 0.025.
  expect([share(({ interval }) => interval!.lower <= flatSlope && flatSlope <= interval!.upper)]).toBeAllClose([0.95], {
    atol: 0.0195,
  });
  expect(share(({ verdict }) => verdict === 'flat')).toBeLessThan(0.025 + 0.014);
  expect(share(({ verdict }) => verdict === 'not flat')).toBeLessThan(0.025 + 0.014);
});

test('with enough seeds a flat layer is called flat', () => {
  const random = Random.named(2, 'coordinates');
  // Slopes of single seeds scatter by 0.0675 (0.02, and 0.1 over 1.55, the root of the summed squares of four log
  // widths), so 40 seeds have an interval of 0.0216 on each side, and the mean is within the other 0.0284, 2.66
  // standard errors, in 99.2 %: 2 of 200 are not.
  const found = Array.from({ length: 200 }, () => widthSlopes(simulated(0, 40, random))[0]!.change.verdict);
  expect(found.filter((verdict) => verdict === 'flat').length).toBeGreaterThan(190);
  expect(found).not.toContain('not flat');
});

test('values without a logarithm have no slope', () => {
  expect(logSlope([[8, 1], [16, Infinity]])).toBeNaN(); // prettier-ignore
  expect(logSlope([[8, 0], [16, 1]])).toBeNaN(); // prettier-ignore
});

test('one diverged seed leaves its layer without a slope', () => {
  const [first, ...others] = layer('mup', 'head', 0);
  const [found] = widthSlopes([{ ...first!, size: NaN }, ...others]);
  expect(found!.size).toEqual({ slope: NaN, interval: undefined, verdict: 'not flat' });
  expect(found!.change.slope).toBeCloseTo(0, 12);
});

test('a layer that has not moved has no slope, and that says nothing about it', () => {
  const still = (name: 'standard' | 'mup') => layer(name, 'hidden', 0).map((each) => ({ ...each, change: 0 }));
  const layers = widthSlopes([...layer('standard', 'hidden', 0), ...still('mup')]);
  expect(layers[1]!.change).toEqual({ slope: NaN, interval: undefined, verdict: 'undetermined' });
  const lines = coordCheckTable(layers).split('\n');
  expect(lines[1]).toMatch(/ zero$/);
  expect(lines.slice(-2)).toMatchInlineSnapshot(`
    [
      "mup: by mean |x|, all layers flat; by change, 0 of 1 layer flat, 1 undetermined.",
      "Zero: there is no slope, because all values are 0. Under muP output weights start at 0, so the first step moves only the output.",
    ]
  `);
});

test('the table shows both parametrizations side by side, and which layers are flat', () => {
  const layers = widthSlopes([
    ...layer('standard', 'hidden', 0),
    ...layer('standard', 'head', 1),
    ...layer('mup', 'hidden', 0),
    ...layer('mup', 'head', 0.04),
  ]);
  expect(coordCheckTable(layers)).toMatchInlineSnapshot(`
    "layer             standard   mean |x|           of change                 mup    mean |x|           of change
    hidden  0.000 [0.00, 0.00]     3 to 3  0.000 [0.00, 0.00]  0.000 [0.00, 0.00]      3 to 3  0.000 [0.00, 0.00]
    head    1.000 [1.00, 1.00]  24 to 190  0.500 [0.50, 0.50]  0.040 [0.04, 0.04]  3.2 to 3.5  0.020 [0.02, 0.02]
    Slope of log mean |x| against log width, as a mean over seeds [95 %]: 0 is flat; mean |x| from the smallest to the largest width. Change: the same slope for how much x has changed since the start of training.
    Flat: the whole interval is within 0.05 of 0. Not flat: all of it is outside, or training diverged. Undetermined: neither; more --seeds narrow the intervals.
    standard: by mean |x|, 1 of 2 layers flat, 1 not (steepest: head, 1.000); by change, 1 of 2 layers flat, 1 not (steepest: head, 0.500).
    mup: by mean |x|, all layers flat; by change, all layers flat."
  `);
});

test('what theory says of scores of attention that fall under muP', () => {
  const table = (power: number, name = 'block0.scores') =>
    coordCheckTable(widthSlopes([...layer('standard', name, 1), ...layer('mup', name, power)]))
      .split('\n')
      .at(-1);
  expect(table(-0.4)).toMatchInlineSnapshot(
    `"Under muP, attention scores have one part that does not depend on the width (what keys have in common) and one that falls as 1 / sqrt(width) (their random overlaps): theory predicts a slope between -0.5 and 0, near 0 only for wide heads."`,
  );
  expect(table(0.1)).toMatch(/^mup: /);
  expect(table(-0.4, 'block0')).toMatch(/^mup: /);
});

test('the table of seeds that disagree, or of one', () => {
  const one = (parametrization: 'standard' | 'mup') =>
    layer(parametrization, 'head', 1).filter(({ seed }) => seed === 0);
  const apart = (parametrization: 'standard' | 'mup') =>
    [0.1, 0.3].flatMap(seedOf).map((each) => ({ ...each, parametrization, size: 1 }));
  const verdicts = (all: readonly MeasuredLayer[]) => coordCheckTable(widthSlopes(all)).split('\n').slice(-4);
  expect(verdicts([...one('standard'), ...one('mup')])).toMatchInlineSnapshot(`
    [
      "Slope of log mean |x| against log width, for one seed: 0 is flat; mean |x| from the smallest to the largest width. Change: the same slope for how much x has changed since the start of training.",
      "Flat: the whole interval is within 0.05 of 0. Not flat: all of it is outside, or training diverged. Undetermined: neither, as with one seed; more --seeds narrow the intervals.",
      "standard: by mean |x|, 0 of 1 layer flat, 1 undetermined; by change, 0 of 1 layer flat, 1 undetermined.",
      "mup: by mean |x|, 0 of 1 layer flat, 1 undetermined; by change, 0 of 1 layer flat, 1 undetermined.",
    ]
  `);
  expect(verdicts([...apart('standard'), ...apart('mup')]).slice(-1)).toMatchInlineSnapshot(`
    [
      "mup: by mean |x|, all layers flat; by change, 0 of 1 layer flat, 1 undetermined.",
    ]
  `);
});
