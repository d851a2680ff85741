/** A metric over a grid of its parameters, over smaller test sets and over fewer scales. */
import { z } from 'zod';
import { firstOf, lastOf } from '../machine/present.js';
import { type GridAxis, parseAxis } from '../terminal/grid-axis.js';
import { causesOf, refuseCauses, type Causes } from '../analysis/causes.js';
import { discoveriesOf, mostTested, type Discoveries } from '../analysis/discoveries.js';
import { flatness } from '../analysis/evaluate.js';
import type { ScoreName } from '../analysis/scores.js';
import { extremes, sampleScores, sweepGrid, type GridPoint, type Sweep } from '../analysis/sweep.js';
import { choose, splitMetric, type RegisteredMetric } from '../metrics/index.js';
import type { Metric } from '../metrics/metric.js';
import type { LoadedRun } from '../runs/opened.js';
import { UsageError } from '../terminal/errors.js';
import {
  drawsOf,
  openRun,
  readRun,
  refuseImpossible,
  refuseOneScale,
  registryOf,
  track,
  type Listener,
  type MetricOptions,
  type RunLike,
} from './run-and-metrics.js';

export interface SweepOptions extends MetricOptions {
  /** Including the parameters that are not swept: `below:column=mse`. */
  readonly metric: string;
  /** At most two: `k=1..20`, `c=0.01,0.02`, `c=1e-4:1e-1:200:log`. */
  readonly over?: readonly string[] | undefined;
  /** Test examples to draw, at the last values of `over`. */
  readonly testSizes?: readonly number[] | undefined;
  /** Numbers of scales to keep, at the last values of `over`. */
  readonly keepScales?: readonly number[] | undefined;
  /** Draws of each test size; default: 200. */
  readonly draws?: number | undefined;
  /** The score that ranks the points; default: bow. */
  readonly by?: ScoreName | undefined;
  /** Smallest change of a curve for its score to count, in the metric's unit; default: 0.1. */
  readonly leastRange?: number | undefined;
}

export interface FamilySweep {
  readonly run: LoadedRun;
  /** The metric at the last value of each axis: the curve whose other causes are examined. */
  readonly probe: Metric;
  readonly by: ScoreName;
  readonly leastRange: number;
  /** Undefined if no parameter is swept. */
  readonly grid: SweptGrid | undefined;
  /** Undefined if neither test sizes nor scales are. */
  readonly causes: Causes | undefined;
}

export interface SweptGrid extends Sweep {
  /** Among the points that rise by at least `leastRange`; undefined if none does. */
  readonly found: { readonly strongest: GridPoint; readonly weakest: GridPoint } | undefined;
  /** Which of them are sharper than smooth growth; undefined if there are too many to test. */
  readonly discoveries: Discoveries | undefined;
}

/**
 * The curve, its range and its scores at each point of a grid, and what small test sets and few scales do to it.
 *
 * @example
 *     const { grid } = await sweep('lenet-mnist', { metric: 'subset-accuracy', over: ['k=1..20'] });
 *     grid?.found?.strongest.metric.id;
 *
 * @throws UsageError for a parameter that the metric does not have, a grid of too many curves, more than the run has
 */
export async function sweep(run: RunLike, options: SweepOptions): Promise<FamilySweep> {
  const { testSizes = [], keepScales = [], by = 'bow', leastRange = 0.1 } = options;
  const draws = drawsOf(options, 200);
  const open = await openRun(run, options);
  const registry = await registryOf(options, open);
  const { metric, parameters } = splitMetric(options.metric, '--metric', registry);
  const axes = (options.over ?? []).map((text) => gridAxis(text, metric));
  refuseAxes(metric, parameters, axes, testSizes.length + keepScales.length > 0);
  const start = Object.fromEntries(axes.map(({ key, values }) => [key, values.at(-1)]));
  for (const { key, values } of axes)
    for (const value of values) choose(metric, { ...parameters, ...start, [key]: value }, '--over');
  const probe = choose(metric, { ...parameters, ...start }, axes.length > 0 ? '--over' : '--metric');
  refuseImpossible(open, [probe], registry, '--metric');
  const loaded = await readRun(open, probe.needs, options);
  refuseOneScale(loaded);
  const causes = { metric: probe, members: loaded.members, testSizes, keptScales: keepScales, draws };
  refuseCauses(causes);
  const request = { metric, parameters, axes, members: loaded.members };
  return {
    ...{ run: loaded, probe, by, leastRange },
    grid: axes.length > 0 ? await gridOf(sweepGrid(request), loaded, { ...options, by, leastRange }) : undefined,
    causes: testSizes.length + keepScales.length > 0 ? causesOf(causes) : undefined,
  };
}

/** As `--grid` of `train` does: of whole numbers that are spaced evenly or in ratio, the nearest ones, each once. */
function gridAxis(text: string, { parameters }: RegisteredMetric): GridAxis {
  const axis = parseAxis(text);
  const schema = (parameters.shape as Readonly<Record<string, unknown>>)[axis.key];
  const isRounded = text.includes(':') && schema instanceof z.ZodNumber && schema.format === 'safeint';
  return isRounded ? { ...axis, values: [...new Set(axis.values.map(Math.round))] } : axis;
}

interface Ranked extends Listener {
  readonly by: ScoreName;
  readonly leastRange: number;
}

async function gridOf(swept: Sweep, { members }: LoadedRun, ranked: Ranked): Promise<SweptGrid> {
  const { by, leastRange, note } = ranked;
  const { points } = swept;
  const found = extremes(points, by, leastRange);
  const moving = points.filter(({ range, scores }) => range >= leastRange && scores.emergence > 0);
  const metrics = moving.map(({ metric }) => metric);
  const discoveries =
    moving.length > mostTested
      ? undefined
      : await track(ranked, 'curves against smooth growth', (onStep) =>
          discoveriesOf(metrics, members, by, { onStep }),
        );
  // A grid may have a single point.
  for (const { metric, values } of found === undefined ? new Set([firstOf(points), lastOf(points)]) : []) {
    const odd = flatness({ metric, members: Array.from(values, (value) => ({ value })) }, members);
    if (odd !== undefined) note?.(`note: ${odd}`);
  }
  const sampled = await track(ranked, 'intervals of scores', (onStep) =>
    sampleScores(swept, members, leastRange, { onStep }),
  );
  return { ...sampled, found, discoveries };
}

const mostCurves = 100_000;

function refuseAxes(
  { name, parameters: { shape } }: RegisteredMetric,
  given: Readonly<Record<string, unknown>>,
  axes: Sweep['axes'],
  hasCauses: boolean,
): void {
  const known = Object.keys(shape);
  const wrong = axes.find(({ key }) => !known.includes(key));
  if (wrong !== undefined)
    throw new UsageError(
      `"${wrong.key}" is not a parameter of ${name}`,
      '--over',
      `known: ${known.join(', ') || 'none'}`,
    );
  if (axes.length > 2) throw new UsageError(`${axes.length} parameters at once`, '--over', 'give one or two');
  const twice = axes.find(({ key }, i) => key in given || axes.findIndex((axis) => axis.key === key) < i);
  if (twice !== undefined) throw new UsageError(`${twice.key} is given twice`, '--over', 'give it once');
  if (axes.length === 0 && !hasCauses)
    throw new UsageError('nothing to sweep', '--over', 'give --over, --test-sizes or --keep-scales');
  const missing = known.find((key) => !(key in given) && !axes.some((axis) => axis.key === key));
  if (missing !== undefined)
    throw new UsageError(
      `${name} has no value for ${missing}`,
      '--metric',
      missing === 'column'
        ? `write for example ${name}:column=mse`
        : `sweep it with --over ${missing}=..., or write ${name}:${missing}=...`,
    );
  const sizes = axes.map(({ values }) => values.length);
  if (sizes.reduce((product, size) => product * size, 1) > mostCurves)
    throw new UsageError(`${sizes.join(' x ')} curves are more than ${mostCurves}`, '--over', 'give fewer values');
}
