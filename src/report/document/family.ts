/** Everything a report says about one run, computed from its stored outcomes. */
import { scalesOf } from '../../analysis/scales.js';
import { present } from '../../machine/present.js';
import { parseAxis } from '../../terminal/grid-axis.js';
import { compareCurves, type Comparison, type PublishedCurve } from '../../analysis/compare.js';
import { defaultColumnsOf, defaultInduced, defaultMetrics } from '../../analysis/defaults.js';
import { evaluateMetric, type MetricEvaluation } from '../../analysis/evaluate.js';
import { scoreSeal, type ScoredSeal } from '../../analysis/forecast/sealed.js';
import { seedDistribution, type SeedDistribution } from '../../analysis/seeds.js';
import { sampleScores, sweepGrid, type Sweep } from '../../analysis/sweep.js';
import { sweepScales, sweepTestSizes, type ResampledCurve } from '../../analysis/subsampling.js';
import { metrics, parseMetric, type RegisteredMetric } from '../../metrics/index.js';
import type { Metric } from '../../metrics/metric.js';
import { kindOf, pairsOf } from '../../runs/imported.js';
import { readSeals } from '../../runs/forecasts.js';
import { readColumns } from '../../runs/load.js';
import type { FamilyMember, LoadedRun, OpenRun } from '../../runs/opened.js';
import type { OutcomeName, OutcomeTable } from '../../runs/outcomes.js';
import { quantile } from '../../statistics/bootstrap.js';
import { UsageError } from '../../terminal/errors.js';
import type { OnStep } from '../../terminal/steps.js';
import { meanLoss, type MeanLosses } from '../explorer/points.js';
import { aboutFamily } from '../tables/compare.js';

export interface FamilyRequest {
  /** As the user named it. */
  readonly name: string;
  readonly open: OpenRun;
  /** Default: the induced metric of `train`. */
  readonly induced: Metric | undefined;
  readonly natural: readonly PublishedCurve[];
  readonly draws: number;
  readonly onStep?: OnStep;
}

export interface AnalysedFamily {
  readonly run: LoadedRun;
  /** Means over the test set of what training minimises, where outcomes have it. */
  readonly losses: MeanLosses;
  readonly about: string;
  readonly standard: Metric;
  readonly induced: Metric;
  /** Whether the induced metric is the lab's default, which for autoencoders is chosen from the outcomes. */
  readonly isUsual: boolean;
  readonly comparison: Comparison;
  readonly evaluations: readonly [standard: MetricEvaluation, induced: MetricEvaluation];
  readonly sweep: Sweep;
  /** In the form of `--over`. */
  readonly over: string;
  readonly causes: { readonly testSizes: readonly ResampledCurve[]; readonly keptScales: readonly ResampledCurve[] };
  readonly sizes: readonly number[];
  readonly kept: readonly number[];
  /** Seeds under the standard metric; undefined if a width has too few. */
  readonly seeds: SeedDistribution | undefined;
  /** In the order they were sealed, without those with a user-defined metric. */
  readonly forecasts: readonly ScoredSeal[];
  /** Files beside them that are damaged or not forecasts, one line each. */
  readonly unreadableForecasts: readonly string[];
}

/**
 * Stem for the names of a curve's files, tables and sections: the run's name, with the factor's value if it has several
 * curves.
 */
export function stemOf({ record, curve }: Pick<LoadedRun, 'record' | 'curve'>): string {
  return `${record.name}${curve?.suffix ?? ''}`;
}

/** Fewest seeds of each width: with fewer, neither the dip nor a mixture of two normals can detect a shape. */
const leastSeeds = 8;
/** Curves that change by less have no score in the figure of thresholds. */
export const leastMovement = 0.1;

/** Columns beyond those of the metrics: which example a row is. */
const keyColumns: readonly OutcomeName[] = ['example', 'label'];

/** Throws UsageError if the run has a single width, RunError if it can't be read. */
export async function analyseFamily(request: FamilyRequest): Promise<AnalysedFamily> {
  const { name, open, induced, natural, draws, onStep } = request;
  const losses = new Map<FamilyMember, number>();
  const run = await readColumns(
    open,
    [...new Set([...defaultColumnsOf(open), ...keyColumns.filter((name) => open.columns.includes(name))])],
    // What the page has of a loss is its mean: kept in place of a column that nothing else here reads, four times as
    // large as the rest.
    (outcomes, member) => {
      const loss = meanLoss({ outcomes }, undefined);
      if (loss !== undefined) losses.set(member, loss);
      return kindOf(open.record) === 'classification' ? withoutLogs(outcomes) : outcomes;
    },
  );
  const widths = new Set(run.members.map(({ record }) => record.width)).size;
  const without = run.absent.length === 0 ? '' : ` without ${run.absent.join('; ')}`;
  if (widths < 2)
    throw new UsageError(`has one ${run.words.noun}${without}, but a curve needs two`, name, run.words.further);
  const usual = defaultMetrics(run.record, run.members);
  const [standard, chosen] = [usual.standard, induced ?? usual.induced];
  const about = aboutFamily(run.record, widths, run.words);
  const { members } = run;
  const evaluations = [
    evaluateMetric(standard, members, { draws }),
    evaluateMetric(chosen, members, { draws }),
  ] as const;
  const { count } = evaluations[1];
  const over = overText(chosen, run, count);
  const sizes = [100, 1000, 10_000, 100_000].filter((size) => size <= count && chosen.refuses(size) === undefined);
  const kept = keptOf(widths);
  return {
    ...{
      run,
      losses,
      about,
      standard,
      induced: chosen,
      isUsual: induced === undefined,
      evaluations,
      over,
      sizes,
      kept,
    },
    comparison: compareCurves({
      run: run.label,
      about,
      standard: { metric: standard },
      induced: induced === undefined ? defaultInduced(run.record, members) : { metric: induced },
      members,
      natural,
      draws,
      ...(onStep && { onStep }),
    }),
    seeds: fewestSeeds(members) < leastSeeds ? undefined : seedDistribution(standard, members),
    // Forecasts are for all widths as one curve.
    ...(open.curve === undefined ? await forecastsOf(open) : { forecasts: [], unreadableForecasts: [] }),
    sweep: sampleScores(
      sweepGrid({ metric: registered(chosen), parameters: {}, axes: [parseAxis(over)], members }),
      members,
      leastMovement,
    ),
    causes: {
      testSizes: sweepTestSizes({ metric: chosen, members, sizes, draws: 200 }),
      keptScales: sweepScales({ metric: chosen, members, sizes: kept }),
    },
  };
}

/**
 * Every number of scales is evaluated if there are as many as these at most, otherwise as many of them, spaced in
 * ratio.
 */
const mostKept = 30;

/** Numbers of scales to keep: from 3 to all but one. */
function keptOf(scales: number): number[] {
  const [least, most] = [3, scales - 1];
  const count = most - least + 1;
  if (count <= mostKept) return Array.from({ length: Math.max(0, count) }, (_, i) => least + i);
  const ratio = Math.log(most / least) / (mostKept - 1);
  return [...new Set(Array.from({ length: mostKept }, (_, i) => Math.round(least * Math.exp(i * ratio))))];
}

function withoutLogs(outcomes: Partial<OutcomeTable>): Partial<OutcomeTable> {
  return Object.fromEntries(Object.entries(outcomes).filter(([name]) => name !== 'log_probability'));
}

function fewestSeeds(members: LoadedRun['members']): number {
  return Math.min(...scalesOf(members).map((scale) => scale.members.length));
}

async function forecastsOf(
  open: OpenRun,
): Promise<{ forecasts: ScoredSeal[]; unreadableForecasts: readonly string[] }> {
  const { seals, unreadable } = await readSeals(open.folder);
  const own = seals.filter(({ seal }) => seal.metricFile === null);
  const forecasts = await Promise.all(
    own.map((read) => scoreSeal(open, read, (id) => parseMetric(id, read.seal.name))),
  );
  return { forecasts, unreadableForecasts: unreadable };
}

function registered({ name }: Metric): RegisteredMetric {
  return metrics[name as keyof typeof metrics];
}

/** A useful range of thresholds: K to 100, every L, cutoffs over the decades spanned by the errors. */
function overText({ name }: Metric, { members, record }: LoadedRun, count: number): string {
  if (name === 'subset-accuracy') return `k=1..${Math.min(100, count)}`;
  if (name === 'sequence-accuracy') return `l=1..${pairsOf(record)}`;
  const ends = members.map(({ outcomes }) => {
    const ascending = Float32Array.from(present(outcomes.mse)).sort();
    return [quantile(ascending, 0.01), quantile(ascending, 0.99)] as const;
  });
  const least = Math.floor(Math.log10(Math.max(1e-12, Math.min(...ends.map(([low]) => low)))));
  const most = Math.max(least + 1, Math.ceil(Math.log10(Math.max(...ends.map(([, high]) => high)) || 1)));
  return `c=1e${least}:1e${most}:200:log`;
}
