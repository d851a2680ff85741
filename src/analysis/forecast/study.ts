/**
 * Backtest (leave-future-out): every set of smallest scales forecasts the larger ones. It shows which metrics can be predicted from how
 * far below, by which method. The members already exist, so this is hindsight; its verdict on a method is honest because no later member
 * is ever read.
 */
import { rangeOf } from '../scales.js';
import { mean } from '../../statistics/mean.js';
import type { MemberOutcomes } from '../../metrics/curve.js';
import type { Metric } from '../../metrics/metric.js';
import { stepsOfPart, type OnStep } from '../../terminal/steps.js';
import { scalesOf } from '../curves.js';
import { forecastMetric } from './forecast.js';
import { forecastMethods } from './methods.js';
import { medianOf, scoreTarget, type TargetScore } from './scoring.js';

export interface StudyCell extends TargetScore {
  readonly metric: string;
  readonly method: string;
  /** Number of known scales, and the widest of them. */
  readonly known: number;
  readonly knownWidth: number;
  readonly target: number;
  readonly targetWidth: number;
  /** Parameters of the target divided by those of the largest known scale. */
  readonly ratio: number;
  readonly median: number;
  readonly truth: number;
}

export interface MetricStudy {
  readonly metric: Metric;
  /** Means over seeds, `[scales]`. */
  readonly values: readonly number[];
  readonly widths: readonly number[];
  readonly parameters: readonly number[];
  /** Largest minus smallest of `values`. */
  readonly range: number;
  readonly cells: readonly StudyCell[];
  readonly methods: readonly MethodStudy[];
}

export interface MethodStudy {
  readonly method: string;
  /** Number of pairs of a known set and a later scale that it could predict. */
  readonly cells: number;
  /** Mean of CRPS divided by the curve's range, over those pairs; NaN for a constant curve. */
  readonly crps: number;
  /**
   * The same over the pairs that every baseline could predict too, divided by that of the best baseline there; below 1 is better. NaN if a
   * baseline is exact.
   */
  readonly skill: number;
  /** Shares of members inside the 50, 80 and 95 % intervals. */
  readonly covered: readonly number[];
  /**
   * The narrowest known set from which on the largest scale's median is off by at most a tenth of the range; undefined if there is none.
   */
  readonly from: { readonly width: number; readonly ratio: number; readonly value: number } | undefined;
}

/** Fewest scales from which a forecast is made. */
export const fewestKnown = 3;

/** An error of up to this share of the curve's range counts as predicted. */
export const tolerance = 0.1;

/** @param members of at least `fewestKnown` + 1 scales */
export function studyMetric(
  metric: Metric,
  members: readonly MemberOutcomes[],
  { onStep, ...options }: { readonly draws?: number; readonly seed?: number; readonly onStep?: OnStep } = {},
): MetricStudy {
  const scales = scalesOf(members);
  const measured = members.map(({ outcomes }) => metric.measure(outcomes).value);
  const truths = scales.map((scale) => scale.members.map((place) => measured[place]!));
  const values = truths.map((each) => mean(each));
  const range = rangeOf(values);
  const cells: StudyCell[] = [];
  for (let known = fewestKnown; known < scales.length; known++) {
    const later = scales.slice(known);
    const last = scales[known - 1]!;
    const { methods } = forecastMetric(
      metric,
      members.filter(({ record }) => record.width <= last.width),
      {
        ...options,
        targets: later.map(({ parameters }) => parameters),
        onStep: stepsOfPart(onStep, known - fewestKnown, scales.length - fewestKnown),
      },
    );
    for (const { method, quantiles } of methods) {
      later.forEach((scale, t) => {
        const target = known + t;
        cells.push({
          ...{ metric: metric.id, method, known, knownWidth: last.width, target, targetWidth: scale.width },
          ratio: scale.parameters / last.parameters,
          median: medianOf(quantiles[t]!),
          truth: values[target]!,
          ...scoreTarget(quantiles[t]!, truths[target]!),
        });
      });
    }
  }
  const widths = scales.map(({ width }) => width);
  const parameters = scales.map((scale) => scale.parameters);
  const about = { metric, values, widths, parameters, range };
  const methods = forecastMethods.flatMap(({ name }) => summaryOf(name, cells, about) ?? []);
  return { ...about, cells, methods };
}

const baselines = forecastMethods.filter(({ kind }) => kind === 'baseline').map(({ name }) => name);

function summaryOf(
  method: string,
  cells: readonly StudyCell[],
  { values, widths, parameters, range }: Pick<MetricStudy, 'values' | 'widths' | 'parameters' | 'range'>,
): MethodStudy | undefined {
  const own = cells.filter((cell) => cell.method === method);
  if (own.length === 0) return undefined;
  const members = own.reduce((sum, { seeds }) => sum + seeds, 0);
  const of = (name: string, { known, target }: StudyCell) =>
    cells.find((cell) => cell.method === name && cell.known === known && cell.target === target);
  const shared = own.filter((cell) => baselines.every((name) => of(name, cell) !== undefined));
  const meanOf = (name: string) => mean(shared.map((cell) => of(name, cell)!.crps));
  const least = Math.min(...baselines.map(meanOf));
  const last = values.length - 1;
  const ends = own.filter(({ target }) => target === last).sort((a, b) => b.known - a.known);
  const firstMiss = ends.findIndex(({ median, truth }) => !(Math.abs(median - truth) <= tolerance * range));
  const hits = firstMiss < 0 ? ends : ends.slice(0, firstMiss);
  // A constant curve can be predicted from anywhere, which shows nothing.
  const from = range > 0 ? hits.at(-1) : undefined;
  return {
    method,
    cells: own.length,
    // Relative to the range of a constant curve, or to an exact baseline, nothing has a value.
    crps: range > 0 ? mean(own.map(({ crps }) => crps)) / range : NaN,
    skill: least > 0 ? meanOf(method) / least : NaN,
    covered: own[0]!.covered.map((_, i) => own.reduce((sum, { covered }) => sum + covered[i]!, 0) / members),
    from:
      from === undefined
        ? undefined
        : {
            width: widths[from.known - 1]!,
            ratio: parameters[last]! / parameters[from.known - 1]!,
            value: values[from.known - 1]!,
          },
  };
}
