/** A folder with an interactive page, figures, tables and text on one or more runs. */
import * as path from 'node:path';
import { readNaturalCurve, readNaturalCurves, type NaturalCurve } from '../analysis/natural.js';
import { parseDatasetName } from '../datasets/index.js';
import type { FileContent } from '../machine/files.js';
import { metrics } from '../metrics/index.js';
import type { Metric } from '../metrics/metric.js';
import { usualFigure, type FigureOptions } from '../report/figures/figure-options.js';
import { imageAccuracy, sequenceAccuracy } from '../metrics/classification.js';
import { firstOf } from '../machine/present.js';
import { isImported, kindOf, pairsOf } from '../runs/imported.js';
import type { OpenRun } from '../runs/opened.js';
import { UsageError } from '../terminal/errors.js';
import { drawsOf, openCurves, parseMetrics, track, type RunLike, type RunOptions } from './run-and-metrics.js';

export interface ReportOptions extends RunOptions {
  /** A factor with a curve, and separate sections, for each of its values. */
  readonly curvePer?: string | undefined;
  /**
   * The metrics that the page starts with: subset-accuracy, reconstruction or sequence-accuracy, one for each kind of
   * run.
   */
  readonly induced?: readonly string[] | undefined;
  /** Published curves; default: `overlay:opt-2digit-addition`. */
  readonly natural?: readonly string[] | undefined;
  /** `images:PATH` or `idx:PATH` of runs that were trained on your own images, for their pictures. */
  readonly datasets?: readonly string[] | undefined;
  /** Bootstrap draws; default: 2000. */
  readonly draws?: number | undefined;
  /** Size, formats and style of the figures; default: as for single figures. */
  readonly figures?: FigureOptions | undefined;
  /** The folder to write; default: `reports/RUN`, for several runs their names joined. */
  readonly output?: string | undefined;
}

export interface WrittenReport {
  readonly folder: string;
  readonly runs: readonly string[];
  /** The text, a line each. */
  readonly summary: readonly string[];
  readonly files: readonly { readonly file: string; readonly bytes: number }[];
}

/** The default published curve of the figures, and the file with the explorer's other curves. */
const usualNatural = 'overlay:opt-2digit-addition';
const explorerFile = 'overlay';

/**
 * Writes a report. The folder's previous content is replaced as a whole, and kept if anything fails.
 *
 * @example
 *     const { files } = await report(['lenet-mnist'], { output: 'reports/mine', draws: 100 });
 *     files.some(({ file }) => file.endsWith('report.html'));
 *
 * @throws UsageError for a folder that is not a report, two runs of one name, or metrics and datasets that no run has
 */
export async function report(runs: readonly RunLike[], options: ReportOptions = {}): Promise<WrittenReport> {
  const { makeReport, refuseOutput, writeReport } = await import('../report/document/report.js');
  const { datasets = [], figures = usualFigure } = options;
  const draws = drawsOf(options, 2000);
  const natural = await naturalCurves(options.natural ?? []);
  const opened: { name: string; open: OpenRun; curves: OpenRun[] }[] = [];
  for (const run of runs) {
    const curves = await openCurves(run, options);
    const open = firstOf(curves);
    const { name } = open.record;
    if (opened.some((other) => other.open.record.name === name))
      throw new UsageError(`two runs are named ${name}`, 'RUN', 'report on them one at a time');
    opened.push({ name: typeof run === 'string' ? run : name, open, curves });
  }
  refuseUnusedDatasets(datasets, opened);
  const induced = inducedMetrics(options.induced ?? [], opened);
  const names = opened.map(({ open }) => open.record.name);
  const folder = options.output ?? path.join('reports', names.join('+'));
  await refuseOutput(folder, '--output');
  const requested = opened.map(({ name, curves }, i) => ({ name, curves, induced: induced[i] }));
  const made = await track(options, 'per cent of the report', (onStep) =>
    makeReport({ runs: requested, natural, datasets, draws, figures, onStep }),
  );
  for (const line of made.warnings) options.note?.(line);
  await writeReport(folder, made);
  const files = [...made.files].map(([file, content]) => {
    return { file: path.join(folder, file), bytes: bytesIn(content) };
  });
  return { folder, runs: names, summary: made.report.summary, files };
}

/** The requested curves, or the usual one, followed by all others of the explorer's file. */
async function naturalCurves(asked: readonly string[]) {
  const texts = asked.length === 0 ? [usualNatural] : asked;
  const curves: { curve: NaturalCurve; text: string; inFigures: boolean }[] = [];
  for (const text of texts) curves.push({ curve: await readNaturalCurve(text), text, inFigures: true });
  const twice = curves.find(({ curve }, i) => curves.findIndex((other) => other.curve.name === curve.name) < i);
  if (twice !== undefined) throw new UsageError(`${twice.text} is given twice`, '--natural', 'give it once');
  const { curves: further } = await readNaturalCurves(explorerFile);
  const others = further.filter(({ name }) => !curves.some(({ curve }) => curve.name === name));
  return [...curves, ...others.map((curve) => ({ curve, text: `${explorerFile}:${curve.name}`, inFigures: false }))];
}

type Opened = readonly { readonly open: OpenRun }[];

/** Datasets without a path need not be given, and those with one must belong to some run. */
function refuseUnusedDatasets(given: readonly string[], runs: Opened): void {
  const flag = '--dataset';
  for (const text of given) {
    const { source, argument } = parseDatasetName(text, flag);
    if (argument === '') throw new UsageError(`${text} is found by its name, not by a path`, flag, 'leave it out');
    const isOf = ({ open: { record } }: Opened[number]) =>
      !isImported(record) && record.experiment.dataset.startsWith(source.name);
    if (!runs.some(isOf)) throw new UsageError(`no run here was trained on ${source.name}PATH`, flag, 'leave it out');
  }
}

const thresholds = {
  classification: 'subset-accuracy',
  reconstruction: 'reconstruction',
  sequences: 'sequence-accuracy',
} as const;

/** For each run the requested metric, if one of them is of its kind. */
function inducedMetrics(texts: readonly string[], runs: Opened): (Metric | undefined)[] {
  const flag = '--induced';
  const asked = parseMetrics(texts, metrics, flag);
  const names: readonly string[] = runs.map(({ open }) => thresholds[kindOf(open.record)]);
  const twice = asked.find(({ name }, i) => asked.findIndex((other) => other.name === name) < i);
  if (twice !== undefined) throw new UsageError(`${twice.name} is given twice`, flag, 'give it once');
  const unfit = asked.find(({ name }) => !names.includes(name));
  if (unfit !== undefined)
    throw new UsageError(
      `${unfit.id} is not a threshold metric of these runs`,
      flag,
      `they have ${[...new Set(names)].join(', ')}`,
    );
  return runs.map(({ open }, i) => {
    const metric = asked.find(({ name }) => name === names[i]);
    const pairs = pairsOf(open.record);
    if (metric?.name === 'sequence-accuracy' && Number(metric.parameters['l']) > pairs)
      throw new UsageError(`sequences of ${open.record.name} have ${pairs} images`, flag, `give l=${pairs} at most`);
    if (metric !== undefined || kindOf(open.record) !== 'sequences' || pairs > 1) return metric;
    // The page moves a threshold, and of the last image of a probe there is this one alone, which is accuracy.
    return { ...sequenceAccuracy.with({ l: 1 }), title: imageAccuracy.with({}).title };
  });
}

function bytesIn(content: FileContent): number {
  if (typeof content === 'string') return Buffer.byteLength(content);
  return content instanceof Uint8Array ? content.length : content.reduce((sum, piece) => sum + piece.length, 0);
}
