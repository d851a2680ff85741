/** What a seal contains, with numbers as JSON has them; `writeSeal` of runs/forecasts.ts writes it. */
import { factorKeys } from '../../experiment/factor-names.js';
import { present } from '../../machine/present.js';
import { gitCommit, packageVersions } from '../../machine/version.js';
import { formatOfSeal, type Seal } from '../../runs/forecasts.js';
import type { LoadedMember } from '../../runs/opened.js';
import { isImported, type AnyRun } from '../../runs/imported.js';
import { shownFile } from '../../runs/outcomes.js';
import { digestOfRun } from '../../runs/record.js';
import { alongTraining, coordinateValues } from '../../runs/view.js';
import { scaleTitle, type FamilyWords } from '../../runs/words.js';
import { UsageError } from '../../terminal/errors.js';
import { levels, type MetricForecast } from './forecast.js';

export interface SealRequest extends Pick<Seal, 'name' | 'number' | 'previous' | 'targets' | 'metricFile' | 'draws'> {
  readonly record: AnyRun;
  /** Where the known members are. */
  readonly place: SealedPlace;
  /** What was known. */
  readonly members: readonly LoadedMember[];
  readonly seeds: readonly number[];
  readonly forecasts: readonly MetricForecast[];
}

/** What a seal says of an axis, and of what the members on it have in common. */
export type SealedPlace = Pick<Seal, 'axis' | 'held' | 'at'>;

/** Place of trained members over an axis; undefined: of widths. */
export function placeOf(axis: string | undefined, members: readonly Pick<LoadedMember, 'record'>[]): SealedPlace {
  const records = members.map(({ record }) => record);
  const [step, ...otherSteps] = coordinateValues('steps', records);
  const at = otherSteps.length === 0 && records.some(({ moment }) => moment !== undefined) ? step : undefined;
  const moment = at === undefined ? {} : { at };
  if (axis === undefined) return moment;
  // Those that are predicted may be tuned to another value than all that are known.
  const tuned = records.flatMap(({ trained }) => trained?.tuned?.factor ?? []);
  const free = [axis, ...tuned, ...(at !== undefined || alongTraining.includes(axis) ? ['steps', 'epochs'] : [])];
  const factors = ['width', ...factorKeys].filter((key) => !free.includes(key));
  const held = factors.flatMap((key) => {
    const [value, ...others] = coordinateValues(key, records);
    return value === undefined || others.length > 0 ? [] : [[key, value] as const];
  });
  return { axis, held: Object.fromEntries(held), ...moment };
}

/** As written, except for its digest. */
export function contentOfSeal({
  record,
  place,
  members,
  seeds,
  forecasts,
  ...given
}: SealRequest): Omit<Seal, 'digest'> {
  const { name, number, previous, targets, metricFile, draws } = given;
  const probe = isImported(record) ? undefined : record.probe;
  const experiment = isImported(record) ? null : digestOfRun(record);
  return {
    ...{
      format: formatOfSeal({ ...place, experiment }),
      name,
      run: record.name,
      number,
      sealed: new Date().toISOString(),
      previous,
    },
    ...{ lab: packageVersions().lab, gitCommit: gitCommit() },
    ...place,
    ...(probe === undefined ? {} : { probe }),
    ...{ experiment, fingerprint: record.dataset.fingerprint },
    evidence: members.map(({ record: member }) => {
      const { imported, trained, moment, parameters, files } = member;
      const { id } = present(imported ?? trained);
      const step = moment === undefined ? {} : { step: moment };
      return { member: id, ...step, parameters, outcomes: present(files[shownFile(member)]) };
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
