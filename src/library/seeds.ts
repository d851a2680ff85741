/** The seeds of each width as a distribution. */
import { defaultColumnsOf, defaultMetrics } from '../analysis/defaults.js';
import { seedDistribution, type SeedDistribution } from '../analysis/seeds.js';
import type { LoadedRun } from '../runs/opened.js';
import { UsageError } from '../terminal/errors.js';
import {
  metricFor,
  openRun,
  readRun,
  refuseOneScale,
  track,
  type MetricOptions,
  type RunLike,
} from './run-and-metrics.js';

export interface SeedsOptions extends MetricOptions {
  /** Default: the standard one. */
  readonly metric?: string | undefined;
  /** A seed succeeds from this value on; default: half-way between smallest and largest scale. */
  readonly success?: number | undefined;
}

export interface FamilySeeds extends SeedDistribution {
  readonly run: LoadedRun;
}

/**
 * One mode or two at each scale, how many seeds succeed, and what single seeds show.
 *
 * @example
 *     const { scales } = await seeds('lenet-mnist', { metric: 'accuracy', success: 0.5 });
 *     scales.map(({ scale, success }) => [scale.width, success.count]);
 *
 * @throws UsageError for one seed at each scale, and a success that no seed can have
 */
export async function seeds(run: RunLike, options: SeedsOptions = {}): Promise<FamilySeeds> {
  const { success } = options;
  const open = await openRun(run, options);
  const asked = await metricFor(open, options.metric, options);
  const loaded = await readRun(open, [...defaultColumnsOf(open), ...(asked?.needs ?? [])], options);
  refuseOneScale(loaded);
  refuseOneSeed(loaded);
  const metric = asked ?? defaultMetrics(loaded.record, loaded.members).standard;
  const [low, high] = metric.limits;
  if (success !== undefined && !(success >= low && success <= high))
    throw new UsageError(`${metric.title} cannot be ${success}`, '--success', `it is from ${low} to ${high}`);
  const found = await track(options, 'widths', (onStep) =>
    seedDistribution(metric, loaded.members, { threshold: success, onStep }),
  );
  return { ...found, run: loaded };
}

function refuseOneSeed({ members, record, words }: LoadedRun): void {
  const widths = members.map(({ record: { width } }) => width);
  if (new Set(widths).size < widths.length) return;
  throw new UsageError(
    `has one ${words.isImported ? 'model' : 'seed'} per ${words.noun}`,
    record.name,
    words.isImported
      ? 'also import other models of the same sizes, such as other seeds'
      : 'train more with --seeds, such as 0,1,2,3,4',
  );
}
