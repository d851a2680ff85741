/** The metrics that are forecast, and the members with what the metrics need. */
import { defaultColumnsOf, defaultMetrics } from '../../analysis/defaults.js';
import { forecastNeeds } from '../../analysis/forecast/forecast.js';
import { sha256File } from '../../machine/inputs.js';
import type { Metric } from '../../metrics/metric.js';
import { metricsFor, openRun, readRun, type MetricOptions, type RunLike } from '../run-and-metrics.js';

export interface ForecastOptions extends MetricOptions {
  /** Such as `subset-accuracy:k=10`; default: the standard one and the induced one. */
  readonly metrics?: readonly string[] | undefined;
  /** Draws of each predictive distribution; default: 400. */
  readonly draws?: number | undefined;
}

/** The requested metrics, otherwise the run's standard and induced one, with the members and all columns that they need. */
export async function readWithMetrics(run: RunLike, options: ForecastOptions) {
  const open = await openRun(run, options);
  const asked = await metricsFor(open, options.metrics ?? [], options);
  const metrics = asked.length > 0 ? asked : await standardAndInduced(open, options);
  // What an indirect method reads may be missing; the method then says so.
  const columns = metrics.flatMap(forecastNeeds).filter((column) => open.columns.includes(column));
  return { metrics, family: await readRun(open, columns, options) };
}

async function standardAndInduced(
  open: Awaited<ReturnType<typeof openRun>>,
  options: ForecastOptions,
): Promise<Metric[]> {
  const { members } = await readRun(open, defaultColumnsOf(open), options);
  const { standard, induced } = defaultMetrics(open.record, members);
  return [standard, induced];
}

export async function hashOfMetricFile({ metricFile }: Pick<MetricOptions, 'metricFile'>): Promise<string | null> {
  return metricFile === undefined ? null : sha256File(metricFile);
}
