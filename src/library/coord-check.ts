/** A coordinate check: how the layers of an architecture grow with its width while it trains, under both parametrizations. */
import { widthSlopes, type LayerSlopes, type MeasuredLayer } from '../analysis/coord-check.js';
import { checkDefaults, completeExperiment } from '../experiment/options.js';
import { availableCores } from '../experiment/cores.js';
import { parametrizations, resolveExperiment, type ExperimentInput } from '../experiment/schema.js';
import { loadSplits } from '../datasets/index.js';
import { firstOf, nth } from '../machine/present.js';
import { UsageError } from '../terminal/errors.js';

/** Options of `train` that say what is trained; `widths` and `seeds` have different defaults. */
export interface CoordCheckOptions extends Partial<ExperimentInput> {
  readonly arch: ExperimentInput['arch'];
  /** Training steps after which the layers are measured; default: 10. */
  readonly after?: readonly number[] | undefined;
  /** Folder of downloaded datasets. */
  readonly dataDir?: string | undefined;
  /** Called with the next width, and with the progress of TensorFlow's download. */
  readonly note?: ((line: string) => void) | undefined;
}

export interface CoordCheck {
  readonly arch: ExperimentInput['arch'];
  readonly dataset: string;
  readonly optimizer: string;
  readonly learningRate: number;
  readonly baseWidth: number;
  readonly seeds: readonly number[];
  readonly layers: readonly LayerSlopes[];
}

/**
 * Trains the architecture briefly at each width, with the standard parametrization and with muP, and measures the
 * output of each layer for the first batch. Nothing is written.
 *
 * @example
 *     const { layers } = await coordCheck({ arch: 'cnn', dataset: 'shapes', widths: [8, 16], after: [2], batchSize: 16 });
 *     layers.map(({ parametrization, layer, size }) => [parametrization, layer, size.slope, size.verdict]);
 *
 * @throws UsageError for options that contradict each other; RunError if the machine fails
 */
export async function coordCheck(options: CoordCheckOptions): Promise<CoordCheck> {
  const { after = checkDefaults.after, dataDir, note = () => undefined, ...typed } = options;
  const { widths = checkDefaults.widths, seeds = checkDefaults.seeds } = typed;
  if (widths.length < 2) throw new UsageError('one width has no slope', '--widths', 'give two or more');
  const steps = [...after].sort((a, b) => a - b);
  const { askCoordCheck } = await import('../training/ask.js');
  const { refuseUnfit, refuseWidth } = await import('../training/refusals.js');
  const common = {
    learningRate: checkDefaults.learningRate,
    ...typed,
    widths: [firstOf(widths)],
    seeds: [firstOf(seeds)],
  };
  const of = (parametrization: (typeof parametrizations)[number]) => {
    const { baseWidth, ...others } = common;
    const own = parametrization === 'mup' ? { ...others, ...(baseWidth === undefined ? {} : { baseWidth }) } : others;
    return completeExperiment({ ...own, parametrization }, {}).experiment;
  };
  const mup = of('mup');
  for (const width of widths) refuseWidth(mup, width);
  refuseUnfit(mup, await loadSplits(mup.dataset, { ...mup, dataDir }));
  const found: MeasuredLayer[] = [];
  for (const width of widths) {
    note(`width ${width}`);
    const asked = parametrizations.flatMap((parametrization) => seeds.map((seed) => ({ parametrization, seed })));
    const requests = asked.map(({ parametrization, seed }) => ({
      ...{ experiment: resolveExperiment({ ...of(parametrization), widths: [width] }), width, seed, steps, dataDir },
    }));
    const answers = await askCoordCheck(requests, { note, threads: availableCores() });
    asked.forEach((each, i) => {
      found.push(...nth(answers, i).map((layer) => ({ ...each, width, ...layer })));
    });
  }
  const { arch, dataset, optimizer, learningRate, baseWidth = 0 } = mup;
  return { arch, dataset, optimizer, learningRate, baseWidth, seeds, layers: widthSlopes(found) };
}
