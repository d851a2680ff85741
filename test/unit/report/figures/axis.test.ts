import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  apart,
  countTicks,
  domainOf,
  linearTicks,
  logTicks,
  evenlyThinned,
  roundest,
  wholePlaces,
  placing,
  shareTicks,
  ticksAround,
  valueTicks,
  withRoom,
  type Tick,
} from '../../../../src/report/figures/axis.js';
import { suitLogarithms } from '../../../../src/analysis/scales.js';

test('round ticks: even, of few digits, just around the range', () => {
  fc.assert(
    fc.property(
      fc.double({ min: -1e9, max: 1e9, noNaN: true }),
      fc.double({ min: 1e-6, max: 1e9, noNaN: true }),
      fc.integer({ min: 2, max: 8 }),
      (low, span, steps) => {
        const high = low + span;
        if (!(span > 1e-6 * Math.abs(low))) return;
        const ticks = ticksAround([low, high], steps);
        const step = ticks[1]! - ticks[0]!;
        const tolerance = 1e-9 * Math.max(Math.abs(low), Math.abs(high)); // decimal fractions are not binary ones
        expect(ticks[0]!).toBeLessThanOrEqual(low + tolerance);
        expect(ticks.at(-1)!).toBeGreaterThanOrEqual(high - tolerance);
        expect(ticks[0]!).toBeGreaterThan(low - step - tolerance);
        expect(ticks.at(-1)!).toBeLessThan(high + step + tolerance);
        // d3 takes the step that is nearest in ratio: at worst too small by the root of 2 x 5 over 2; plus both ends, and the 0th.
        expect(ticks.length).toBeLessThanOrEqual((Math.sqrt(10) / 2) * steps + 3);
        expect(step.toExponential(6)).toMatch(/^[125]\.000000e/);
      },
    ),
  );
  expect(ticksAround([0, 0.6], 3)).toEqual([0, 0.2, 0.4, 0.6]);
});

test('ticks of a logarithmic axis: within it, in order, of one digit where it spans a decade, at least three', () => {
  fc.assert(
    fc.property(
      fc.double({ min: -12, max: 18, noNaN: true }),
      fc.double({ min: 0.02, max: 14, noNaN: true }),
      (from, decades) => {
        const domain = [10 ** from, 10 ** (from + decades)] as const;
        const ticks = logTicks(domain);
        expect(ticks.length).toBeGreaterThanOrEqual(decades > 0.6 ? 3 : 1);
        expect(ticks).toEqual(ticks.toSorted((a, b) => a - b));
        expect(ticks[0]!).toBeGreaterThanOrEqual(domain[0] * (1 - 1e-12));
        expect(ticks.at(-1)!).toBeLessThanOrEqual(domain[1] * (1 + 1e-12));
        if (decades >= 1) for (const tick of ticks) expect(tick / Number(tick.toPrecision(1))).toBeCloseTo(1, 9);
        if (decades >= 5)
          for (const tick of ticks) expect(Math.log10(tick)).toBeCloseTo(Math.round(Math.log10(tick)), 9);
      },
    ),
  );
  expect(logTicks([20e3, 1.3e6])).toEqual([2e4, 5e4, 1e5, 2e5, 5e5, 1e6]);
  expect(logTicks([2, 5])).toEqual([2, 3, 4, 5]);
});

test('numbers of parameters have the letters of model sizes', () => {
  const texts = countTicks([8, 999, 1000, 1500, 1_260_810, 1e10, 2e11, 3e12, 1e15]).map(({ text }) => text);
  expect(texts).toEqual(['8', '999', '1k', '1.5k', '1.26M', '10B', '200B', '3T', '1e15']);
});

test('other numbers are unchanged', () => {
  // Neighbours that three digits do not tell apart have more.
  expect(countTicks([1500, 1504, 1508, 1512]).map(({ text }) => text)).toEqual(['1.5k', '1.504k', '1.508k', '1.512k']);
  expect(valueTicks([123_400, 123_600, 123_800]).map(({ text }) => text)).toEqual(['123.4k', '123.6k', '123.8k']);
  expect(valueTicks([0, 0.002, 1e-7, -0.2, 20_000]).map(({ text }) => text)).toEqual([
    '0',
    '0.002',
    '1e-7',
    '-0.2',
    '20k',
  ]);
  expect(shareTicks([0, 0.07, 1]).map(({ text }) => text)).toEqual(['0 %', '7 %', '100 %']);
  expect(linearTicks([0, 1], 5)).toEqual([0, 0.2, 0.4, 0.6, 0.8, 1]);
});

test('positions: ends at the ends, the geometric mean in the middle of a logarithmic axis, none for 0', () => {
  const log = placing([1, 100], [10, 30], true);
  expect([1, 10, 100, 0, -1].map(log)).toEqual([10, 20, 30, NaN, NaN]);
  expect(placing([0, 4], [0, 8], false)(1)).toBe(2);
  expect(placing([3, 3], [0, 8], true)(3)).toBe(4);
});

test('a domain has a margin, and a logarithmic one leaves 0 out', () => {
  expect(domainOf([0, 1, Infinity, NaN], false, 0.1)).toEqual([-0.1, 1.1]);
  const [low, high] = domainOf([0, 1, 100], true, 0.1);
  expect([Math.log10(low), Math.log10(high)]).toEqual([expect.closeTo(-0.2, 9), expect.closeTo(2.2, 9)]);
  expect(domainOf([], true)).toEqual([0.1, 10]);
});

test('ticks have room for their texts', () => {
  const kept = withRoom(
    countTicks([0, 1, 2, 3, 40]),
    (value) => 10 * value,
    () => 8,
    4,
  );
  expect(kept.map(({ at }) => at)).toEqual([0, 2, 40]);
});

test('the largest of a family’s scales keeps its tick, as it is what readers look for: those that collide with it are left out', () => {
  const shown = (values: readonly number[]) =>
    withRoom(
      countTicks(values),
      (value) => 10 * Math.log2(value),
      () => 12,
      4,
      'both',
    ).map(({ at }) => at);
  // Moments of a training of 1024 steps, as `--moments 10:log` takes them: 474 is 11 pixels below the end.
  expect(shown([1, 2, 5, 10, 22, 47, 102, 219, 474, 1024])).toEqual([1, 5, 22, 102, 1024]);
  expect(shown([1, 1.5])).toEqual([1]);
  expect(shown([1, 2, 3, 0])).toEqual([1]);
  expect(shown([])).toEqual([]);
});

test('an axis is logarithmic unless one gap takes more than half of it that a linear axis would spread', () => {
  // Twenty moments of 10 000 steps, the first of them step 1: ln 527 / ln 10 000 is 0.68.
  const moments = Array.from({ length: 20 }, (_, i) => Math.round(1 + (9999 * i) / 19));
  expect(suitLogarithms(moments)).toBe(false);
  expect(suitLogarithms([...moments, ...moments].reverse())).toBe(false);
  for (const usual of [
    [1, 2, 4, 8, 16, 32],
    [1, 2, 3, 4, 6, 8],
    [8, 16, 24, 32],
    [1, 2, 3, 4, 5, 6, 7, 8, 16, 96],
    [125e6, 350e6, 1.3e9, 2.7e9, 6.7e9, 13e9, 30e9, 66e9],
    // One gap of a linear axis is as wide.
    [1, 1000, 1001, 1e6],
    // With few scales a gap is half of the axis soon.
    [1, 500, 1000],
    [7],
  ])
    expect(suitLogarithms(usual)).toBe(true);
  expect(suitLogarithms([0, 0.1, 0.2])).toBe(false);
});

test('labels are moved apart, neighbours together, and as little as needed', () => {
  expect(apart([0, 1, 30], 10)).toEqual([-4.5, 5.5, 30]);
  fc.assert(
    fc.property(fc.array(fc.double({ min: 0, max: 100, noNaN: true }), { maxLength: 6 }), (values) => {
      const placed = apart(
        values.toSorted((a, b) => a - b),
        10,
      );
      placed.slice(1).forEach((at, i) => {
        expect(at - placed[i]!).toBeGreaterThanOrEqual(10 - 1e-9);
      });
    }),
  );
});

test('an axis has ticks at its points if they are few and whole, such as depths and steps, otherwise at round numbers', () => {
  expect(wholePlaces([4, 1, 2, 2, 3, 5])).toEqual([1, 2, 3, 4, 5]);
  expect(wholePlaces([125, 250, 32000])).toEqual([125, 250, 32000]);
  expect(wholePlaces([1466, 5370])).toBeUndefined();
  expect(wholePlaces([0.5, 1])).toBeUndefined();
  expect(wholePlaces([7, 7])).toBeUndefined();
  expect(wholePlaces(Array.from({ length: 13 }, (_, i) => i + 1))).toBeUndefined();
});

test('round ticks take precedence if they cover half of an axis, in either direction', () => {
  const ticksOf = (values: readonly number[]) => values.map((at) => ({ at, text: String(at) }));
  const firstTwo = (some: readonly { at: number; text: string }[]) => some.slice(0, 2);
  const shown = (values: readonly number[]) => roundest(ticksOf(values), firstTwo).map(({ at }) => at);
  const [covered, bare] = [
    [0.9, 1, 2, 4, 5, 6],
    [0.06, 0.1, 0.2, 0.3, 0.4],
  ];
  expect([shown(covered), shown(covered.toReversed())]).toEqual([
    [1, 2],
    [5, 2],
  ]);
  expect([shown(bare), shown(bare.toReversed())]).toEqual([
    [0.06, 0.1],
    [0.4, 0.3],
  ]);
});

test('two round ticks in one half of a logarithmic axis are not enough: with 3 times a power of ten there are three', () => {
  // A family of transformers of 22 848 to 95 568 parameters, on a panel of 130 pixels.
  const domain = [20_771, 105_125] as const;
  const fit = (some: readonly Tick[]) => withRoom(some, placing(domain, [0, 130], true), () => 25, 6);
  const texts = roundest(countTicks(logTicks(domain)), fit).map(({ text }) => text);
  expect(texts).toEqual(['30k', '50k', '100k']);
});

test('doublings without room for all are thinned evenly, so that none is missing in between', () => {
  const ticks = Array.from({ length: 9 }, (_, i) => ({ at: 2 ** i, text: String(2 ** i) }));
  const place = (value: number) => 20 * Math.log2(value);
  const shown = (some: typeof ticks, size: number) =>
    evenlyThinned(some, (few) => withRoom(few, place, () => size, 2)).map(({ at }) => at);
  expect(shown(ticks, 18)).toHaveLength(9);
  expect(shown(ticks, 30)).toEqual([1, 4, 16, 64, 256]);
  expect(shown(ticks, 50)).toEqual([1, 8, 64]);
  // Others are kept from the left, as far as there is room.
  expect(
    shown(
      [1, 2, 3, 64].map((at) => ({ at, text: '' })),
      18,
    ),
  ).toEqual([1, 2, 64]);
});
