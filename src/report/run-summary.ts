/** The summary at the end of a run: a table, and a picture of its curves beside run.json. Uses stored outcomes only. */
import * as path from 'node:path';
import { defaultInduced, defaultMetrics } from '../analysis/defaults.js';
import { compareSharpness, type Sharpness } from '../analysis/sharpness.js';
import { oneAnswer } from '../analysis/evaluate.js';
import { outcomeKinds } from '../experiment/architectures.js';
import { writeOutputs, type OutputFile } from '../machine/files.js';
import { firstOf, nth } from '../machine/present.js';
import { curve, type MemberOutcomes } from '../metrics/curve.js';
import type { Measurement, Metric } from '../metrics/metric.js';
import { mean } from '../statistics/mean.js';
import { overSeeds } from '../statistics/seeds.js';
import { isImported } from '../runs/imported.js';
import { readColumns } from '../runs/load.js';
import { openRunFolder } from '../runs/open.js';
import type { FamilyMember } from '../runs/opened.js';
import { readStrips } from '../runs/pictures.js';
import type { RunRecord } from '../runs/record.js';
import { readRunRecord } from '../runs/run.js';
import { verifyRun, whyMissing } from '../runs/verify.js';
import type { FamilyWords } from '../runs/words.js';
import { RunError } from '../terminal/errors.js';
import { describeSharpness } from './document/findings.js';
import { drawFigure, drawPicture } from './figures/files.js';
import { usualFigure, type FigureOptions } from './figures/figure-options.js';
import { reconstructionsSvg } from './figures/reconstructions.js';
import { curvesFigure } from './figures/train.js';
import { summaryColumns, summaryContentOf, type SummaryContent } from './summary-content.js';
import { membersTable, printed as printedTable, type MembersColumn } from './tables/members.js';

/** A complete member and its results. */
export interface SummaryRow {
  readonly id: string;
  readonly width: number;
  readonly seed: number;
  /** Trainable parameters. */
  readonly parameters: number;
  /** By metric id; null if the test set is too small for the metric. */
  readonly metrics: Readonly<Record<string, Measurement | null>>;
  /** Time of training and evaluation. */
  readonly seconds: number;
}

export interface TrainingSummary {
  /** The complete members, by width and seed. */
  readonly rows: readonly SummaryRow[];
  /** For a terminal; ends with a line for every missing member. */
  readonly table: string;
  /** Findings on the standard and the induced curve, in sentences; none for a single width. */
  readonly findings: readonly string[];
  /** The numbers behind the findings; undefined for a single width, or a test set too small for the induced metric. */
  readonly sharpness: Sharpness | undefined;
  /** Number of incomplete members. */
  readonly missing: number;
  /** Paths of the pictures. */
  readonly figures: readonly string[];
}

/**
 * Reads every complete member's outcomes and draws the pictures into the run's folder.
 *
 * @throws RunError if there is no run, no member of it is complete, or it can't be read or written
 */
export async function summariseRun(folder: string, printed: FigureOptions = usualFigure): Promise<TrainingSummary> {
  const run = await readRunRecord(folder);
  if (run === undefined) throw new RunError('there is no run here: run.json is missing', folder);
  const states = (await verifyRun(folder)).sort((a, b) => a.key.width - b.key.width || a.key.seed - b.key.seed);
  const incomplete = states.filter(({ status }) => status !== 'complete');
  const absent = incomplete.map((state) => `${state.id} (${whyMissing(state) ?? ''})`);
  const whole = new Set(states.flatMap(({ status, id }) => (status === 'complete' ? [id] : [])));
  if (whole.size === 0) throw new RunError(`no member of this run is complete: ${absent.join(', ')}`, folder);
  const open = await openRunFolder(folder);
  const shown = open.complete.filter(({ id }) => whole.has(id));
  const loaded = await readColumns({ ...open, complete: shown }, summaryColumns[outcomeKinds[run.experiment.arch]]);
  const { words, members, notes } = loaded;
  const record = isImported(loaded.record) ? run : loaded.record;
  const summary = summaryContentOf(record, members);
  const rows = members.map((member) => rowOf(member, summary.table));
  const drawn = { record, words, members, missing: incomplete.length, summary, printed };
  const reconstructions = await drawReconstructions(folder, drawn);
  const pictures = await writeOutputs([...(await drawCurves(folder, drawn)), ...reconstructions.files]);
  const sharpness = sharpnessOf(record, members);
  const lines = [
    ...notes.map((line) => `note: ${line}`),
    ...summaryLines(rows, summary, words),
    ...absent.map((text) => `not included: ${text}`),
    ...reconstructions.problems,
    ...guessing(rows, members),
    ...oneAnswer(members, record.dataset),
  ];
  const findings = sharpness === undefined ? [] : describeSharpness(sharpness, widthsOf(members), words);
  return {
    rows,
    table: lines.join('\n'),
    findings,
    sharpness,
    missing: incomplete.length,
    figures: pictures,
  };
}

/** A line per member, or per width if there are several seeds; then what the intervals are. */
function summaryLines(
  rows: readonly SummaryRow[],
  { table, figures, testSet, sampling }: SummaryContent,
  words: FamilyWords,
): string[] {
  // Only for what is drawn: with all intervals the line would be wider than a terminal; `evaluate` has them.
  const withIntervals = new Set(figures.flatMap(({ metrics }) => metrics.map(({ id }) => id)));
  const ofColumn = ({ id }: Metric, cell: MembersColumn['values'][number]): MembersColumn['values'][number] =>
    withIntervals.has(id) ? cell : { value: cell.value };
  const severalSeeds = new Set(rows.map(({ seed }) => seed)).size > 1;
  const note = sampling.note === undefined ? [] : [sampling.note];
  if (!severalSeeds) {
    const columns = table.map((metric): MembersColumn => {
      return { metric, values: rows.map(({ metrics }) => ofColumn(metric, metrics[metric.id] ?? { value: NaN })) };
    });
    const drawn = table.filter(({ id }) => withIntervals.has(id));
    const intervals = [...new Set(drawn.map(({ interval }) => interval))].join('; ');
    return [
      printedTable(membersTable(rows, columns, words)),
      `In brackets: 95 % intervals over the sampling of ${sampling.text} (${intervals}).`,
      ...note,
    ];
  }
  const scales = [...new Set(rows.map(({ width }) => width))].map((width) => rows.filter((row) => row.width === width));
  return [
    printedTable(
      membersTable(
        scales.map((seeds) => ({
          ...{ width: firstOf(seeds).width, parameters: firstOf(seeds).parameters, seeds: seeds.length },
          seconds: mean(seeds.map(({ seconds }) => seconds)),
        })),
        table.map((metric) => ({
          metric,
          values: scales.map((seeds) => ofColumn(metric, meanOfSeeds(metric, seeds))),
        })),
        words,
      ),
    ),
    `Means over seeds, each on ${testSet}; seconds are per member.`,
    "In brackets: 95 % intervals of the mean over seeds (Student's t; for shares, on the logit scale).",
    ...note,
  ];
}

/**
 * The mean with its interval, if at least two seeds differ: identical seeds would give a misleading interval of no
 * width.
 */
function meanOfSeeds(metric: Metric, seeds: readonly SummaryRow[]): MembersColumn['values'][number] {
  const measured = seeds.flatMap(({ metrics }) => metrics[metric.id] ?? []);
  const values = measured.map(({ value }) => value);
  const differ = new Set(values).size > 1 && values.every(Number.isFinite);
  return { value: mean(values), ...(differ ? overSeeds(values, metric.limits, (place) => nth(measured, place)) : {}) };
}

/** Undefined for families of one width, or if the test set is too small for the induced metric. */
function sharpnessOf(record: RunRecord, members: readonly SummaryMember[]): Sharpness | undefined {
  const { standard } = defaultMetrics(record, members);
  const induced = defaultInduced(record, members);
  const isShown = widthsOf(members).length > 1 && fits(induced.metric, rowsOf(firstOf(members).outcomes));
  if (!isShown) return undefined;
  // Statements at the end of training rest on the paired contrast alone.
  return compareSharpness({ standard: { metric: standard }, induced, members, nullDraws: 0 });
}

function widthsOf(members: readonly SummaryMember[]): number[] {
  return [...new Set(members.map(({ record }) => record.width))];
}

interface SummaryMember extends MemberOutcomes {
  readonly record: FamilyMember;
  readonly folder: string;
}

function rowOf({ record, outcomes }: SummaryMember, metrics: readonly Metric[]): SummaryRow {
  const { id, width, seed, parameters, trained } = record;
  return {
    ...{ id, width, seed, parameters },
    metrics: Object.fromEntries(
      metrics.map((metric) => [metric.id, fits(metric, rowsOf(outcomes)) ? metric.measure(outcomes) : null]),
    ),
    seconds: (trained?.trainingSeconds ?? 0) + (trained?.evaluationSeconds ?? 0),
  };
}

/** Number of rows of the columns read. */
function rowsOf(outcomes: MemberOutcomes['outcomes']): number {
  return Object.values(outcomes)[0]?.length ?? 0;
}

function fits(metric: Metric, testCount: number): boolean {
  return metric.refuses(testCount) === undefined;
}

/** A line on members that do worse than giving every class the same probability. */
function guessing(rows: readonly SummaryRow[], members: readonly SummaryMember[]): string[] {
  const found = new Map<number, string[]>();
  rows.forEach(({ id, metrics }, i) => {
    const { classes = Infinity } = nth(members, i).record.coordinates;
    if ((metrics['cross-entropy']?.value ?? 0) > Math.log(classes))
      found.set(classes, [...(found.get(classes) ?? []), id]);
  });
  return [...found].map(
    ([classes, ids]) =>
      `cross-entropy above ln ${classes} = ${Math.log(classes).toFixed(3)} nats, the value of equal chances for every class: ` +
      `${ids.join(', ')}; hardly trained, overfitted, or --learning-rate too large`,
  );
}

interface ShownRun {
  readonly record: RunRecord;
  readonly words: FamilyWords;
  readonly members: readonly SummaryMember[];
  readonly missing: number;
  readonly summary: SummaryContent;
  readonly printed: FigureOptions;
}

async function drawCurves(
  folder: string,
  { record, words, members, missing, summary, printed }: ShownRun,
): Promise<OutputFile[]> {
  const { arch, dataset } = record.experiment;
  const files: OutputFile[] = [];
  for (const { name, metrics, vertical, axis } of summary.figures) {
    const curves = metrics
      .filter((metric) => fits(metric, rowsOf(firstOf(members).outcomes)))
      .map((metric) => curve(metric, members));
    const { testSet, sampling } = summary;
    const about = {
      ...{ run: record.name, arch, dataset, curves, missing, vertical, axis, testSet, drawOf: sampling.of },
      words,
    };
    files.push(...(await drawFigure(path.join(folder, name), curvesFigure(about), printed)));
  }
  return files;
}

/** For families that reconstruct images: the same test images by the first seed of every width. */
async function drawReconstructions(
  folder: string,
  { record, members, printed }: ShownRun,
): Promise<{ files: OutputFile[]; problems: readonly string[] }> {
  const { strips, problems } = await readStrips(record, members);
  if (strips.length === 0) return { files: [], problems };
  const svg = await reconstructionsSvg(strips, printed.size);
  return { files: await drawPicture(path.join(folder, 'reconstructions'), svg, printed), problems };
}
