/** The content of a sealed forecast: numbers as JSON has them. */
import { gitCommit, packageVersions } from '../../machine/version.js';
import type { Seal } from '../../runs/forecasts.js';
import type { LoadedMember } from '../../runs/opened.js';
import { isImported, type AnyRun } from '../../runs/imported.js';
import { lastFile } from '../../runs/outcomes.js';
import { digestOfRun } from '../../runs/record.js';
import { scaleTitle, type FamilyWords } from '../../runs/words.js';
import { UsageError } from '../../terminal/errors.js';
import { levels, type MetricForecast } from './forecast.js';

export interface SealRequest extends Pick<Seal, 'name' | 'number' | 'previous' | 'targets' | 'metricFile' | 'draws'> {
  readonly record: AnyRun;
  /** The coordinate of imported members. */
  readonly axis: string | undefined;
  /** What was known. */
  readonly members: readonly LoadedMember[];
  readonly seeds: readonly number[];
  readonly forecasts: readonly MetricForecast[];
}

/** As written, except for its digest. */
export function contentOfSeal({
  record,
  axis,
  members,
  seeds,
  forecasts,
  ...given
}: SealRequest): Omit<Seal, 'digest'> {
  const { name, number, previous, targets, metricFile, draws } = given;
  const probe = isImported(record) ? undefined : record.probe;
  const evidenceFile = lastFile(probe);
  return {
    ...{
      format: axis === undefined ? 1 : 2,
      name,
      run: record.name,
      number,
      sealed: new Date().toISOString(),
      previous,
    },
    ...{ lab: packageVersions().lab, gitCommit: gitCommit() },
    ...(axis === undefined ? {} : { axis }),
    ...(probe === undefined ? {} : { probe }),
    ...{ experiment: isImported(record) ? null : digestOfRun(record), fingerprint: record.dataset.fingerprint },
    evidence: members.map(({ record: { id, imported, parameters, files } }) => {
      return { member: imported?.id ?? id, parameters, outcomes: files[evidenceFile]! };
    }),
    ...{ targets, seeds: [...seeds], metricFile, levels: [...levels], draws, metrics: forecasts.map(plainForecast) },
  };
}

/** Throws UsageError if a known member has no finite value: nothing can be fitted to it. */
export function refuseInfinite({ metric, known }: MetricForecast, words: FamilyWords): void {
  for (const { width, values } of known) {
    const odd = values.find((value) => !Number.isFinite(value));
    if (odd !== undefined)
      throw new UsageError(
        `${metric.id} is ${odd} at ${scaleTitle(width, words)}`,
        '--metric',
        'a forecast needs numbers',
      );
  }
}

/** Six digits, and null for values that are not finite. */
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
