/** How many test images and seeds it takes to find a difference between two runs. */
import { defaultColumnsOf, defaultMetrics } from '../analysis/defaults.js';
import { exampleColumnsOf, matchExamples } from '../analysis/diff/match.js';
import { populationOf, simulatedPower } from '../analysis/diff/power-simulation.js';
import {
  componentsOf,
  effectFor,
  imagesFor,
  imagesForOne,
  modelFor,
  mostCorrelation,
  powerOf,
  powerOfOne,
  type Assumptions,
  type ScaleComponents,
  type PlannedPower,
  type PowerRow,
} from '../analysis/diff/power.js';
export type { PlannedPower } from '../analysis/diff/power.js';
import { firstOf, nth, present } from '../machine/present.js';
import { isMean, type Metric, type UnitValues } from '../metrics/metric.js';
import { readExamples } from '../runs/imported.js';
import type { LoadedMember, LoadedRun } from '../runs/opened.js';
import { mean } from '../statistics/mean.js';
import { Random } from '../statistics/random.js';
import { UsageError } from '../terminal/errors.js';
import { formatNumber } from '../terminal/format.js';
import { metricFor, openRun, readRun, track, type MetricOptions, type RunLike } from './run-and-metrics.js';

export interface PowerOptions extends Omit<MetricOptions, 'all'> {
  /** The difference to detect: the second run minus the first, or the share minus a fixed one. */
  readonly effect: number;
  /** Accuracy of the first run, or the fixed one; default: the run's. */
  readonly accuracy?: number | undefined;
  /** Instead of an accuracy: standard deviation over images, for a metric that is not a share. */
  readonly deviation?: number | undefined;
  /** Correlation of the two runs' results on an image; default: that between seeds of the run, else 0.5. */
  readonly correlation?: number | undefined;
  /** The same between seeds of one run; default: the run's, else as between the runs. */
  readonly seedCorrelation?: number | undefined;
  /** Standard deviation of seeds on an infinite test set; default: the run's, else 0. */
  readonly seedDeviation?: number | undefined;
  /** Seeds of each run; default: 1, 2, 3, 5, 8. */
  readonly seeds?: readonly number[] | undefined;
  /** Test images; default: the run's; without a run, the power is not computed for a number of images. */
  readonly images?: number | undefined;
  /** Default: 0.8. */
  readonly power?: number | undefined;
  /** Default: 0.05, two-sided. */
  readonly alpha?: number | undefined;
  /** Compare one share with a fixed value, instead of two runs. */
  readonly one?: boolean | undefined;
  /**
   * A run whose members at one scale supply accuracy, correlation and seeds, and the images from which families are
   * simulated.
   */
  readonly run?: RunLike | undefined;
  /** Another run on the same examples, for the correlation with it. */
  readonly against?: RunLike | undefined;
  /** The scale whose members are used; default: the largest. */
  readonly scale?: number | undefined;
  readonly metric?: string | undefined;
  /** Pairs of runs to simulate; default: 400. */
  readonly simulations?: number | undefined;
}

/**
 * How many images and seeds `diff` needs to find an effect, and how often it would with those available.
 *
 * @example
 *     const { rows } = await power({ effect: 0.1, run: 'lenet-mnist', scale: 4, seeds: [1, 3], simulations: 50 });
 *     rows.map(({ seeds, imagesNeeded }) => `${seeds}: ${imagesNeeded}`);
 *
 * @throws UsageError for impossible values, and for a run that cannot supply what is omitted
 */
export async function power(options: PowerOptions): Promise<PlannedPower> {
  const { effect, power: wanted = 0.8, alpha = 0.05, one = false, seeds = one ? [1] : [1, 2, 3, 5, 8] } = options;
  const source = options.run === undefined ? undefined : await sourceOf(options.run, options);
  if (source === undefined && options.against !== undefined)
    throw new UsageError('there is no --run to compare it with', '--against', 'give --run too');
  const assumed = assumptionsOf(options, source?.found);
  refuseImpossible(assumed, options);
  const images = options.images ?? source?.found.images;
  const plan = { wanted, alpha, images, effect };
  const rows = one
    ? [oneRow(present(assumed.share), plan)]
    : await track(options, 'simulations', (onStep) =>
        seeds.map((count, done) => {
          const row = rowOf(assumed, count, plan);
          const simulated =
            source && simulatedOf({ assumed, source, seeds: count, plan, most: options.simulations ?? 400 });
          onStep(done + 1, seeds.length);
          return { ...row, simulated };
        }),
      );
  return {
    ...{ ...assumed, effect, power: wanted, alpha, images, one, rows },
    source: source && { run: source.run, metric: source.metric, scale: source.scale, seeds: source.found.seeds },
  };
}

interface Planned {
  readonly wanted: number;
  readonly alpha: number;
  readonly images: number | undefined;
  readonly effect: number;
}

function rowOf(
  assumed: Assumptions,
  seeds: number,
  { wanted, alpha, images, effect }: Planned,
): Omit<PowerRow, 'simulated'> {
  const model = modelFor(assumed, effect);
  const { share } = assumed;
  const most = share === undefined ? 1e3 * Math.abs(effect) : effect > 0 ? 1 - share : share;
  const found =
    images === undefined
      ? undefined
      : effectFor(
          (size) => modelFor(assumed, Math.sign(effect) * size),
          { images, seeds },
          { power: wanted, alpha, most },
        );
  return {
    seeds,
    imagesNeeded: imagesFor(model, seeds, { power: wanted, alpha }),
    powerThere: images === undefined ? undefined : powerOf(model, { images, seeds }, alpha),
    detectable: found === undefined ? undefined : Math.sign(effect) * found,
  };
}

function oneRow(share: number, { wanted, alpha, images, effect }: Planned): PowerRow {
  return {
    seeds: 1,
    imagesNeeded: imagesForOne(share, effect, { power: wanted, alpha }),
    powerThere: images === undefined ? undefined : powerOfOne(share, effect, images, alpha),
    ...{ simulated: undefined, detectable: undefined },
  };
}

interface CurveSource {
  readonly run: LoadedRun;
  readonly metric: Metric;
  readonly scale: number;
  readonly found: ScaleComponents;
  /** One number per image for each seed. */
  readonly values: readonly Float64Array[];
}

async function sourceOf(first: RunLike, options: PowerOptions): Promise<CurveSource> {
  const open = await openRun(first, options);
  const asked = await metricFor(open, options.metric, options);
  const columns = [...(asked?.needs ?? defaultColumnsOf(open)), ...exampleColumnsOf(open)];
  const run = await readRun(open, columns, options);
  const metric = asked ?? defaultMetrics(run.record, run.members).standard;
  const scale = options.scale ?? Math.max(...run.members.map(({ record }) => record.width));
  const alone = atScale(run, scale);
  const { members, others } =
    options.against === undefined
      ? { members: alone, others: undefined }
      : await pairedAt(scale, run, { metric, against: options.against, options });
  const units = members.map((member) => unitsOf(member, metric, run));
  const values = units.map((each) => Float64Array.from(each.values));
  const found = componentsOf(values, {
    isShare: firstOf(units).share,
    others: others?.map((member) => Float64Array.from(unitsOf(member, metric, run).values)),
  });
  return { run, metric, scale, found, values };
}

/** The members of both runs at a scale, with the images that both have. */
async function pairedAt(
  scale: number,
  run: LoadedRun,
  { metric, against, options }: { readonly metric: Metric; readonly against: RunLike; readonly options: PowerOptions },
) {
  const open = await openRun(against, options);
  const other = await readRun(open, [...metric.needs, ...exampleColumnsOf(open)], options);
  const matched = matchExamples({ run, ids: await readExamples(run) }, { run: other, ids: await readExamples(other) });
  const members = matched.one.filter(({ record }) => record.width === scale);
  const others = matched.other.filter(({ record }) => record.width === scale);
  if (others.length === 0)
    throw new UsageError(`has no ${other.words.scale} ${scale}`, other.label, 'give a --scale that both runs have');
  return { members, others };
}

function atScale(run: LoadedRun, scale: number): LoadedMember[] {
  const members = run.members.filter(({ record }) => record.width === scale);
  if (members.length > 0) return members;
  const known = [...new Set(run.members.map(({ record }) => record.width))].join(', ');
  throw new UsageError(`${run.label} has no ${run.words.scale} ${scale}`, '--scale', `it has ${known}`);
}

/** Throws UsageError for a metric that is not a mean over independent images. */
function unitsOf({ outcomes }: LoadedMember, metric: Metric, run: LoadedRun): UnitValues {
  const units = metric.unitValues(outcomes);
  if (units === undefined || !isMean(units))
    throw new UsageError(`${metric.id} is not a mean over images`, '--metric', 'give one such as accuracy');
  if (metric.drawn(outcomes).kind !== 'units')
    throw new UsageError(
      'its test images are not independent: sequences or groups share them',
      run.label,
      'compare two such runs with diff, whose intervals show what a test set of this size can resolve',
    );
  return units;
}

function assumptionsOf(options: PowerOptions, found: ScaleComponents | undefined): Assumptions {
  const { accuracy, deviation } = options;
  if (accuracy !== undefined && deviation !== undefined)
    throw new UsageError(
      'contradicts --accuracy: a metric is a share or it is not',
      '--deviation',
      'give one of the two',
    );
  const share = deviation === undefined ? (accuracy ?? found?.share) : undefined;
  const spread = deviation ?? (share === undefined ? found?.deviation : undefined);
  if (share === undefined && spread === undefined)
    throw new UsageError(
      'the performance of the first run is unknown',
      '--effect',
      'give --accuracy, --deviation or --run',
    );
  const known = (value: number | undefined) => (value === undefined || Number.isNaN(value) ? undefined : value);
  const other = share === undefined ? undefined : share + options.effect;
  const most = other === undefined || !(other > 0 && other < 1) ? 1 : mostCorrelation(present(share), other);
  const correlation = options.correlation ?? Math.min(known(found?.correlation) ?? 0.5, most);
  return {
    ...{ share, deviation: spread, correlation },
    seedCorrelation: options.seedCorrelation ?? known(found?.seedCorrelation) ?? correlation,
    seedDeviation: options.seedDeviation ?? known(found?.seedDeviation) ?? 0,
  };
}

function refuseImpossible(
  { share, correlation, seedCorrelation }: Assumptions,
  { effect, one = false }: PowerOptions,
): void {
  if (share === undefined) {
    if (one) throw new UsageError('needs a share', '--one', 'give --accuracy');
    return;
  }
  const other = share + effect;
  if (!(share > 0 && share < 1 && other > 0 && other < 1))
    throw new UsageError(
      `takes the share from ${formatNumber(share)} to ${formatNumber(other)}`,
      '--effect',
      'both must lie between 0 and 1',
    );
  const most = mostCorrelation(share, other);
  if (!one && correlation > most)
    throw new UsageError(
      `${formatNumber(correlation)} is more than is possible between shares of ${formatNumber(share)} and ${formatNumber(other)}`,
      '--correlation',
      `at most ${formatNumber(Math.floor(1000 * most) / 1000)}`,
    );
  if (!one && correlation > seedCorrelation)
    throw new UsageError(
      `${formatNumber(correlation)} exceeds that between seeds of one run, ${formatNumber(seedCorrelation)}`,
      '--correlation',
      'give a smaller one, or a larger --seed-correlation',
    );
}

/** The number of images times seeds times pairs that takes about ten seconds to draw. */
const mostDrawn = 3e8;

function simulatedOf({
  assumed,
  source,
  seeds,
  plan: { alpha, images = NaN, effect },
  most,
}: {
  readonly assumed: Assumptions;
  readonly source: CurveSource;
  readonly seeds: number;
  readonly plan: Planned;
  readonly most: number;
}): number | undefined {
  const { share, seedCorrelation } = assumed;
  const pairs = Math.min(most, Math.floor(mostDrawn / (2 * seeds * images)));
  if (share === undefined || pairs < 20) return undefined;
  const { values } = source;
  const random = Random.named(0, 'power', seeds);
  const right = firstOf(values).map((_, i) => values.reduce((sum, value) => sum + nth(value, i), 0));
  const chances = populationOf({ share, correlation: seedCorrelation, seeds: values.length }, right, random);
  const member = firstOf(values);
  const own = seeds === 1 ? mean(member) : share;
  const model = modelFor({ ...assumed, share: own }, effect);
  return simulatedPower({ model, share: own, images, seeds, population: { chances, member }, alpha, pairs, random });
}
