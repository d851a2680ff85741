/** Predictions of members that do not exist yet, written to a tamper-evident file. */
import { scalesOf } from '../../analysis/curves.js';
import { forecastDraws, forecastMetric, type MetricForecast } from '../../analysis/forecast/forecast.js';
import { contentOfSeal, refuseInfinite } from '../../analysis/forecast/seal.js';
import { firstOf } from '../../machine/present.js';
import { endOfChain, readSeals, writeSeal, type Seal } from '../../runs/forecasts.js';
import { lockMembers, lockRun } from '../../runs/lock.js';
import type { LoadedRun } from '../../runs/opened.js';
import { memberId, type MemberKey } from '../../runs/record.js';
import { wordsOver } from '../../runs/view.js';
import { UsageError } from '../../terminal/errors.js';
import { counted } from '../../terminal/format.js';
import { stepsOfPart } from '../../terminal/steps.js';
import { drawsOf, refuseName, track, type RunLike } from '../run-and-metrics.js';
import { hashOfMetricFile, readWithMetrics } from './metrics.js';
import { afterSeal, targetsOf, type SealOptions } from './targets.js';

export interface SealedForecast {
  readonly seal: Seal;
  readonly file: string;
  readonly forecasts: readonly MetricForecast[];
  /** The command that makes the predicted members. */
  readonly next: string;
}

/**
 * Predicts members that do not exist yet, and writes the prediction to a tamper-evident file: of a trained family at `widths`, or at
 * `scales` of an axis; of an imported one at `scales` of its coordinate, or of `axis`.
 *
 * @example
 *     const { seal } = await sealForecast('lenet-mnist', { widths: [64], metrics: ['accuracy'], draws: 100 });
 *     seal.digest.length;
 *
 * @throws UsageError for members that are known or in training, and fewer than three known scales
 */
export async function sealForecast(run: RunLike, options: SealOptions): Promise<SealedForecast> {
  return firstOf(await sealForecasts([run], options));
}

/** `sealForecast` of several curves of a run; nothing is written before all are computed. */
export async function sealForecasts(runs: readonly RunLike[], options: SealOptions): Promise<SealedForecast[]> {
  const prepared: (() => Promise<SealedForecast>)[] = [];
  for (const run of runs) prepared.push(await prepareSeal(run, options));
  const sealed: SealedForecast[] = [];
  for (const write of prepared) sealed.push(await write());
  return sealed;
}

/** Computes a forecast; what comes back seals it. */
async function prepareSeal(run: RunLike, options: SealOptions): Promise<() => Promise<SealedForecast>> {
  const draws = drawsOf(options, forecastDraws);
  const { metrics, family: read } = await readWithMetrics(run, options);
  const family = onAxis(read, options);
  const { folder, members, record, words, curve } = family;
  const asked = options.name && `${options.name}${curve?.suffix ?? ''}`;
  const scales = scalesOf(members);
  if (scales.length < 3)
    throw new UsageError(
      `has ${counted(scales.length, `complete ${words.noun}`)}; a forecast needs 3`,
      record.name,
      words.isCoordinate ? words.further : 'train more with --widths',
    );
  const { targets, seeds, place, keys, refuseKnown } = await targetsOf(family, options);
  await endOfChain(folder);
  if (asked !== undefined) refuseName(asked, '--name');
  const parameters = targets.map((target) => target.parameters);
  const forecasts = await track(options, 'forecasts', (onStep) =>
    metrics.map((metric, i) =>
      forecastMetric(metric, members, {
        targets: parameters,
        draws,
        onStep: stepsOfPart(onStep, i, metrics.length),
      }),
    ),
  );
  for (const forecast of forecasts) refuseInfinite(forecast, words);
  const metricFile = await hashOfMetricFile(options);

  return () =>
    underLocks({ folder, keys }, async () => {
      await refuseKnown();
      const last = await endOfChain(folder);
      const previous = last === undefined ? null : { name: last.name, digest: last.digest };
      const { seals: earlier } = await readSeals(folder);
      const taken = earlier.map(({ seal }) => seal.name);
      const name = asked ?? freeName(record.name, taken);
      const content = contentOfSeal({
        ...{ name, number: (last?.number ?? 0) + 1, previous, targets, metricFile, draws },
        ...{ record, place, members, seeds, forecasts },
      });
      const { file, digest } = await writeSeal(folder, content);
      const seal = { ...content, digest };
      const further = options.seeds === undefined ? '' : ` --seeds ${options.seeds.join(',')}`;
      return { seal, file, forecasts, next: `${afterSeal(seal, record)}${further}` };
    });
}

/** While nobody may extend the run or start one of the members. */
async function underLocks<T>(
  { folder, keys }: { readonly folder: string; readonly keys: readonly MemberKey[] },
  work: () => Promise<T>,
): Promise<T> {
  const held = [await lockRun(folder)];
  try {
    held.push(...(await lockMembers(folder, keys.map(memberId))));
    return await work();
  } finally {
    for (const each of held) await each.release();
  }
}

/** Over parameters, widths are a coordinate like any other. */
function onAxis(family: LoadedRun, { axis, scales }: SealOptions): LoadedRun {
  const { words, members } = family;
  if (words.isCoordinate || axis !== 'parameters' || scales === undefined) return family;
  const placed = members.map(({ record, ...rest }) => ({ ...rest, record: { ...record, width: record.parameters } }));
  return { ...family, words: wordsOver('parameters'), members: placed };
}

/** The first of NAME-1, NAME-2, ... that is free. */
function freeName(run: string, taken: readonly string[]): string {
  for (let i = taken.length + 1; ; i++) if (!taken.includes(`${run}-${i}`)) return `${run}-${i}`;
}
