/** Figures of forecasts: as scored, and in hindsight. */
import { greatest, least } from 'd3-array';
import {
  centralInterval,
  coverages,
  medianOf,
  type MethodScore,
  type MetricScore,
  type ScoredTarget,
} from '../../analysis/forecast/scoring.js';
import { tolerance, type MethodStudy, type MetricStudy } from '../../analysis/forecast/study.js';
import { firstOf, lastOf, nth } from '../../machine/present.js';
import { trainedWords, type FamilyWords } from '../../runs/words.js';
import { mean } from '../../statistics/mean.js';
import { condensed, formatNumber } from '../../terminal/format.js';
import { verticalTitle } from '../titles.js';
import { referenceStyles } from './theme.js';
import { domainOf, type CurvePoint, type Domain } from './axis.js';
import type { Figure, Panel } from './layout.js';
import { curvePanel, type CurvePanel, levelLine } from './panels.js';

/** Methods usually shown in a figure, if they gave a forecast: a baseline, a direct fit, both indirect ones. */
const usual = ['power-law', 'average', 'pass-rate', 'per-example'];

type Ranked = Pick<MethodScore, 'method' | 'skill'> & Partial<Pick<MethodStudy, 'cells'>>;

/**
 * The usual methods of a metric; where another has the best skill, it takes the place of the usual one with the worst. In a study a
 * method may predict only some cases, near the end: one that predicts less than half of what another does is not called best.
 */
function picturedOf<Method extends Ranked>(methods: readonly Method[]): Method[] {
  const those = usual.flatMap((name) => methods.filter(({ method }) => method === name));
  const most = Math.max(...methods.map(({ cells = 1 }) => cells));
  const rivals = methods.filter(({ cells = 1 }) => 2 * cells >= most);
  const best = least(rivals, ({ skill }) => skill);
  if (best === undefined || those.includes(best)) return those;
  const worst = greatest(those, ({ skill }) => skill);
  return [...those.filter((each) => each !== worst), best];
}

/** Methods that are only in the table. */
function leftOut(metrics: readonly { readonly methods: readonly Ranked[] }[]): string[] {
  const names = (some: readonly Ranked[]) => some.map(({ method }) => method);
  const drawn = new Set(metrics.flatMap(({ methods }) => names(picturedOf(methods))));
  const others = [...new Set(metrics.flatMap(({ methods }) => names(methods)))].filter((name) => !drawn.has(name));
  return others.length === 0 ? [] : [`Only in the table: ${condensed(others)}.`];
}

/** A panel for each metric and each of four methods: known values, the fan, and what was measured later. */
export function scoreFigure(
  about: { readonly name: string; readonly run: string; readonly sealed: string },
  scores: readonly MetricScore[],
  words: FamilyWords = trainedWords,
): Figure {
  const byMetric = scores.map((score) => {
    const methods = picturedOf(score.methods);
    const yDomain = domainOfScore(score, methods);
    return methods.map((method) => scorePanel(score, method, { words, yDomain }));
  });
  const panels = byMetric.flat();
  return {
    title: `${about.name}: forecast and outcome`,
    notes: [
      `${about.run}, sealed ${about.sealed}. Fan: median with 50, 80 and 95 % intervals of a member. Points: ${words.isImported ? 'models' : 'seeds'}.`,
      ...(panels.some(hasOpenFan) ? ['Open triangles: the fan goes on beyond the axis.'] : []),
      ...leftOut(scores),
    ],
    panels: withSharedLegend(panels),
    // If possible, metrics do not share a row.
    columns: byMetric.every((own) => own.length % 2 === 0) ? 2 : 3,
  };
}

function hasOpenFan({ series, yDomain: [bottom, top] = [-Infinity, Infinity] }: CurvePanel): boolean {
  const points = series.flatMap(({ bands = [] }) => bands.flat());
  return points.some(({ lower = bottom, upper = top }) => lower < bottom || upper > top);
}

/** One legend, of the last panel, if it has the series of all; else each panel has its own. */
function withSharedLegend(panels: readonly CurvePanel[]): Panel[] {
  const last = new Set(panels.at(-1)?.series.map(({ label }) => label));
  const isShared = panels.every(({ series }) => series.every(({ label }) => last.has(label)));
  return panels.map((panel, i) => curvePanel({ ...panel, legend: !isShared || i === panels.length - 1 }));
}

function scorePanel(
  { metric, known, targets }: MetricScore,
  method: MethodScore,
  { words, yDomain }: { readonly words: FamilyWords; readonly yDomain: Domain },
): CurvePanel {
  const last = lastOf(known);
  const origin = { x: last.parameters, y: mean(last.values) };
  return {
    title: metric.title,
    subtitle: [
      method.method,
      `CRPS ${formatNumber(method.crps)}, skill ${formatNumber(method.skill, 2)}, ${nth(method.covered, 1)}/${method.members} in 80 %`,
    ],
    series: [
      { label: 'forecast', style: 2, ...fanOf(origin, targets, method) },
      {
        label: 'known before',
        style: 0,
        line: known.map(({ parameters, values }) => ({ x: parameters, y: mean(values) })),
        points: known.flatMap(({ parameters, values }) => values.map((y) => ({ x: parameters, y }))),
      },
      {
        label: words.isImported ? 'imported after' : 'trained after',
        style: 1,
        line: [origin, ...targets.map(({ parameters, truths }) => ({ x: parameters, y: mean(truths) }))],
        points: targets.flatMap(({ parameters, truths }) => truths.map((y) => ({ x: parameters, y }))),
      },
    ],
    xTitle: words.axis,
    yTitle: axisTitle(metric),
    yDomain,
  };
}

function axisTitle(metric: MetricScore['metric']): string {
  const { title, unit } = metric;
  return verticalTitle(unit === 'probability' || unit === '' ? metric : { ...metric, unit: `${title} (${unit})` });
}

/** The same domain for all panels of a metric, so that its methods can be compared. */
function domainOfScore({ metric, known, targets }: MetricScore, methods: readonly MethodScore[]): Domain {
  const values = [...known.flatMap((each) => each.values), ...targets.flatMap(({ truths }) => truths)];
  const ends = methods.flatMap((method) =>
    method.targets.flatMap(({ quantiles }) => {
      const { lower, upper } = centralInterval(quantiles, 0.8);
      return [lower, upper];
    }),
  );
  return metric.unit === 'probability' ? shareDomain(values, ends) : valueDomain(values, ends);
}

/** Covers known and measured values, and the 80 % intervals, which are unbounded: extended by at most the same again. */
function valueDomain(values: readonly number[], ends: readonly number[]): Domain {
  const [least, most] = [Math.min(...values), Math.max(...values)];
  const range = most - least;
  return domainOf([...values, ...ends.map((end) => Math.min(Math.max(end, least - range), most + range))], false);
}

/**
 * From 0 to a little above the known and measured values, or to 1 if they exceed two fifths. If all of them and the 80 % intervals are
 * above a half, it starts there: near 1 a fan would look like a line.
 */
function shareDomain(values: readonly number[], ends: readonly number[]): Domain {
  const most = Math.max(...values);
  const least = Math.min(...values, ...ends);
  if (least > 0.5) return [Math.floor(10 * least) / 10, 1];
  return [0, most > 0.4 || most <= 0 ? 1 : 2.5 * most];
}

function fanOf(origin: CurvePoint, targets: readonly ScoredTarget[], { targets: forecasts }: MethodScore) {
  const start = { ...origin, lower: origin.y, upper: origin.y };
  return {
    line: [
      origin,
      ...targets.map(({ parameters }, t) => ({ x: parameters, y: medianOf(nth(forecasts, t).quantiles) })),
    ],
    points: [],
    bands: [...coverages].reverse().map((coverage) => [
      start,
      ...targets.map(({ parameters }, t) => {
        const { quantiles } = nth(forecasts, t);
        return { x: parameters, y: medianOf(quantiles), ...centralInterval(quantiles, coverage) };
      }),
    ]),
  };
}

/** A panel for each metric: the error of the forecast of the widest member from each set of smaller ones; the curve itself in the background. */
export function studyFigure(run: string, studies: readonly MetricStudy[], words: FamilyWords = trainedWords): Figure {
  const largest = words.isCoordinate ? 'largest' : 'widest';
  const size = words.isCoordinate ? words.axis : 'parameters';
  const names = [
    ...new Set([...usual, ...studies.flatMap(({ methods }) => picturedOf(methods).map(({ method }) => method))]),
  ];
  return {
    title: `${run}: from how far below can the ${largest} be predicted?`,
    notes: [
      `Error of the median forecast of the ${words.isCoordinate ? 'largest scale' : 'largest width'}, as a share of the curve's range, against the ${size} of the largest known scale; below ${tolerance} it counts as predicted. Points at the top: off by more than the whole range. The curve itself is drawn relative to its range.`,
      ...leftOut(studies),
    ],
    panels: withSharedLegend(studies.map((study) => studyPanel(study, size, names))),
  };
}

/** Of the usual methods; others have the styles after these. */
const studyStyles = [3, 1, 0, 2];

/** @param names of the methods of all panels: each has the same style in every panel */
function studyPanel(
  { metric, cells, methods, parameters, values, range }: MetricStudy,
  size: string,
  names: readonly string[],
): CurvePanel {
  const target = values.length - 1;
  const least = Math.min(...values);
  const ends = (name: string): CurvePoint[] =>
    cells
      .filter((cell) => cell.method === name && cell.target === target)
      .map(({ known, error }) => ({ x: nth(parameters, known - 1), y: Math.min(1, Math.abs(error) / range) }));
  return {
    title: metric.title,
    subtitle: [],
    // The background comes first.
    series: [
      {
        label: 'the curve',
        style: referenceStyles.curve,
        line: values.map((value, i) => ({ x: nth(parameters, i), y: (value - least) / range })),
        points: [],
      },
      levelLine(`${tolerance} of the range`, tolerance, [firstOf(parameters), lastOf(parameters)]),
      ...picturedOf(methods).flatMap(({ method: label }) => {
        const place = names.indexOf(label);
        return ends(label).length === 0 ? [] : [{ label, style: studyStyles[place] ?? place, line: ends(label) }];
      }),
    ],
    xTitle: `${size} of the largest known`,
    yTitle: 'error / range',
    yDomain: [-0.02, 1.02],
  };
}
