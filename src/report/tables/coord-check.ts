/** A coordinate check as a table: each layer's slope under both parametrizations. */
import { greatest } from 'd3-array';
import {
  flatSlope,
  withoutSlope,
  type Flatness,
  type LayerSlopes,
  type WidthSlope,
} from '../../analysis/coord-check.js';
import { firstOf, lastOf } from '../../machine/present.js';
import { counted, formatNumber } from '../../terminal/format.js';
import { textTable } from './text-table.js';

export function coordCheckTable(layers: readonly LayerSlopes[]): string {
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
        ...each.flatMap(({ points, size, change }) => [
          slopeText(size),
          `${formatNumber(firstOf(points).size, 2)} to ${formatNumber(lastOf(points).size, 2)}`,
          slopeText(change),
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
  const hasIntervals = layers.some(({ size }) => size.interval !== undefined);
  return [
    textTable(heading, rows, ['layer']),
    `Slope of log mean |x| against log width, ${hasIntervals ? 'as a mean over seeds [95 %]' : 'for one seed'}: 0 is flat; mean |x| from the smallest to the largest width. Change: the same slope for how much x has changed since the start of training.`,
    `Flat: the whole interval is within ${flatSlope} of 0. Not flat: all of it is outside, or training diverged. Undetermined: neither${hasIntervals ? '' : ', as with one seed'}; more --seeds narrow the intervals.`,
    ...(['standard', 'mup'] as const).map((name) => verdict(name, layers)),
    ...(layers.some(({ size, change }) => isZero(size) || isZero(change)) ? [zeroNote] : []),
    ...(layers.some(isFallingScore) ? [scoresNote] : []),
  ].join('\n');
}

/** Derived in docs/fair-widths.md. */
const scoresNote =
  'Under muP, attention scores have one part that does not depend on the width (what keys have in common) and one that falls as 1 / sqrt(width) (their random overlaps): theory predicts a slope between -0.5 and 0, near 0 only for wide heads.';

const zeroNote =
  'Zero: there is no slope, because all values are 0. Under muP output weights start at 0, so the first step moves only the output.';

function isZero(slope: WidthSlope): boolean {
  return Number.isNaN(slope.slope) && withoutSlope(slope) === 'zero';
}

function isFallingScore({ parametrization, layer, size, change }: LayerSlopes): boolean {
  return parametrization === 'mup' && layer.endsWith('.scores') && Math.min(size.slope, change.slope) < -flatSlope;
}

function slopeText({ slope, interval, verdict }: WidthSlope): string {
  if (Number.isNaN(slope)) return withoutSlope({ verdict });
  return `${slope.toFixed(3)}${interval === undefined ? '' : ` [${interval.lower.toFixed(2)}, ${interval.upper.toFixed(2)}]`}`;
}

function verdict(name: LayerSlopes['parametrization'], layers: readonly LayerSlopes[]): string {
  const own = layers.filter(({ parametrization }) => parametrization === name);
  const of = (what: 'size' | 'change') => flatText(own.map((each) => ({ layer: each.layer, ...each[what] })));
  return `${name}: by mean |x|, ${of('size')}; by change, ${of('change')}.`;
}

/** `2 of 4 layers flat, 1 not (steepest: head, 0.526), 1 undetermined`. */
function flatText(slopes: readonly (WidthSlope & { readonly layer: string })[]): string {
  const having = (verdict: Flatness) => slopes.filter((each) => each.verdict === verdict);
  const [flat, steep, open] = [having('flat'), having('not flat'), having('undetermined')];
  if (flat.length === slopes.length) return 'all layers flat';
  const steepest = greatest(steep, ({ slope }) => (Number.isNaN(slope) ? Infinity : Math.abs(slope)));
  return [
    `${flat.length} of ${counted(slopes.length, 'layer')} flat`,
    ...(steepest === undefined
      ? []
      : [`${steep.length} not (steepest: ${steepest.layer}, ${slopeText({ ...steepest, interval: undefined })})`]),
    ...(open.length === 0 ? [] : [`${open.length} undetermined`]),
  ].join(', ');
}
