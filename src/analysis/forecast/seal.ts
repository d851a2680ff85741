/** What a sealed forecast says: numbers as JSON has them. */
import { gitCommit, packageVersions } from '../../machine/version.js';
import type { Seal } from '../../runs/forecasts.js';
import type { LoadedMember } from '../../runs/opened.js';
import { digestOfRun, type RunRecord } from '../../runs/record.js';
import { UsageError } from '../../terminal/errors.js';
import { levels, type MetricForecast } from './forecast.js';

export interface SealRequest extends Pick<Seal, 'name' | 'number' | 'previous' | 'targets' | 'metricFile' | 'draws'> {
  readonly record: RunRecord;
  /** What was known. */
  readonly members: readonly LoadedMember[];
  readonly seeds: readonly number[];
  readonly forecasts: readonly MetricForecast[];
}

/** As it is written, but for its digest. */
export function contentOfSeal({ record, members, seeds, forecasts, ...given }: SealRequest): Omit<Seal, 'digest'> {
  const { name, number, previous, targets, metricFile, draws } = given;
  return {
    ...{ format: 1, name, run: record.name, number, sealed: new Date().toISOString(), previous },
    ...{ lab: packageVersions().lab, gitCommit: gitCommit() },
    ...{ experiment: digestOfRun(record), fingerprint: record.dataset.fingerprint },
    evidence: members.map(({ record: { id, parameters, files } }) => {
      return { member: id, parameters, outcomes: files['outcomes.parquet']! };
    }),
    ...{ targets, seeds: [...seeds], metricFile, levels: [...levels], draws, metrics: forecasts.map(plainForecast) },
  };
}

/** Throws UsageError where a known member has no finite value: nothing can be fitted to it. */
export function refuseInfinite({ metric, known }: MetricForecast): void {
  for (const { width, values } of known) {
    const odd = values.find((value) => !Number.isFinite(value));
    if (odd !== undefined)
      throw new UsageError(`${metric.id} is ${odd} at width ${width}`, '--metric', 'a forecast needs numbers');
  }
}

/** Six digits, and null for what is not finite. */
function plainForecast({ metric, known, methods, silent }: MetricForecast): Seal['metrics'][number] {
  return {
    metric: metric.id,
    better: metric.better,
    known: known.map(({ width, parameters, values }) => ({ width, parameters, values: values.map(short) })),
    methods: methods.map(({ method, quantiles, fits }) => ({
      method,
      quantiles: quantiles.map((list) => list.map(short)),
      fits: fits.map(plainFit),
    })),
    silent: [...silent],
  };
}

type PlainFit = Seal['metrics'][number]['methods'][number]['fits'][number];

function plainFit({
  of,
  model,
  weight,
  converged,
  aicc,
  rms,
  parameters,
}: MetricForecast['methods'][number]['fits'][number]): PlainFit {
  const about = { of, model, weight: short(weight) };
  if (parameters === undefined || aicc === undefined || rms === undefined || converged === undefined) return about;
  const limits = parameters.map(({ lower, upper, value, ...rest }) => {
    return { ...rest, value: short(value), lower: finite(lower), upper: finite(upper) };
  });
  return { ...about, converged, aicc: finite(aicc), rms: finite(rms), parameters: limits };
}

function short(value: number): number {
  return Number(value.toPrecision(6));
}

function finite(value: number): number | null {
  return Number.isFinite(value) ? short(value) : null;
}
