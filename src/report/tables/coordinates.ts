/** A coordinate check as a table: each layer's slope under both parametrizations. */
import { flatSlope, type LayerSlopes } from '../../analysis/coordinates.js';
import { firstOf, lastOf } from '../../machine/present.js';
import { formatNumber } from '../../terminal/format.js';
import type { Interval } from '../../statistics/intervals.js';
import { textTable } from './text-table.js';

export function coordinateTable(layers: readonly LayerSlopes[]): string {
  const steps = new Set(layers.map(({ step }) => step));
  const rows = layers
    .filter(({ parametrization }) => parametrization === 'standard')
    .map((standard) => {
      const mup = layers.find(
        ({ parametrization, layer, step }) =>
          parametrization === 'mup' && layer === standard.layer && step === standard.step,
      );
      const each = [standard, ...(mup === undefined ? [] : [mup])];
      return [
        standard.layer,
        ...(steps.size > 1 ? [String(standard.step)] : []),
        ...each.flatMap(({ points, slope, slopeOfChange, interval }) => [
          slopeText(slope),
          `${formatNumber(firstOf(points).size, 2)} to ${formatNumber(lastOf(points).size, 2)}`,
          slopeText(slopeOfChange, interval),
        ]),
      ];
    });
  const heading = [
    'layer',
    ...(steps.size > 1 ? ['step'] : []),
    'standard',
    'mean |x|',
    'of change',
    'mup',
    'mean |x|',
    'of change',
  ];
  return [
    textTable(heading, rows, ['layer']),
    `Slope of log mean |x| against log width: 0 is flat, within ${flatSlope} counts as flat; mean |x| from the smallest to the largest width. Of change: the same slope for the change of x since the start of training${layers.some(({ interval }) => interval !== undefined) ? '; in brackets: 95 % over seeds' : ''}.`,
    ...(['standard', 'mup'] as const).map((name) => verdict(name, layers)),
  ].join('\n');
}

function slopeText(slope: number, interval?: Interval): string {
  if (Number.isNaN(slope)) return 'diverged';
  const known = interval !== undefined && Number.isFinite(interval.lower);
  return `${slope.toFixed(3)}${known ? ` [${interval.lower.toFixed(2)}, ${interval.upper.toFixed(2)}]` : ''}`;
}

function verdict(name: LayerSlopes['parametrization'], layers: readonly LayerSlopes[]): string {
  const own = layers.filter(({ parametrization }) => parametrization === name);
  const bySize = own.map(({ layer, slope }) => ({ layer, slope }));
  const byChange = own.map(({ layer, slopeOfChange }) => ({ layer, slope: slopeOfChange }));
  return `${name}: ${flatText(bySize)} by mean |x|; ${flatText(byChange)} by change.`;
}

function flatText(slopes: readonly { readonly layer: string; readonly slope: number }[]): string {
  const steep = slopes.filter(({ slope }) => !(Math.abs(slope) <= flatSlope));
  if (steep.length === 0) return 'all layers are flat';
  const steepest = firstOf(steep.toSorted((a, b) => distance(b.slope) - distance(a.slope)));
  const flat = slopes.length - steep.length;
  return `${flat} of ${slopes.length} layers are flat (steepest: ${steepest.layer}, ${slopeText(steepest.slope)})`;
}

const distance = (slope: number) => (Number.isNaN(slope) ? Infinity : Math.abs(slope));
