/** What a metric's definition becomes: values with their intervals, and what sweeps and bootstraps draw. */
import type * as z from 'zod';
import { hasColumns, type OutcomeName, type OutcomeTable } from '../runs/outcomes.js';
import { meanInterval, meanOf, wilsonInterval, type Mean } from '../statistics/intervals.js';
import { sampledMean, wilsonOfMean, type SampledMean } from '../statistics/shared-clusters.js';
import { UsageError } from '../terminal/errors.js';
import { counted } from '../terminal/format.js';
import { clustersOf, type Unit } from './clusters.js';
import type {
  Closed,
  Metric,
  MetricDefinition,
  MetricFamily,
  Parts,
  UnitNumbers,
  UnitValues,
  Weighted,
} from './metric.js';
import { sequenceStarts } from './sequence-rows.js';

export function defineMetric<Parameters extends z.ZodType, Needs extends OutcomeName>(
  definition: MetricDefinition<Parameters, Needs>,
): MetricFamily<Parameters, Needs> {
  const from = (parameters: unknown) => choose(definition, definition.parameters.parse(parameters));
  return { ...definition, with: from, from };
}

function choose<Parameters extends z.ZodType, Needs extends OutcomeName>(
  definition: MetricDefinition<Parameters, Needs>,
  chosen: z.output<Parameters>,
): Metric {
  const { name, kind, better, unit, formula, source, notFinite, units } = definition;
  const parameters = { ...(chosen as object) } as Readonly<Record<string, number | string>>;
  const shown = Object.entries(parameters).map(([key, value]) => `${key}=${String(value)}`);
  const id = [name, ...(shown.length > 0 ? [shown.join(',')] : [])].join(':');
  const own = typeof definition.needs === 'function' ? definition.needs(chosen) : definition.needs;
  const needs = units === 'images' ? own : [...new Set<OutcomeName>([...own, 'sequence', 'example'])];
  const columnsOf = (outcomes: Partial<OutcomeTable>): Pick<OutcomeTable, Needs> => {
    if (!hasColumns(outcomes, own)) throw new Error(`${id} needs the columns ${own.join(', ')}`);
    return outcomes;
  };
  const fitting = (count: number): number => {
    const refusal = definition.refuses?.(count, chosen);
    if (refusal !== undefined) throw new UsageError(refusal, id);
    return count;
  };
  const limits = definition.limits ?? (unit === 'probability' ? [0, 1] : [-Infinity, Infinity]);
  const title = definition.title(chosen);
  const about = { id, name, title, kind, better, unit, formula, source, notFinite, needs, units, limits };
  const refuses = (count: number) => definition.refuses?.(count, chosen);
  if ('weighted' in definition) {
    const rows = (outcomes: Partial<OutcomeTable>) => definition.weighted(columnsOf(outcomes), chosen);
    const weighted = (outcomes: Partial<OutcomeTable>): Weighted => {
      const ofRows = rows(outcomes);
      const result = units === 'images' ? ofRows : weightedBy(ofRows, sequencesOf(outcomes));
      fitting(result.count);
      return result;
    };
    return {
      ...about,
      parameters,
      interval: definition.interval ?? 'bootstrap',
      wilson: definition.closed !== undefined,
      refuses,
      weighted,
      drawn(outcomes) {
        const { count } = weighted(outcomes);
        const clusters = clustersOf(outcomes, units);
        const ofRows = rows(outcomes);
        return { kind: 'weights', units: count, ...(clusters === undefined ? ofRows : weightedBy(ofRows, clusters)) };
      },
      sweep: () => undefined,
      unitValues: () => undefined,
      measure(outcomes) {
        const { count, evaluate } = weighted(outcomes);
        const isPlain = clustersOf(outcomes, units) === undefined;
        const closed = isPlain ? definition.closed?.(columnsOf(outcomes), chosen) : undefined;
        return { value: evaluate(), ...(closed ?? bootstrapped), count };
      },
    };
  }
  const { share } = definition;
  const unitValues = (outcomes: Partial<OutcomeTable>): UnitValues => {
    const values = definition.values(columnsOf(outcomes), chosen);
    const count = fitting(values.length);
    return { values, share, transform: (mean, n = count) => definition.transform?.(mean, n, chosen) ?? mean };
  };
  const sampled = (outcomes: Partial<OutcomeTable>, values: UnitNumbers): SampledMean | undefined => {
    const parts = definition.parts?.(columnsOf(outcomes), chosen) ?? {};
    return sampledOf(values, { id, units, outcomes, parts });
  };
  const wilson = share || (units === 'sequences' && unit === 'probability');
  return {
    ...about,
    parameters,
    interval:
      units === 'sequences'
        ? wilson
          ? 'Wilson at the effective sample size'
          : 'normal, images as clusters'
        : (definition.interval ?? (share ? 'Wilson' : 'normal')),
    wilson,
    refuses,
    unitValues,
    drawn(outcomes) {
      const { values, transform } = unitValues(outcomes);
      const shared = sampled(outcomes, values);
      if (shared === undefined) return { kind: 'units', values, share, transform };
      const within = (value: number) => Math.min(limits[1], Math.max(limits[0], value));
      return {
        kind: 'terms',
        count: values.length,
        mean: meanOfUnits(values).mean,
        terms: shared.terms,
        // Terms are linear, while the mean may be bounded by 0 and 1.
        transform: (mean) => within(transform(share ? Math.min(1, Math.max(0, mean)) : mean)),
      };
    },
    sweep(outcomes, over) {
      const columns = columnsOf(outcomes);
      const means = definition.means?.(columns, chosen, over);
      if (means === undefined || definition.transform === undefined) return means;
      const count = definition.values(columns, chosen).length;
      return means.map((mean, i) => {
        const at = { ...(chosen as object), [over.key]: over.values[i] } as z.output<Parameters>;
        return definition.transform!(mean, count, at);
      });
    },
    weighted(outcomes) {
      const { values, transform } = unitValues(outcomes);
      return { count: values.length, evaluate: (weights) => transform(weightedMean(values, weights)) };
    },
    measure(outcomes) {
      const { values, transform } = unitValues(outcomes);
      const count = values.length;
      const mean = meanOfUnits(values);
      const value = transform(mean.mean);
      const slope = definition.slope?.(mean.mean, chosen) ?? 1;
      const limit = (end: number) => definition.limit?.(end, chosen) ?? transform(end);
      const shared = sampled(outcomes, values);
      const within = (end: number) => (unit === 'probability' ? Math.min(1, Math.max(0, end)) : end);
      // A share has the binomial's standard error, with n and not n - 1 in the denominator.
      const standardError =
        shared?.standardError ?? (share ? Math.sqrt((mean.mean * (1 - mean.mean)) / count) : mean.standardError);
      const ends =
        shared !== undefined && wilson
          ? wilsonOfMean(shared)
          : share
            ? wilsonInterval(Math.round(mean.mean * count), count)
            : meanInterval({ ...mean, standardError });
      return {
        value,
        standardError: slope * standardError,
        // With fewer than k images right a subset accuracy is 0, but its lower limit would not be.
        lower: Math.min(within(limit(ends.lower)), value),
        upper: Math.max(within(limit(ends.upper)), value),
        resolution: share ? smallest(count, transform) : null,
        count,
      };
    },
  };
}

/** For metrics whose errors only a bootstrap can give. */
const bootstrapped: Closed = { standardError: NaN, lower: NaN, upper: NaN, resolution: null };

function sequencesOf({ sequence }: Partial<OutcomeTable>): { readonly count: number; readonly of: Int32Array } {
  if (sequence === undefined) throw new Error('sequences need the column sequence');
  const starts = sequenceStarts(sequence);
  const of = new Int32Array(sequence.length);
  for (let i = 0; i + 1 < starts.length; i++) of.fill(i, starts[i], starts[i + 1]);
  return { count: starts.length - 1, of };
}

/** A metric under weights of rows, as one under weights of what the rows belong to. */
function weightedBy({ evaluate, orders }: Weighted, { count, of }: { count: number; of: Int32Array }): Weighted {
  return {
    count,
    evaluate: (weights) => evaluate(weights && Float64Array.from(of, (place) => weights[place]!)),
    ...(orders === undefined
      ? {}
      : { orders: orders.map(({ unitOf, negative }) => ({ unitOf: unitOf.map((row) => of[row]!), negative })) }),
  };
}

interface SampledRequest {
  readonly id: string;
  readonly units: Unit;
  readonly outcomes: Partial<OutcomeTable>;
  readonly parts: Parts;
}

/** Undefined if each unit is drawn separately. Throws UsageError unless there is one value for each unit. */
function sampledOf(values: UnitNumbers, { id, units, outcomes, parts }: SampledRequest): SampledMean | undefined {
  const clusters = clustersOf(outcomes, units);
  if (clusters === undefined) return undefined;
  const { perUnit = 1, rows, first, allOf } = parts;
  const starts =
    units === 'sequences'
      ? sequenceStarts(outcomes.sequence!)
      : Int32Array.from({ length: Math.floor(clusters.of.length / perUnit) + 1 }, (_, i) => i * perUnit);
  const expected = starts.length - 1;
  if (values.length !== expected)
    throw new UsageError(
      `returned ${counted(values.length, 'number')} for ${expected} test ${units}`,
      id,
      'return one for each',
    );
  // For a metric of images, a row's number is its value.
  const known = rows ?? (units === 'images' && perUnit === 1 ? values : undefined);
  return sampledMean({
    values: Float64Array.from(values),
    starts,
    clusterOf: clusters.of,
    clusters: clusters.count,
    rows: known,
    first,
    allOf,
  });
}

/** Every metric based on a column asks for its mean. */
const known = new WeakMap<UnitNumbers, Mean>();

/** The mean over the units with its error, computed once per column. */
export function meanOfUnits(values: UnitNumbers): Mean {
  const found = known.get(values);
  if (found !== undefined) return found;
  const mean = meanOf(values);
  known.set(values, mean);
  return mean;
}

function weightedMean(values: UnitNumbers, weights: ArrayLike<number> | undefined): number {
  if (weights === undefined) return meanOfUnits(values).mean;
  let sum = 0;
  let total = 0;
  for (let i = 0; i < values.length; i++) {
    sum += weights[i]! * values[i]!;
    total += weights[i]!;
  }
  return sum / total;
}

/** The smallest value above 0 that a share of `count` units can give. */
function smallest(count: number, transform: (mean: number) => number): number | null {
  let [low, high] = [1, count];
  if (!(transform(1) > 0)) return null;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (transform(middle / count) > 0) high = middle;
    else low = middle + 1;
  }
  return transform(low / count);
}
