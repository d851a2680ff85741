/** Grids over the shapes of the curve models, where the search for a fit starts (fit-search.ts). */
import type { DataRange } from './curve-data.js';

/** exponent */
export function powerShapes(): number[][][] {
  return spaced(0.01, 10, 40, 'log').map((exponent) => [[exponent]]);
}

/** midpoint and slope */
export function sigmoidShapes(range: DataRange): number[][][] {
  const { span, gap } = range;
  const slopes = spaced(1 / span, 20 / gap, 8, 'log');
  return placesIn(range, 17).map((midpoint) => slopes.map((slope) => [midpoint, slope]));
}

/** midpoint and slope of each of two */
export function twoSigmoidShapes(range: DataRange): number[][][] {
  const { span, gap } = range;
  const steepness = pairs(spaced(1 / span, 40 / gap, 5, 'log'));
  const orders = [-1, 0, 1].map((order) => steepness.filter(([a, b]) => Math.sign(a! - b!) === order));
  const places = placesIn(range, 9);
  const together = places.map((at) => [at - gap / 4, at + gap / 4]);
  const separate = places.flatMap((one, i) => places.slice(i + 1).map((other) => [one, other]));
  return [...separate, ...together].flatMap(([one, other]) =>
    orders.map((alike) => alike.map(([a, b]) => [one!, a!, other!, b!])),
  );
}

/** early exponent, change of exponent, break, smoothness */
export function brokenPowerShapes(range: DataRange): number[][][] {
  const { span, gap } = range;
  const exponents = [-10, -3, -1, -0.3, -0.05, 0.05, 0.3, 1, 3, 10];
  const around = pairs(exponents).filter(([early, late]) => early !== late);
  const halves = [around.filter(([early]) => early! < 0), around.filter(([early]) => early! > 0)];
  return placesIn(range, 9).flatMap((at) =>
    spaced(gap / 20, span / 4, 3, 'log').flatMap((smooth) =>
      halves.map((half) => half.map(([early, late]) => [early!, late! - early!, at, smooth])),
    ),
  );
}

/**
 * At the scales and between them, or only between them or evenly if that would be too many; and beyond them on both
 * sides.
 */
function placesIn({ x, first, last, span }: DataRange, most: number): number[] {
  const different = [...new Set(x)].sort((a, b) => a - b);
  const between = different.slice(1).map((value, i) => (value + different[i]!) / 2);
  const all = [...between, ...different];
  const inside = all.length <= most ? all : between.length <= most ? between : spaced(first, last, most);
  // Those outside come last: if all shapes are equally good, as they are for a constant, one inside is chosen.
  return [...inside, first - span / 8, last + span / 8, first - span / 2, last + span / 2];
}

/** `count` values from one to the other. */
function spaced(from: number, to: number, count: number, by: 'value' | 'log' = 'value'): number[] {
  const at = (share: number) => (by === 'log' ? from * (to / from) ** share : from + (to - from) * share);
  return Array.from({ length: count }, (_, i) => at(i / (count - 1)));
}

function pairs(values: readonly number[]): number[][] {
  return values.flatMap((a) => values.map((b) => [a, b]));
}
