import { expect, test } from 'vitest';
import { logSlope, widthSlopes, type WidthCoordinate } from '../../../src/analysis/coordinates.js';
import { coordinateTable } from '../../../src/report/tables/coordinates.js';

const widths = [8, 16, 32, 64];
/** Sizes that are a power of the width, twice, with seeds on either side of it. */
const layer = (parametrization: 'standard' | 'mup', name: string, power: number): WidthCoordinate[] =>
  widths.flatMap((width) =>
    [0.9, 1.1].map((factor, seed) => ({
      ...{ parametrization, width, seed, layer: name, step: 10 },
      size: factor * 3 * width ** power,
      change: factor * width ** (power / 2),
    })),
  );

test('powers of the width are recovered from the means over seeds', () => {
  const [standard, mup] = widthSlopes([...layer('standard', 'head', 1), ...layer('mup', 'head', 0)]);
  expect(standard).toMatchObject({ parametrization: 'standard', layer: 'head', step: 10 });
  expect(standard!.slope).toBeCloseTo(1, 12);
  expect(standard!.slopeOfChange).toBeCloseTo(0.5, 12);
  expect(mup!.slope).toBeCloseTo(0, 12);
  expect(mup!.points.map(({ width, size }) => [width, size])).toEqual(widths.map((width) => [width, 3]));
});

test("the interval of the slope of the change is Student's t over seeds", () => {
  const seed = (power: number, place: number): WidthCoordinate[] =>
    widths.map((width) => ({
      ...{ parametrization: 'mup', width, seed: place, layer: 'head', step: 1, size: 1, change: width ** power },
    }));
  const { lower, upper } = widthSlopes([...seed(0.1, 0), ...seed(0.3, 1)])[0]!.interval!;
  // Mean 0.2, standard error 0.1, and 12.7062 is the 0.975 quantile of t with one degree of freedom.
  expect([lower, upper]).toBeAllClose([0.2 - 1.27062, 0.2 + 1.27062], { rtol: 1e-4 });
  expect(widthSlopes(seed(0.1, 0))[0]!.interval).toBeUndefined();
});

test('values without a logarithm have no slope', () => {
  expect(logSlope([[8, 1], [16, Infinity]])).toBeNaN(); // prettier-ignore
  expect(logSlope([[8, 0], [16, 1]])).toBeNaN(); // prettier-ignore
});

test('one diverged seed leaves its layer without a slope', () => {
  const [first, ...others] = layer('mup', 'head', 0);
  const [found] = widthSlopes([{ ...first!, size: NaN }, ...others]);
  expect(found!.slope).toBeNaN();
  expect(found!.slopeOfChange).toBeCloseTo(0, 12);
});

test('the table shows both parametrizations side by side, and which layers are flat', () => {
  const layers = widthSlopes([
    ...layer('standard', 'hidden', 0),
    ...layer('standard', 'head', 1),
    ...layer('mup', 'hidden', 0),
    ...layer('mup', 'head', 0.04),
  ]);
  expect(coordinateTable(layers)).toMatchInlineSnapshot(`
    "layer   standard   mean |x|           of change    mup    mean |x|           of change
    hidden     0.000     3 to 3  0.000 [0.00, 0.00]  0.000      3 to 3  0.000 [0.00, 0.00]
    head       1.000  24 to 190  0.500 [0.50, 0.50]  0.040  3.3 to 3.5  0.020 [0.02, 0.02]
    Slope of log mean |x| against log width: 0 is flat, within 0.05 counts as flat; mean |x| from the smallest to the largest width. Of change: the same slope for the change of x since the start of training; in brackets: 95 % over seeds.
    standard: 1 of 2 layers are flat (steepest: head, 1.000) by mean |x|; 1 of 2 layers are flat (steepest: head, 0.500) by change.
    mup: all layers are flat by mean |x|; all layers are flat by change."
  `);
});
