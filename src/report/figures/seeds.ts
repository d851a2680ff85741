/** Seeds as distributions: a violin and a strip of points for each scale, and beside it how many succeed and how well those do. */
import type { TopLevelSpec } from 'vega-lite';
import type { SeedDistribution, SeedScale } from '../../analysis/seed-distribution.js';
import { scaleText, trainedWords, type FamilyWords } from '../../runs/words.js';
import { seriesStyle } from '../theme.js';
import { panelSpec } from './panels.js';

/** Half the width of the widest violin, in scales. */
const halfWidth = 0.4;
const gridPoints = 60;

export function seedsFigure(
  run: string,
  { metric, scales, threshold }: SeedDistribution,
  words: FamilyWords = trainedWords,
): TopLevelSpec {
  const counts = scales.map(({ values }) => values.length);
  const [least, most] = [Math.min(...counts), Math.max(...counts)];
  const share = metric.limits[0] === 0 && metric.limits[1] === 1;
  const points = (pick: (scale: SeedScale) => { y: number; lower?: number; upper?: number }) =>
    scales.map((each) => ({ x: each.scale.parameters, ...pick(each) })).filter(({ y }) => Number.isFinite(y));
  return {
    $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
    padding: 16,
    title: {
      text: `${metric.title} of ${run}, seed by seed`,
      subtitle: [
        `${least === most ? most : `${least} to ${most}`} seeds per ${words.noun}. Points: seeds. Shapes: kernel density (Gaussian, Silverman's rule).`,
        `Dashed: success, ${metric.better === 'higher' ? 'at least' : 'at most'} ${Number(threshold.toPrecision(3))}. Bars on the right: Wilson's 95 % over seeds.`,
      ],
      anchor: 'start',
      offset: 14,
    },
    spacing: 30,
    hconcat: [
      violins(scales, { title: metric.title, threshold, words }),
      panelSpec({
        title: 'success',
        subtitle: [],
        xTitle: words.axis,
        yTitle: share ? 'share' : 'share of seeds',
        yDomain: [0, 1],
        series: [
          {
            label: 'seeds that succeed',
            line: points(({ success }) => ({ y: success.share, ...success.interval })),
          },
          ...(share
            ? [{ label: 'mean of those', line: points(({ meanGivenSuccess }) => ({ y: meanGivenSuccess })) }]
            : []),
        ],
        legend: true,
      }),
    ],
  } as unknown as TopLevelSpec;
}

interface Violins {
  readonly title: string;
  readonly threshold: number;
  readonly words: FamilyWords;
}

function violins(scales: readonly SeedScale[], { title, threshold, words }: Violins): object {
  const { color } = seriesStyle(0);
  const outline = scales.flatMap(({ values }, place) =>
    densityOf(values).map(({ value, density }) => {
      return { width: place, value, left: place - halfWidth * density, right: place + halfWidth * density };
    }),
  );
  const strip = scales.flatMap(({ values }, place) =>
    // Side by side within a tenth, in their order: the same seeds at the same place on every drawing.
    values.map((value, i) => ({ at: place + 0.12 * (((i * 0.618034) % 1) - 0.5), value })),
  );
  const names = Object.fromEntries(scales.map(({ scale }, place) => [place, scaleText(scale.width, words)]));
  const x = {
    type: 'quantitative',
    scale: { domain: [-0.6, scales.length - 0.4], nice: false },
    axis: {
      title: words.scale,
      grid: false,
      values: scales.map((_, place) => place),
      labelExpr: `(${JSON.stringify(names)})[datum.value]`,
    },
  };
  const y = { field: 'value', type: 'quantitative', scale: { zero: false }, axis: { title, tickCount: 6 } };
  return {
    width: Math.max(270, 46 * scales.length),
    height: 240,
    layer: [
      {
        data: { values: outline },
        mark: { type: 'area', orient: 'horizontal', color, opacity: 0.22 },
        encoding: {
          x: { field: 'left', ...x },
          x2: { field: 'right' },
          y,
          detail: { field: 'width', type: 'nominal' },
        },
      },
      {
        data: { values: [{ value: threshold }] },
        mark: { type: 'rule', color: '#555555', strokeDash: [4, 3] },
        encoding: { y },
      },
      {
        data: { values: strip },
        mark: { type: 'point', filled: true, color, size: 16, opacity: 0.7 },
        encoding: { x: { field: 'at', ...x }, y },
      },
    ],
  };
}

/** A Gaussian kernel density on a grid, over its own peak; a single value has none. */
export function densityOf(values: readonly number[]): { readonly value: number; readonly density: number }[] {
  const n = values.length;
  const sorted = values.toSorted((a, b) => a - b);
  const mean = values.reduce((sum, value) => sum + value, 0) / n;
  const deviation = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / Math.max(1, n - 1));
  const quartiles = (sorted[Math.floor(0.75 * (n - 1))]! - sorted[Math.floor(0.25 * (n - 1))]!) / 1.34;
  const spread = quartiles > 0 ? Math.min(deviation, quartiles) : deviation;
  if (!(spread > 0)) return [];
  const bandwidth = 0.9 * spread * n ** -0.2;
  const [low, high] = [sorted[0]! - 2 * bandwidth, sorted[n - 1]! + 2 * bandwidth];
  const grid = Array.from({ length: gridPoints }, (_, i) => low + ((high - low) * i) / (gridPoints - 1));
  const density = grid.map((at) =>
    values.reduce((sum, value) => sum + Math.exp(-0.5 * ((at - value) / bandwidth) ** 2), 0),
  );
  const peak = Math.max(...density);
  return grid.map((value, i) => ({ value, density: density[i]! / peak }));
}
