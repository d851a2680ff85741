/** Forecasts as pictures: as scored, and in hindsight. */
import {
  centralInterval,
  coverages,
  medianOf,
  type MethodScore,
  type MetricScore,
  type ScoredTarget,
} from '../../analysis/forecast/scoring.js';
import { tolerance, type MetricStudy } from '../../analysis/forecast/study.js';
import { nth } from '../../machine/present.js';
import { trainedWords, type FamilyWords } from '../../runs/words.js';
import { mean } from '../../statistics/mean.js';
import { condensed, formatNumber } from '../../terminal/format.js';
import { referenceStyles } from './theme.js';
import { domainOf, type CurvePoint, type Domain } from './axis.js';
import type { Figure } from './layout.js';
import { curvePanel, type CurvePanel } from './panels.js';

/** Methods that a picture shows, where they could say something: a baseline, a direct fit, both detours. */
const pictured = ['power-law', 'average', 'pass-rate', 'per-example'];

/** Which methods are in the table alone. */
function leftOut(methods: readonly { readonly method: string }[]): string[] {
  const others = [...new Set(methods.map(({ method }) => method))].filter((method) => !pictured.includes(method));
  return others.length === 0 ? [] : [`Only in the table: ${condensed(others)}.`];
}

/** A panel for each metric and each of four methods: what was known, the fan, what was measured later. */
export function scoreFigure(
  about: { readonly name: string; readonly run: string; readonly sealed: string },
  scores: readonly MetricScore[],
  words: FamilyWords = trainedWords,
): Figure {
  const panels = scores.flatMap((score) =>
    pictured.flatMap((name) => {
      const method = score.methods.find((each) => each.method === name);
      return method === undefined ? [] : [scorePanel(score, method, words)];
    }),
  );
  return {
    title: `${about.name}: forecast and outcome`,
    notes: [
      `${about.run}, sealed ${about.sealed}. Fan: median with 50, 80 and 95 % intervals of a member. Points: ${words.isImported ? 'models' : 'seeds'}.`,
      ...leftOut(scores.flatMap(({ methods }) => methods)),
    ],
    panels: panels.map((panel, i) => curvePanel({ ...panel, legend: i === panels.length - 1 })),
    columns: 4,
  };
}

function scorePanel({ metric, known, targets }: MetricScore, method: MethodScore, words: FamilyWords): CurvePanel {
  const isShare = metric.unit === 'probability';
  const last = nth(known, -1);
  const origin = { x: last.parameters, y: mean(last.values) };
  return {
    title: method.method,
    subtitle: [
      metric.title,
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
    yTitle: isShare ? 'share' : metric.title,
    yDomain: isShare ? shareDomain(known, targets) : valueDomain(known, targets, method),
  };
}

/** What is known and was measured, and the 80 % intervals; 95 % may reach anywhere. */
function valueDomain(
  known: MetricScore['known'],
  targets: readonly ScoredTarget[],
  { targets: forecasts }: MethodScore,
): Domain {
  const ranges = forecasts.map(({ quantiles }) => centralInterval(quantiles, 0.8));
  return domainOf(
    [
      ...known.flatMap(({ values }) => values),
      ...targets.flatMap(({ truths }) => truths),
      ...ranges.flatMap(({ lower, upper }) => [lower, upper]),
    ],
    false,
  );
}

/** From 0 to a little above what is known and was measured; all of 0 to 1 where that is more than half of it. */
function shareDomain(known: MetricScore['known'], targets: readonly ScoredTarget[]): Domain {
  const most = Math.max(...known.flatMap(({ values }) => values), ...targets.flatMap(({ truths }) => truths));
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

/** A panel for each metric: the error of the forecast of the widest member from each set of smaller ones; the curve itself behind. */
export function studyFigure(run: string, studies: readonly MetricStudy[], words: FamilyWords = trainedWords): Figure {
  const largest = words.isCoordinate ? 'largest' : 'widest';
  const size = words.isCoordinate ? words.axis : 'parameters';
  return {
    title: `${run}: from how far below can the ${largest} be predicted?`,
    notes: [
      `Error of the median of the ${words.isCoordinate ? 'largest scale' : 'widest width'}, over the curve's range, against the ${size} of the largest known scale; below ${tolerance} it counts as predicted. Points at the top: off by more than the whole range. The curve itself is drawn relative to its range.`,
      ...leftOut(studies.flatMap(({ methods }) => methods)),
    ],
    panels: studies.map((study, i) => curvePanel({ ...studyPanel(study, size), legend: i === studies.length - 1 })),
  };
}

const studyStyles = [3, 1, 0, 2];

function studyPanel({ metric, cells, parameters, values, range }: MetricStudy, size: string): CurvePanel {
  const target = values.length - 1;
  const least = Math.min(...values);
  const ends = (name: string): CurvePoint[] =>
    cells
      .filter((cell) => cell.method === name && cell.target === target)
      .map(({ known, error }) => ({ x: nth(parameters, known - 1), y: Math.min(1, Math.abs(error) / range) }));
  return {
    title: metric.title,
    subtitle: [],
    // What is behind comes first.
    series: [
      {
        label: 'the curve',
        style: referenceStyles.curve,
        line: values.map((value, i) => ({ x: nth(parameters, i), y: (value - least) / range })),
        points: [],
      },
      {
        label: `${tolerance} of the range`,
        style: referenceStyles.limit,
        line: [nth(parameters, 0), nth(parameters, -1)].map((x) => ({ x, y: tolerance })),
        points: [],
      },
      ...pictured.flatMap((label, i) =>
        ends(label).length === 0 ? [] : [{ label, style: nth(studyStyles, i), line: ends(label) }],
      ),
    ],
    xTitle: `${size} of the largest known`,
    yTitle: 'error / range',
    yDomain: [-0.02, 1.02],
  };
}
