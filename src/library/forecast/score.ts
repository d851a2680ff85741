/** Sealed forecasts compared with the members that were trained or imported since. */
import { scoreSeal, type ScoredSeal } from '../../analysis/forecast/sealed.js';
import { commandLine } from '../../machine/installation.js';
import { parseMetric } from '../../metrics/index.js';
import { isOfImported, locateSeal, wordsOfSeal, type Seal } from '../../runs/forecasts.js';
import { checkpoints } from '../../runs/locate.js';
import type { FamilyWords } from '../../runs/words.js';
import { RunError, UsageError } from '../../terminal/errors.js';
import { openRun, registryOf, type MetricOptions } from '../run-and-metrics.js';
import { hashOfMetricFile } from './metrics.js';
import { afterSeal } from './targets.js';

export interface ScoredForecast extends Pick<ScoredSeal, 'scores' | 'missing'> {
  readonly run: string;
  /** The name of its scales. */
  readonly words: FamilyWords;
  readonly seal: Seal;
  readonly file: string;
}

/**
 * A sealed forecast compared with the members that were trained or imported since. `name` is its name, `RUN/NAME` or its file.
 *
 * @throws RunError for one that is void; UsageError if none of its members exists
 */
export async function scoreForecast(name: string, options: MetricOptions = {}): Promise<ScoredForecast> {
  const { root = checkpoints } = options;
  const { runFolder, read } = await locateSeal(name, root);
  const { seal } = read;
  const open = await openRun(runFolder, { ...options, axis: undefined, all: 'ends', probe: seal.probe });
  if (read.unchanged && seal.metricFile !== (await hashOfMetricFile(options)))
    throw new UsageError(
      seal.metricFile === null
        ? 'the forecast was sealed without one'
        : 'the forecast was sealed with another file or an earlier version of it',
      '--metric-file',
      seal.metricFile === null ? 'leave it out' : 'give that one',
    );
  const registry = await registryOf(options, open);
  const { reasons, scores, missing } = await scoreSeal(open, read, (id) => parseMetric(id, seal.name, registry));
  if (reasons.length > 0) throw new RunError(`void and not scored: ${reasons.join('; ')}`, seal.name);
  if (scores.length === 0)
    throw new UsageError(
      `none of its members is ${isOfImported(seal) ? 'imported' : 'trained'} yet`,
      seal.name,
      commandLine(afterSeal(seal, open.record)),
    );
  return { run: open.record.name, words: wordsOfSeal(seal), seal, file: read.file, scores, missing };
}
