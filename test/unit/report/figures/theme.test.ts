import { describe, expect, test } from 'vitest';
import { seriesStyles } from '../../../../src/report/figures/theme.js';

type Rgb = readonly [red: number, green: number, blue: number];

/** Machado, Oliveira and Fernandes 2009 (IEEE TVCG 15, 1291-1298), severity 1, for linear light. */
const sights: Readonly<Record<string, readonly Rgb[]>> = {
  normal: [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
  protanopia: [
    [0.152286, 1.052583, -0.204868],
    [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998],
  ],
  deuteranopia: [
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.01182, 0.04294, 0.968881],
  ],
  tritanopia: [
    [1.255528, -0.076749, -0.178779],
    [-0.078411, 0.930809, 0.147602],
    [0.004733, 0.691367, 0.3039],
  ],
};

const times = (matrix: readonly Rgb[], [r, g, b]: Rgb) =>
  matrix.map((row) => row[0] * r + row[1] * g + row[2] * b) as unknown as Rgb;

/** Linear light, 0 to 1 (IEC 61966-2-1). */
function linear(hex: string): Rgb {
  return [1, 3, 5].map((at) => {
    const value = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  }) as unknown as Rgb;
}

/** CIELAB under D65. */
function labOf(light: Rgb): Rgb {
  const xyz = times(
    [
      [0.4124564, 0.3575761, 0.1804375],
      [0.2126729, 0.7151522, 0.072175],
      [0.0193339, 0.119192, 0.9503041],
    ],
    light.map((each) => Math.min(1, Math.max(0, each))) as unknown as Rgb,
  );
  const f = (t: number) => (t > 216 / 24389 ? Math.cbrt(t) : ((24389 / 27) * t + 16) / 116);
  const [x, y, z] = [f(xyz[0] / 0.95047), f(xyz[1]), f(xyz[2] / 1.08883)];
  return [116 * y - 16, 500 * (x - y), 200 * (y - z)];
}

function leastDistance(colours: readonly string[], sight: readonly Rgb[]): number {
  const labs = colours.map((colour) => labOf(times(sight, linear(colour))));
  return Math.min(
    ...labs.flatMap((a, i) => labs.slice(i + 1).map((b) => Math.hypot(...a.map((each, k) => each - b[k]!)))),
  );
}

function contrast(first: string, second: string): number {
  const [low, high] = [first, second]
    .map((each) => times(sights['normal']!, linear(each)))
    .map(([r, g, b]) => 0.2126 * r + 0.7152 * g + 0.0722 * b + 0.05)
    .toSorted((a, b) => a - b) as [number, number];
  return high / low;
}

// 2.3 is a just noticeable difference between adjacent patches; separate lines need several times that.
describe.each(Object.entries(sights))('%s', (_, sight) => {
  test('any two figure colours are at least 19 apart in CIELAB, and 20 on the dark page', () => {
    expect(
      leastDistance(
        seriesStyles.map(({ color }) => color),
        sight,
      ),
    ).toBeGreaterThanOrEqual(19);
    expect(
      leastDistance(
        seriesStyles.map(({ onDark }) => onDark),
        sight,
      ),
    ).toBeGreaterThanOrEqual(20);
  });
});

test('the simulation is right in known cases: grey stays grey, and red and green of one lightness coincide', () => {
  for (const sight of Object.values(sights)) expect(leastDistance(['#777777', '#777777'], [...sight])).toBe(0);
  for (const [name, sight] of Object.entries(sights)) {
    const [, a, b] = labOf(times(sight, linear('#808080')));
    expect(Math.hypot(a, b), name).toBeLessThan(0.5);
  }
  const pair = ['#B34A00', '#6E6E00'];
  expect(leastDistance(pair, sights['deuteranopia']!)).toBeLessThan(0.5 * leastDistance(pair, sights['normal']!));
});

test('no two series share a mark or a dash, so grey print tells them apart', () => {
  expect(new Set(seriesStyles.map(({ shape }) => shape)).size).toBe(seriesStyles.length);
  expect(new Set(seriesStyles.map(({ dash }) => dash.join(' '))).size).toBe(seriesStyles.length);
});

test('colours contrast with their background', () => {
  for (const { color, onDark } of seriesStyles) {
    expect(contrast(color, '#ffffff')).toBeGreaterThan(2);
    expect(contrast(onDark, '#14171a')).toBeGreaterThan(4.5);
  }
});
