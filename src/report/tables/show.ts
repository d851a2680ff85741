/** A run's curves for a terminal: a plot for each unit, followed by the scores. */
import { rangeOf } from '../../analysis/scales.js';
import { group } from 'd3-array';
import type { SampledCurve, ScoreWithInterval } from '../../analysis/curves.js';
import type { ScoreName } from '../../analysis/scores.js';
import { unscoredLines } from '../../analysis/unscored.js';
import { firstOf, nth } from '../../machine/present.js';
import { scaleText, type FamilyWords } from '../../runs/words.js';
import { condensed, counted, formatNumber, formatWithInterval } from '../../terminal/format.js';
import { shownScores, verticalTitle } from '../titles.js';
import { arrows, drawPlot, hasRoomForIntervals, type Plot, type PlotSeries } from '../figures/terminal-plot.js';
import { haveLogarithms } from '../../analysis/scales.js';
import type { Sampling } from './sampling.js';
import { textTable } from './text-table.js';

export interface ShownCurve {
  readonly curve: SampledCurve;
  /** How the metric was chosen on these outcomes; omitted if it was not. */
  readonly rule?: string | undefined;
  readonly scores: Readonly<Record<ScoreName, ScoreWithInterval>>;
}

export interface ShowOptions extends Pick<Plot, 'xScale' | 'width' | 'characters' | 'colour'> {
  readonly words: FamilyWords;
  /** Height of one plot, in cells. */
  readonly height: number;
}

/** Groups curves that share a vertical axis, in the order given. */
export function panelsOf<T extends { readonly metric: Pick<SampledCurve['metric'], 'unit' | 'name'> }>(
  curves: readonly T[],
): T[][] {
  // A metric without a unit is comparable only with itself.
  return [...group(curves, ({ metric: { unit, name } }) => (unit === '' ? `of ${name}` : unit)).values()];
}

/** Plots and scores, without a line break at the end; at least one curve, all of the same members. */
export function showText(shown: readonly ShownCurve[], asked: ShowOptions, sampling: Sampling): string {
  const places = shown.flatMap(({ curve }) => curve.scales.map(({ parameters }) => parameters));
  const options: ShowOptions = { ...asked, xScale: haveLogarithms(places) ? asked.xScale : 'linear' };
  const plots = panelsOf(shown.map(({ curve }) => curve)).map((curves) => panelText(curves, options));
  return [...plots, scoresTable(shown, options, sampling)].join('\n\n');
}

function panelText(curves: readonly SampledCurve[], { words, ...look }: ShowOptions): string {
  const plot: Plot = {
    ...look,
    series: curves.map((curve) => seriesOf(curve)),
    xTitle: `${words.axis}${look.xScale === 'log' ? ', logarithmic' : ''}`,
    yTitle: verticalTitle(firstOf(curves).metric),
    // Widths are few and deliberately chosen: more informative as ticks than round numbers.
    xTicks:
      words.scale === 'width' && words.isCoordinate ? firstOf(curves).scales.map(({ width }) => width) : undefined,
  };
  const drawn = curves.some(({ values }) => values.some((value) => !Number.isNaN(value)))
    ? [drawPlot(plot), ...(hasRoomForIntervals(plot) ? [] : ['Too narrow for intervals.'])]
    : [`Nothing to draw for ${curves.map(({ metric }) => metric.title).join(' and ')}.`];
  return [...drawn, ...curves.flatMap((curve) => notFiniteLines(curve, look.characters, words))].join('\n');
}

/** Says where a curve has no point, or one at the edge, and why. */
function notFiniteLines(
  { metric: { title, notFinite = 'a test example has no finite value' }, scales, values }: SampledCurve,
  characters: Plot['characters'],
  words: FamilyWords,
): string[] {
  const widthsWith = (isSo: (value: number) => boolean) =>
    scales.flatMap(({ width }, i) => (isSo(nth(values, i)) ? scaleText(width, words) : []));
  const [none, infinite] = [widthsWith(Number.isNaN), widthsWith((value) => Math.abs(value) === Infinity)];
  const { up, down } = arrows[characters];
  const used = [...(values.includes(Infinity) ? [up] : []), ...(values.includes(-Infinity) ? [down] : [])].join(' or ');
  return [
    ...(none.length > 0 ? [`${title} has no value at ${words.scale} ${condensed(none)}: ${notFinite}.`] : []),
    ...(infinite.length > 0
      ? [`${used}: ${title} is infinite at ${words.scale} ${condensed(infinite)}: ${notFinite}.`]
      : []),
  ];
}

function seriesOf(curve: SampledCurve): PlotSeries {
  const intervals = curve.intervals();
  const points = curve.scales.map((scale, i) => {
    return { x: scale.parameters, y: nth(curve.values, i), ...nth(intervals, i) };
  });
  return { label: curve.metric.title, points };
}

/** A line per score and a column per curve, two of which fit 80 columns; many curves get a line each. */
const mostColumns = 3;

function scoresTable(shown: readonly ShownCurve[], options: ShowOptions, sampling: Sampling): string {
  const titles = shown.map(({ curve }) => curve.metric.title);
  const ranges = shown.map(({ curve: { values } }) => formatNumber(rangeOf(values)));
  const { length: scales } = firstOf(shown).curve.scales;
  const range = shown.every(({ curve }) => curve.scales.length === scales)
    ? `range over ${counted(scales, 'scale')}`
    : 'range';
  const scoreOf = ({ scores }: ShownCurve, name: ScoreName) =>
    formatWithInterval(scores[name].value, scores[name].interval);
  const lines =
    shown.length > mostColumns
      ? shown.map((each, i) => [nth(titles, i), nth(ranges, i), ...shownScores.map(({ name }) => scoreOf(each, name))])
      : [
          [range, ...ranges],
          ...shownScores.map(({ name, title }) => [title, ...shown.map((each) => scoreOf(each, name))]),
        ];
  const heading =
    shown.length > mostColumns ? ['curve', range, ...shownScores.map(({ title }) => title)] : ['score', ...titles];
  const severalSeeds = firstOf(shown).curve.scales.some(({ members }) => members.length > 1);
  return [
    textTable(heading, lines, [firstOf(heading)]),
    ...(severalSeeds
      ? [
          "Bars: 95 % intervals of the mean, Student's t over seeds and test examples.",
          'In brackets: 95 % intervals over test examples and seeds; none if all draws agree.',
        ]
      : ['Bars and brackets: 95 % intervals over test examples alone (one seed); none if all draws agree.']),
    `Test examples: ${sampling.text}.`,
    ...(sampling.note === undefined ? [] : [sampling.note]),
    'A straight ramp has Eq 1 / ramp = 1. Bow: how far a parabola in the logarithm of',
    `the ${options.words.axis} sags below its ends, over the range.`,
    ...chosenLines(shown),
    ...unscoredLines(
      shown.map(({ curve: { metric, values, scales } }) => {
        return { ...metric, values, smallest: firstOf(scales).parameters };
      }),
    ),
  ].join('\n');
}

/** Which metrics were chosen on these outcomes, and how. */
function chosenLines(shown: readonly ShownCurve[]): string[] {
  return shown.flatMap(({ curve: { metric }, rule }) =>
    rule === undefined ? [] : [`${metric.title}: chosen on these outcomes (${rule}), and again in each draw.`],
  );
}
