/** Backtests of forecasts, and how forecasts are made. */
import { scalesOf } from '../../analysis/curves.js';
import { forecastDraws } from '../../analysis/forecast/forecast.js';
import { forecastMethods } from '../../analysis/forecast/methods.js';
import { fewestKnown, studyMetric, type MetricStudy } from '../../analysis/forecast/study.js';
import type { LoadedRun } from '../../runs/opened.js';
import { UsageError } from '../../terminal/errors.js';
import { counted } from '../../terminal/format.js';
import { stepsOfPart } from '../../terminal/steps.js';
import { drawsOf, track, type RunLike } from '../run-and-metrics.js';
import { readWithMetrics, type ForecastOptions } from './metrics.js';

export interface ForecastStudy {
  readonly run: LoadedRun;
  readonly studies: readonly MetricStudy[];
}

/**
 * Backtest: the larger widths forecast from every set of smaller ones.
 *
 * @example
 *     const { studies } = await studyForecasts('lenet-mnist', { metrics: ['accuracy'], draws: 100 });
 *     studies.map(({ metric }) => metric.id);
 */
export async function studyForecasts(run: RunLike, options: ForecastOptions = {}): Promise<ForecastStudy> {
  const draws = drawsOf(options, forecastDraws);
  const { metrics, family } = await readWithMetrics(run, options);
  const { words, members, record } = family;
  const { length: known } = scalesOf(members);
  if (known <= fewestKnown)
    throw new UsageError(
      `has ${counted(known, `complete ${words.noun}`)}; a study needs ${fewestKnown + 1}`,
      record.name,
      words.further,
    );
  const studies = await track(options, 'forecasts', (onStep) =>
    metrics.map((metric, i) => studyMetric(metric, members, { draws, onStep: stepsOfPart(onStep, i, metrics.length) })),
  );
  return { run: family, studies };
}

/** How forecasts are made: formulas and sources. */
export function listForecastMethods() {
  return forecastMethods.map(({ name, kind, formula, source }) => ({ name, kind, formula, source }));
}
