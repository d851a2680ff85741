/** Heat map cells: the value of a metric or score at each point of two axes. */
import { nth } from '../../machine/present.js';
import type { Frame } from './layout.js';
import { greys } from './theme.js';

export interface HeatCell {
  readonly x0: number;
  readonly x1: number;
  readonly y0: number;
  readonly y1: number;
  /** If not finite, the cell is white. */
  readonly value: number;
}

/** Readable for the colour-blind, and in greyscale. */
export const scheme = 'viridis';

/** Bounds of the cells around ascending values, half-way between neighbours on the axis's own scale. */
export function bounds(values: readonly number[], log: boolean): [low: number, high: number][] {
  const place = values.map((value) => (log ? Math.log(value) : value));
  const back = (value: number) => (log ? Math.exp(value) : value);
  const n = place.length;
  const alone = log ? 0.5 : 1;
  return place.map((at, i) => {
    const before = i > 0 ? (at - nth(place, i - 1)) / 2 : n > 1 ? (nth(place, 1) - at) / 2 : alone;
    const after = i < n - 1 ? (nth(place, i + 1) - at) / 2 : n > 1 ? (at - nth(place, n - 2)) / 2 : alone;
    return [back(at - before), back(at + after)];
  });
}

/**
 * Row by row from the bottom, each from the left. A cell extends under the next one and under the row above, which are drawn after it,
 * so that there are no seams.
 *
 * @param x bounds of the columns
 * @param y bounds of the rows
 */
export function heatCells(
  x: readonly (readonly [number, number])[],
  y: readonly (readonly [number, number])[],
  valueAt: (column: number, row: number) => number,
): HeatCell[] {
  return y.flatMap(([y0, high], row) =>
    x.map(([x0, right], column) => {
      const [x1, y1] = [x[column + 1]?.[1] ?? right, y[row + 1]?.[1] ?? high];
      return { x0, x1, y0, y1, value: valueAt(column, row) };
    }),
  );
}

export function heatLayer(cells: readonly HeatCell[], { x, y, color }: Frame): object {
  return {
    data: { values: cells.filter(({ value }) => Number.isFinite(value)) },
    mark: { type: 'rect', clip: true, strokeWidth: 0 },
    encoding: {
      ...{ x: { field: 'x0', ...x }, x2: { field: 'x1' } },
      ...{ y: { field: 'y0', ...y }, y2: { field: 'y1' } },
      color: { field: 'value', ...color },
    },
  };
}

type Edge = Omit<HeatCell, 'value'>;

/** The edges between neighbouring cells of which one value is above 0 and the other at most 0; none beside a cell without a value. */
export function signChanges(
  x: readonly (readonly [number, number])[],
  y: readonly (readonly [number, number])[],
  valueAt: (column: number, row: number) => number,
): Edge[] {
  const differ = (one: number, other: number) =>
    Number.isFinite(one) && Number.isFinite(other) && one > 0 !== other > 0;
  return y.flatMap(([y0, y1], row) =>
    x.flatMap(([x0, x1], column) => {
      const own = valueAt(column, row);
      const isRightOther = column + 1 < x.length && differ(own, valueAt(column + 1, row));
      const isAboveOther = row + 1 < y.length && differ(own, valueAt(column, row + 1));
      return [...(isRightOther ? [{ x0: x1, x1, y0, y1 }] : []), ...(isAboveOther ? [{ x0, x1, y0: y1, y1 }] : [])];
    }),
  );
}

/** With a rim, so that they are visible on light and dark cells alike. */
export function contourLayers(edges: readonly Edge[], { unit, x, y }: Frame): object[] {
  if (edges.length === 0) return [];
  return [
    { color: 'white', strokeWidth: 3.4 * unit },
    { color: greys.total.color, strokeWidth: 1.6 * unit },
  ].map((look) => ({
    data: { values: edges },
    mark: { type: 'rule', strokeCap: 'square', ...look },
    encoding: { x: { field: 'x0', ...x }, x2: { field: 'x1' }, y: { field: 'y0', ...y }, y2: { field: 'y1' } },
  }));
}
