/** A coordinate check as a figure: mean |x| of every layer against the width, a panel for each parametrization. */
import { withoutSlope, type LayerSlopes } from '../../analysis/coord-check.js';
import { domainOf } from './axis.js';
import type { Figure } from './layout.js';
import { curvePanel } from './panels.js';

const titles = { standard: 'standard parametrization', mup: 'muP' } as const;

export function coordCheckFigure(title: string, layers: readonly LayerSlopes[]): Figure {
  const last = Math.max(...layers.map(({ step }) => step));
  const shown = layers.filter(({ step }) => step === last);
  const sizes = shown
    .flatMap(({ points }) => points.map(({ size }) => size))
    .filter((size) => size > 0 && size < Infinity);
  return {
    title,
    notes: [`Mean absolute output of each layer after ${last} steps; in brackets, its log-log slope.`],
    panels: (['standard', 'mup'] as const).map((name) =>
      curvePanel({
        title: titles[name],
        subtitle: [],
        ...{ xTitle: 'width', yTitle: 'mean |x|', yLog: true, legend: true, yDomain: domainOf(sizes, true) },
        series: shown
          .filter(({ parametrization }) => parametrization === name)
          .map(({ layer, size: all, points }) => ({
            label: `${layer} (${Number.isNaN(all.slope) ? withoutSlope(all) : all.slope.toFixed(2)})`,
            line: points.map(({ width, size }) => ({ x: width, y: size > 0 && size < Infinity ? size : NaN })),
          })),
      }),
    ),
    columns: 2,
  };
}
