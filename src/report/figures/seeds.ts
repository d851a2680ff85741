/** Distributions over seeds: a violin and a strip of points for each scale, and beside it how many succeed and how well. */
import { firstOf, nth, zip } from '../../machine/present.js';
import { sampleVariance } from '../../statistics/mean.js';
import type { SeedDistribution, SeedScale } from '../../analysis/seeds.js';
import { scaleText, trainedWords, type FamilyWords } from '../../runs/words.js';
import { verticalTitle, withDirection } from '../titles.js';
import { referenceStyles, seriesStyle } from './theme.js';
import { domainOf, type CurvePoint } from './axis.js';
import type { Figure, Frame, Panel } from './layout.js';
import { stroke } from './spec.js';
import { curvePanel } from './panels.js';
import { thinned } from './thinned.js';

/** Half the width of the widest violin, in units of the distance between scales. */
const halfWidth = 0.4;
const gridPoints = 60;
/** More would be thinner than their points. */
const mostViolins = 60;

export function seedsFigure(
  run: string,
  { metric, scales, threshold }: SeedDistribution,
  words: FamilyWords = trainedWords,
): Figure {
  const counts = scales.map(({ values }) => values.length);
  const [least, most] = [Math.min(...counts), Math.max(...counts)];
  const isShare = verticalTitle(metric) === 'share';
  const points = (pick: (scale: SeedScale) => Omit<CurvePoint, 'x'>) =>
    scales.map((each) => ({ x: each.scale.parameters, ...pick(each) }));
  const shown = thinned(scales, mostViolins);
  const shownText =
    shown.length < scales.length ? ` On the left: ${shown.length} of ${scales.length} ${words.scales}.` : '';
  return {
    title: `${metric.title} of ${run}, seed by seed`,
    notes: [
      `${least === most ? most : `${least} to ${most}`} seeds per ${words.noun}. Points: seeds. Shapes: kernel density (Gaussian, Silverman's rule). Dashed: success, ${metric.better === 'higher' ? 'at least' : 'at most'} ${Number(threshold.toPrecision(3))}. Bars: Wilson's 95 % over seeds.${shownText}`,
    ],
    panels: [
      violins(shown, { title: withDirection(metric.title, metric), threshold, words }),
      curvePanel({
        ...{ title: 'success', subtitle: [], xTitle: words.axis, yDomain: [0, 1], legend: true },
        yTitle: isShare ? 'share' : 'share of seeds',
        series: [
          {
            ...{ label: 'seeds that succeed', spread: 'bars', isUnjoined: true },
            line: points(({ success }) => ({ y: success.share, ...success.interval })),
          },
          ...(isShare
            ? [{ label: 'mean of those', line: points(({ meanGivenSuccess }) => ({ y: meanGivenSuccess })) }]
            : []),
        ],
      }),
    ],
  };
}

interface Violins {
  readonly title: string;
  readonly threshold: number;
  readonly words: FamilyWords;
}

function violins(scales: readonly SeedScale[], { title, threshold, words }: Violins): Panel {
  const outline = scales.map(({ values }, place) =>
    densityOf(values).map(({ value, density }) => {
      return { value, left: place - halfWidth * density, right: place + halfWidth * density };
    }),
  );
  const strip = scales.flatMap(({ values }, place) =>
    // Spread sideways by index, so that the same seeds are at the same position in every drawing.
    values.map((value, i) => ({ at: place + 0.12 * (((i * 0.618034) % 1) - 0.5), value })),
  );
  const drawn = [...outline.flat(), ...strip].map(({ value }) => value);
  return {
    ...{ title: 'seeds', notes: [] },
    x: {
      ...{ title: words.scale, domain: [-0.6, scales.length - 0.4], grid: false },
      ticks: scales.map(({ scale }, at) => ({ at, text: scaleText(scale.width, words) })),
    },
    y: { title, domain: domainOf([...drawn, threshold], false) },
    layers: (frame) => violinLayers(outline, strip, threshold, frame),
  };
}

function violinLayers(
  outline: readonly (readonly { readonly value: number; readonly left: number; readonly right: number }[])[],
  strip: readonly { readonly at: number; readonly value: number }[],
  threshold: number,
  { unit, x, y }: Frame,
): object[] {
  const { color } = seriesStyle(0);
  const value = { field: 'value', ...y };
  return [
    ...outline.map((values) => ({
      data: { values },
      mark: { type: 'area', orient: 'horizontal', color, opacity: 0.22 },
      encoding: { x: { field: 'left', ...x }, x2: { field: 'right' }, y: value },
    })),
    {
      data: { values: [{ value: threshold }] },
      mark: { type: 'rule', ...stroke(referenceStyles.limit, unit), strokeWidth: unit },
      encoding: { y: value },
    },
    {
      data: { values: strip },
      mark: { type: 'point', filled: true, color, size: 13 * unit ** 2, opacity: 0.7 },
      encoding: { x: { field: 'at', ...x }, y: value },
    },
  ];
}

/** A Gaussian kernel density on a grid, divided by its peak; a single value has none. */
function densityOf(values: readonly number[]): { readonly value: number; readonly density: number }[] {
  const n = values.length;
  const sorted = values.toSorted((a, b) => a - b);
  const deviation = Math.sqrt(sampleVariance(values));
  const quartiles = (nth(sorted, Math.floor(0.75 * (n - 1))) - nth(sorted, Math.floor(0.25 * (n - 1)))) / 1.34;
  const spread = quartiles > 0 ? Math.min(deviation, quartiles) : deviation;
  if (!(spread > 0)) return [];
  const bandwidth = 0.9 * spread * n ** -0.2;
  // No further than the values: beyond them, a share would leave 0 to 1.
  const [low, high] = [firstOf(sorted), nth(sorted, n - 1)];
  const grid = Array.from({ length: gridPoints }, (_, i) => low + ((high - low) * i) / (gridPoints - 1));
  const density = grid.map((at) =>
    values.reduce((sum, value) => sum + Math.exp(-0.5 * ((at - value) / bandwidth) ** 2), 0),
  );
  const peak = Math.max(...density);
  return zip(grid, density).map(([value, each]) => ({ value, density: each / peak }));
}
