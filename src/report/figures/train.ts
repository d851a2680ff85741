/**
 * The figure at the end of `train`: each metric against trainable parameters, or against the factor that varies. With one seed the points
 * are members, with bars for the sampling of test images; with several the points are seeds, and the line is their mean with its
 * interval: a band with three or more seeds, bars with two (Student's t makes them 13 standard errors wide, and a band would hide the
 * rest).
 */
import { firstOf, present } from '../../machine/present.js';
import type { Curve } from '../../metrics/curve.js';
import type { FamilyWords } from '../../runs/words.js';
import { domainOf, type CurvePoint, type Domain } from './axis.js';
import type { Figure } from './layout.js';
import { curvePanel, type PanelSeries } from './panels.js';

export interface CurvesFigure {
  readonly run: string;
  readonly arch: string;
  readonly dataset: string;
  /** At least one, each with at least one member, all with the same members and metrics that fit one axis. */
  readonly curves: readonly Curve[];
  /** An axis of shares, 0 to 1 or part of it; or a logarithmic one. */
  readonly vertical: 'share' | 'log';
  /** Title of the vertical axis. */
  readonly axis: string;
  /** What the intervals are over the sampling of: `test images`. */
  readonly drawOf: string;
  /** `10 000 test images`. */
  readonly testSet: string;
  /** Members of the run that are not in the curves. */
  readonly missing: number;
  readonly words: FamilyWords;
}

export function curvesFigure(figure: CurvesFigure): Figure {
  const { run, arch, dataset, curves, vertical, axis, words } = figure;
  const yDomain = verticalDomain(figure);
  const { points } = firstOf(curves);
  return {
    title: `${arch} family on ${shortened(dataset)}: run ${shortened(run)}`,
    notes: notesOf(figure, yDomain),
    panels: [
      curvePanel({
        ...{ title: '', subtitle: [], xTitle: words.axis, yTitle: axis, yDomain, yLog: vertical === 'log' },
        ...(points.length === 1
          ? { xDomain: [firstOf(points).parameters / 4, firstOf(points).parameters * 4] as const }
          : {}),
        series: curves.map(seriesOf),
        legend: true,
        ...(words.isCoordinate
          ? {}
          : {
              top: { title: 'width', ticks: points.map(({ parameters: at, width }) => ({ at, text: String(width) })) },
            }),
      }),
    ],
  };
}

function seedsOf([first]: readonly Curve[]) {
  const counts = present(first).points.map(({ seeds }) => seeds);
  return { least: Math.min(...counts), most: Math.max(...counts) };
}

function seriesOf(curve: Curve): PanelSeries {
  const { metric, members, points } = curve;
  const { least, most } = seedsOf([curve]);
  const ofMembers = members.map(({ parameters: x, value: y, lower, upper }): CurvePoint => ({ x, y, lower, upper }));
  return {
    label: metric.title,
    line: most === 1 ? ofMembers : points.map(({ parameters: x, mean: y, interval }) => ({ x, y, ...interval })),
    points: ofMembers,
    spread: least < 3 || points.length === 1 ? 'bars' : 'band',
  };
}

/** For shares 0 to 1, or a round part at one end if all curves stay there; else the range of the data with a margin. */
function verticalDomain({ curves, vertical }: CurvesFigure): Domain {
  const drawn = curves
    .flatMap(({ members, points }) => [
      ...members.flatMap(({ value, lower, upper }) => [value, lower, upper]),
      ...points.flatMap(({ interval, seeds }) =>
        interval === undefined || seeds < 3 ? [] : [interval.lower, interval.upper],
      ),
    ])
    .filter(Number.isFinite);
  if (vertical === 'log') return domainOf(drawn, true);
  if (drawn.length === 0) return [0, 1];
  const [least, most] = [Math.min(...drawn), Math.max(...drawn)];
  const parts = [0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005, 0.002, 0.001];
  if (least > 0.5) return [1 - present(parts.findLast((part) => least >= 1 - part)), 1];
  return [0, parts.findLast((part) => most <= part) ?? 1];
}

function notesOf(figure: CurvesFigure, [bottom]: Domain): string[] {
  const { curves, missing, vertical, testSet, drawOf, words } = figure;
  const { least, most } = seedsOf(curves);
  const seeds =
    most === 1
      ? `one seed per ${words.noun}`
      : `${least === most ? least : `${least} to ${most}`} seeds per ${words.noun}`;
  const absent = missing === 0 ? '' : `; ${missing} ${missing === 1 ? 'member is' : 'members are'} missing`;
  const cuts = vertical === 'share' && bottom > 0 ? ' The vertical axis does not start at 0.' : '';
  const isWithout = curves.some(({ members }) => members.some(({ value }) => Number.isNaN(value)));
  const without = isWithout ? ' Not shown: members without a value.' : '';
  return [`${testSet}, ${seeds}${absent}.${cuts}${without} ${spreadText(curves, drawOf)}`];
}

function spreadText(curves: readonly Curve[], drawOf: string): string {
  const { least, most } = seedsOf(curves);
  if (most === 1) {
    const intervals = curves.map(({ metric }) => metric.interval);
    return `Bars: 95 % interval over the sampling of ${drawOf} (${[...new Set(intervals)].join('; ')}).`;
  }
  const isBar = least < 3 || firstOf(curves).points.length === 1;
  const wide = least <= 2 && most >= 2 ? '; of two seeds 13 standard errors either way' : '';
  return `Points: seeds. Lines: mean over seeds. ${isBar ? 'Bars' : 'Bands'}: 95 % interval of that mean (Student\'s t${wide}).`;
}

/** The end of a long name, such as a path, which might be wider than the figure. */
export function shortened(name: string): string {
  return name.length <= 32 ? name : `…${name.slice(-31)}`;
}
