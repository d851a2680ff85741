/**
 * Where fits of the curve models start. Every model is linear in its levels once its shape (exponents, midpoints, slopes) is
 * given, so a grid over the shape with the best levels at each node (Golub and Pereyra 1973, SIAM J. Numer. Anal. 10, 413-432)
 * lands close to every optimum worth a search.
 */
import { matrix, solveLeastSquares } from '../statistics/matrices.js';
import type { Extent } from './extent.js';

/** Polynomial in x: its optimum itself. */
export function linearStarts(extent: Extent, terms: number): number[][] {
  const columns = Array.from({ length: terms }, (_, j) => extent.x.map((x) => x ** j));
  return [levelsSolver(extent, terms)(columns)];
}

/** amplitude, exponent, limit */
export function powerStarts(extent: Extent): number[][] {
  const middle = extent.first + extent.span / 2;
  const nodes = spaced(0.01, 10, 40, 'log').map((exponent) => [exponent]);
  const column = ([exponent]: readonly number[]) => [extent.x.map((x) => Math.exp(-exponent! * (x - middle)))];
  return bestNodes(extent, nodes, column, 2).map(({ shape: [exponent], levels: [limit, height] }) => [
    ...[height! * Math.exp(exponent! * middle), exponent!, limit!],
  ]);
}

/** floor, then height, midpoint and slope of each */
export function sigmoidStarts(extent: Extent, count: number): number[][] {
  const { x, first, last, span, gap } = extent;
  const slopes = spaced(1 / span, 20 / gap, count === 1 ? 8 : 3, 'log');
  const midpoints =
    count === 1 ? spaced(first - span / 2, last + span / 2, 17) : spaced(first - span / 8, last + span / 8, 9);
  const nodes = subsets(midpoints, count).flatMap((chosen) =>
    // A slope for all where there are three: 84 triples of midpoints are many already.
    (count === 2 ? pairs(slopes) : slopes.map((slope) => Array<number>(count).fill(slope))).map((steep) =>
      chosen.flatMap((midpoint, i) => [midpoint, steep[i]!]),
    ),
  );
  // Few different columns in many combinations.
  const column = remembered((midpoint, slope) => x.map((value) => 1 / (1 + Math.exp(-slope * (value - midpoint)))));
  const columns = (shape: readonly number[]) =>
    Array.from({ length: count }, (_, i) => column(shape[2 * i]!, shape[2 * i + 1]!));
  return bestNodes(extent, nodes, columns, 3).map(({ shape, levels: [floor, ...heights] }) => [
    floor!,
    ...heights.flatMap((height, i) => [height, shape[2 * i]!, shape[2 * i + 1]!]),
  ]);
}

/** limit, amplitude, early exponent, change of exponent, break, smoothness */
export function bnslStarts(extent: Extent): number[][] {
  const { x, first, last, span, gap } = extent;
  const exponents = [-3, -1, -0.3, 0, 0.3, 1, 3];
  const nodes = pairs(exponents)
    .filter(([early, late]) => early !== late)
    .flatMap(([early, late]) =>
      spaced(first, last, 6).flatMap((at) =>
        spaced(gap / 5, span / 4, 2, 'log').map((smooth) => [early!, late! - early!, at, smooth]),
      ),
    );
  const column = ([early, change, at, smooth]: readonly number[]) => [
    x.map((value) => {
      const u = value - at!;
      const bend = Math.max(u, 0) + smooth! * Math.log1p(Math.exp(-Math.abs(u / smooth!)));
      return Math.exp(-early! * u - change! * bend);
    }),
  ];
  return bestNodes(extent, nodes, column, 4).map(({ shape, levels }) => [...levels, ...shape]);
}

interface Node {
  readonly shape: readonly number[];
  /** Of a column of ones, then of each column. */
  readonly levels: readonly number[];
  readonly sumOfSquares: number;
}

/** The best nodes of a grid that are not each other's neighbours, best first. */
function bestNodes(
  extent: Extent,
  shapes: readonly (readonly number[])[],
  columnsOf: (shape: readonly number[]) => number[][],
  count: number,
): Node[] {
  const ones = extent.x.map(() => 1);
  const solve = levelsSolver(extent, 1 + columnsOf(shapes[0]!).length);
  const nodes = shapes
    .map((shape) => nodeOf(extent, shape, [ones, ...columnsOf(shape)], solve))
    .filter(({ sumOfSquares }) => Number.isFinite(sumOfSquares))
    .sort((a, b) => a.sumOfSquares - b.sumOfSquares);
  const axes = shapes[0]!.map((_, j) => [...new Set(shapes.map((shape) => shape[j]!))].sort((a, b) => a - b));
  const apart = (a: Node, b: Node) =>
    axes.some((axis, j) => Math.abs(axis.indexOf(a.shape[j]!) - axis.indexOf(b.shape[j]!)) > 0.15 * axis.length);
  const chosen: Node[] = [];
  for (const node of nodes) {
    if (chosen.length === count) break;
    if (chosen.every((other) => apart(node, other))) chosen.push(node);
  }
  return chosen;
}

function nodeOf(extent: Extent, shape: readonly number[], columns: readonly number[][], solve: Solve): Node {
  const { y, weights, lower, upper } = extent;
  const levels = solve(columns);
  levels[0] = Math.min(upper, Math.max(lower, levels[0]!));
  let sumOfSquares = 0;
  for (let i = 0; i < y.length; i++) {
    let residual = y[i]!;
    for (let j = 0; j < columns.length; j++) residual -= levels[j]! * columns[j]![i]!;
    sumOfSquares += (weights[i]! * residual) ** 2;
  }
  return { shape, levels, sumOfSquares };
}

type Solve = (columns: readonly (readonly number[])[]) => number[];

/** Weighted linear least squares of y by k columns, in one scratch space for all nodes of a grid. */
function levelsSolver({ y, weights }: Extent, k: number): Solve {
  const n = y.length;
  const a = matrix(n, k);
  const right = new Float64Array(n);
  return (columns) => {
    for (let i = 0; i < n; i++) {
      right[i] = weights[i]! * y[i]!;
      for (let j = 0; j < k; j++) a.data[i * k + j] = weights[i]! * columns[j]![i]!;
    }
    return Array.from(solveLeastSquares(a, right));
  };
}

function remembered<T>(compute: (a: number, b: number) => T): (a: number, b: number) => T {
  const known = new Map<number, Map<number, T>>();
  return (a, b) => {
    const row = known.get(a) ?? new Map<number, T>();
    known.set(a, row);
    const value = row.get(b) ?? compute(a, b);
    row.set(b, value);
    return value;
  };
}

/** `count` values from one to the other. */
function spaced(from: number, to: number, count: number, by: 'value' | 'log' = 'value'): number[] {
  const at = (share: number) => (by === 'log' ? from * (to / from) ** share : from + (to - from) * share);
  return Array.from({ length: count }, (_, i) => at(i / (count - 1)));
}

function pairs(values: readonly number[]): number[][] {
  return values.flatMap((a) => values.map((b) => [a, b]));
}

/** All choices of `size` values, each in their order. */
function subsets(values: readonly number[], size: number): number[][] {
  if (size === 0) return [[]];
  return values.flatMap((value, i) => subsets(values.slice(i + 1), size - 1).map((rest) => [value, ...rest]));
}
