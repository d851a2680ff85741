/** Two runs against each other: their curves, and the difference with its intervals. */
import { alpha, type FamilyDifference, type SideValue } from '../../analysis/diff/difference.js';
import { nth } from '../../machine/present.js';
import type { Figure } from './layout.js';
import { curvePanel } from './panels.js';
import { referenceStyles } from './theme.js';

export function diffFigure(found: FamilyDifference): Figure {
  const { metric, one, other, scales } = found;
  const x = scales.map((scale) => scale.one.parameters);
  const ends = [Math.min(...x), Math.max(...x)];
  const valuesOf = (pick: (scale: (typeof scales)[0]) => SideValue) =>
    scales.map((scale, i) => ({ x: nth(x, i), y: pick(scale).value }));
  const yTitle = metric.unit === '' ? metric.title : metric.unit;
  const isFound = scales.some(({ adjusted }) => adjusted <= alpha);
  const line = scales.map(({ difference, interval }, i) => ({ x: nth(x, i), y: difference, ...interval }));
  return {
    title: `${metric.title}: ${other.label} against ${one.label}`,
    notes: [
      `Bars: 95 %, paired by test example, not adjusted. ${isFound ? `Diamonds: p of at most ${alpha}, adjusted over ${one.words.scales} (Holm).` : `No p is ${alpha} or less, adjusted over ${one.words.scales} (Holm).`}`,
    ],
    panels: [
      curvePanel({
        ...{ title: metric.title, subtitle: [], xTitle: one.words.axis, yTitle, legend: true },
        series: [
          { label: one.label, line: valuesOf((scale) => scale.one) },
          { label: other.label, line: valuesOf((scale) => scale.other) },
        ],
      }),
      curvePanel({
        ...{
          title: 'difference',
          subtitle: [],
          xTitle: one.words.axis,
          yTitle: `${yTitle}, ${other.label} less ${one.label}`,
        },
        legend: isFound,
        series: [
          { label: 'none', style: referenceStyles.limit, line: ends.map((at) => ({ x: at, y: 0 })), points: [] },
          {
            label: 'difference',
            style: 0,
            line,
            points: line.filter((_, i) => !(nth(scales, i).adjusted <= alpha)),
            spread: 'bars',
          },
          ...(isFound
            ? [
                {
                  label: `adjusted p at most ${alpha}`,
                  style: 3,
                  line: [],
                  points: line.filter((_, i) => nth(scales, i).adjusted <= alpha),
                },
              ]
            : []),
        ],
      }),
    ],
    columns: 2,
  };
}
