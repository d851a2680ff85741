/** A family and its tuned twin: both curves, a panel for each metric. */
import type { NamedRun } from '../../analysis/diff/difference.js';
import type { TunedComparison, TwinCurve, TwinCurves } from '../../analysis/compare-tuned.js';
import { formatWithInterval } from '../../terminal/format.js';
import { bowText } from '../bows.js';
import { intervalText, seriesOf, verticalOf } from './compare.js';
import type { Figure } from './layout.js';
import { curvePanel } from './panels.js';

export function tunedFigure({ one, other, standard, induced, severalSeeds }: TunedComparison<NamedRun>): Figure {
  const panel = (role: string, { untuned, tuned, scores: { bow } }: TwinCurves) => {
    const bowOf = ({ scores }: TwinCurve) => formatWithInterval(scores.bow.value, scores.bow.interval, 2);
    return curvePanel({
      title: `${role}: ${untuned.title}`,
      subtitle: [
        bowText(`${bowOf(untuned)}, tuned ${bowOf(tuned)}`, untuned.points.length),
        ...(Number.isNaN(bow.difference.value)
          ? []
          : [`difference ${formatWithInterval(bow.difference.value, bow.difference.interval, 2)}`]),
      ],
      series: [untuned, tuned].map((curve, i) => seriesOf(curve, i, i === 0 ? one.label : other.label)),
      ...{ xTitle: one.words.axis, legend: true, ...verticalOf(untuned) },
    });
  };
  return {
    title: `${one.label} and its tuned twin ${other.label}`,
    notes: [`${intervalText(standard.untuned, one.words, { severalSeeds })}. Points: seeds.`],
    panels: [panel('standard', standard), panel('induced', induced)],
    columns: 2,
  };
}
