/** Which metric makes a run look most emergent, which least, and which continuous one predicts a thresholded one. */
import { usualCauses, type Causes } from '../analysis/causes.js';
import { defaultMetrics } from '../analysis/defaults.js';
import { discoveriesOf, type Discoveries } from '../analysis/discoveries.js';
import type { ScoreName } from '../analysis/scores.js';
import {
  candidatesFor,
  rankCandidates,
  scoreCandidates,
  surrogatesOf,
  type MetricCurve,
  type Surrogate,
} from '../analysis/search.js';
import type { Metric } from '../metrics/metric.js';
import type { LoadedRun } from '../runs/opened.js';
import { UsageError } from '../terminal/errors.js';
import {
  drawsOf,
  metricFor,
  openRun,
  readRun,
  refuseOneScale,
  registryOf,
  track,
  type MetricOptions,
  type RunLike,
} from './run-and-metrics.js';

export interface SearchOptions extends MetricOptions {
  /** The score that ranks the metrics; default: bow. */
  readonly by?: ScoreName | undefined;
  /** Smallest change of a share for its score to count; default: 0.1. */
  readonly leastRange?: number | undefined;
  /** A thresholded metric; default: the run's induced one. */
  readonly surrogateOf?: string | undefined;
  /** Bootstrap draws of the correlations; default: 500. */
  readonly draws?: number | undefined;
}

export interface Search {
  readonly run: LoadedRun;
  readonly by: ScoreName;
  /** Number of metrics that were considered. */
  readonly looked: number;
  /** Those that rise, highest score first. */
  readonly ranked: readonly MetricCurve[];
  readonly discoveries: Discoveries;
  /** For the first and the last of the ranked ones. */
  readonly causes: readonly Causes[];
  /** The target of the surrogates. */
  readonly induced: Metric;
  /** Continuous metrics, the best first. */
  readonly surrogates: readonly Surrogate[];
}

/**
 * Every metric available for the run, its parameters on their grids.
 *
 * @example
 *     const { ranked } = await search('lenet-mnist', { by: 'bow' });
 *     ranked[0].metric.id;
 *
 * @throws UsageError for a run of one scale, or a target of the surrogates that is continuous
 */
export async function search(run: RunLike, options: SearchOptions = {}): Promise<Search> {
  const { by = 'bow', leastRange = 0.1 } = options;
  const draws = drawsOf(options, 500);
  const open = await openRun(run, options);
  const target = await metricFor(open, options.surrogateOf, options, '--surrogate-of');
  if (target?.kind === 'continuous')
    throw new UsageError(`${target.id} is continuous`, '--surrogate-of', 'give a thresholded one');
  const loaded = await readRun(open, open.columns, options);
  refuseOneScale(loaded);
  const { members, record } = loaded;
  const candidates = candidatesFor(members, await registryOf(options, open));
  const scored = scoreCandidates(candidates, members);
  const ranked = rankCandidates(scored, by, leastRange);
  const metrics = ranked.map(({ metric }) => metric);
  const discoveries = await track(options, 'metrics against smooth growth', (onStep) =>
    discoveriesOf(metrics, members, by, { onStep }),
  );
  const induced = target ?? defaultMetrics(record, members).induced;
  const surrogates = await track(options, 'surrogates', (onStep) =>
    surrogatesOf(induced, candidates, members, { draws, onStep }),
  );
  const ends = [...new Set([metrics[0], metrics.at(-1)])].filter((metric) => metric !== undefined);
  const causes = ends.map((metric) => usualCauses(metric, members));
  return { run: loaded, by, looked: scored.length, ranked, discoveries, causes, induced, surrogates };
}
