/** `emergence report` as a function: runs in, a folder of files out. Uses stored outcomes only. */
import * as path from 'node:path';
import sharp from 'sharp';
import * as z from 'zod';
import { comparePublished, type PublishedCurve } from '../../analysis/compare.js';
import type { NaturalCurve } from '../../analysis/natural.js';
import { predictFromStandard } from '../../analysis/independence.js';
import { scoreNames } from '../../analysis/scores.js';
import { readFileIfThere } from '../../machine/files.js';
import { refuseForeignFolder, writeFolder, type FolderContent } from '../../machine/folder-swap.js';
import { nth, present } from '../../machine/present.js';
import type { Metric } from '../../metrics/metric.js';
import { isImported, makeOf } from '../../runs/imported.js';
import type { OpenRun } from '../../runs/opened.js';
import { readStrips, type MemberStrips } from '../../runs/pictures.js';
import { formatNumber, withSpaces } from '../../terminal/format.js';
import type { OnStep } from '../../terminal/steps.js';
import { tablesOf, type ReportFigure, type Report } from './blocks.js';
import { analyseFamily, leastMovement, stemOf, type AnalysedFamily } from './family.js';
import { latexTable } from './latex.js';
import { markdownOf } from './markdown.js';
import { commandOf, storyOf, type ReportedFamily } from './story.js';
import { shellWord } from '../../terminal/shell.js';
import { comparisonFigure } from '../figures/compare.js';
import type { Figure as Picture } from '../figures/layout.js';
import { figureSpec } from '../figures/spec.js';
import { parseSize, pixelsPerInch, usualFigure, type FigureOptions } from '../figures/print.js';
import { reconstructionsSvg } from '../figures/reconstructions.js';
import { seedsFigure } from '../figures/seeds.js';
import { together } from '../figures/together.js';
import { causesFigure, sweepFigure } from '../figures/sweep.js';
import { compact, outcomeBudget } from '../explorer/compact.js';
import { unitsText, type PageData, type PageNatural, type PageRun } from '../explorer/data.js';
import { Family } from '../explorer/family.js';
import { placed } from '../explorer/places.js';
import { pagePoints } from '../explorer/points.js';
import { pageOf, type PageImage } from '../explorer/html.js';
import { examplePictures, reconstructionsOf } from '../explorer/pictures.js';
import { rendered, toPng, toSvg } from '../figures/render.js';
import { csvText } from '../tables/text-table.js';
import { theme } from '../figures/theme.js';
import { commandLine } from '../../machine/installation.js';

export interface ReportRequest {
  /** At least one, with different names. */
  readonly runs: readonly {
    readonly name: string;
    /** Its curves, at least one; several if each value of a factor has its own. */
    readonly curves: readonly OpenRun[];
    readonly induced: Metric | undefined;
  }[];
  /** Those in the figures first, then those only in the explorer. */
  readonly natural: readonly { readonly curve: NaturalCurve; readonly text: string; readonly inFigures: boolean }[];
  /** Datasets whose path the user gave, such as `images:PATH`: paths in a run's own record are not read. */
  readonly datasets?: readonly string[];
  readonly draws: number;
  /** Format of its figures; default: the usual one. */
  readonly figures?: FigureOptions;
  /** Called with hundredths of the whole. */
  readonly onStep?: OnStep;
}

export interface MadeReport {
  readonly report: Report;
  readonly files: FolderContent;
  /** Missing members and pictures, one line each. */
  readonly warnings: readonly string[];
}

/** Marks a folder as a report, and lists its files. */
const manifestName = 'report.json';

const manifestSchema = z.looseObject({
  kind: z.literal('emergence report'),
  format: z.literal(1),
  files: z.array(z.string()),
});

/** The files of a report folder; undefined if the folder is not a report. */
async function filesOfReport(folder: string): Promise<readonly string[] | undefined> {
  const bytes = await readFileIfThere(path.join(folder, manifestName));
  if (bytes === undefined) return undefined;
  try {
    const manifest = manifestSchema.safeParse(JSON.parse(bytes.toString('utf8')));
    return manifest.success ? [...manifest.data.files, manifestName] : undefined;
  } catch {
    // Not JSON, so not ours.
    return undefined;
  }
}

/** Throws UsageError if a report can't be written to the folder. */
export function refuseOutput(folder: string, where: string): Promise<void> {
  return refuseForeignFolder(folder, filesOfReport, where);
}

/** Writes the files to the folder, all or none. */
export async function writeReport(folder: string, { files }: Pick<MadeReport, 'files'>): Promise<void> {
  await writeFolder(folder, files);
}

/** Shares of the time for a run; its figures take the rest. */
const shares = { analysis: 0.5, page: 0.1 };

/** Throws UsageError and RunError like `analyseFamily`. */
export async function makeReport({
  runs,
  natural,
  datasets = [],
  draws,
  figures: printed = usualFigure,
  onStep,
}: ReportRequest): Promise<MadeReport> {
  const warnings: string[] = [];
  const files = new Map<string, string | Uint8Array>();
  const images = new Map<string, PageImage>();
  const inFigures = natural.filter((each) => each.inFigures);
  const families: ReportedFamily[] = [];
  const pages: PageRun[] = [];
  const budget = Math.floor(outcomeBudget / runs.length);
  const of = runs.reduce((sum, { curves }) => sum + curves.length, 0);
  for (const { name, curves, induced } of runs) {
    const found: AnalysedFamily[] = [];
    const begun = families.length;
    const step = (share: number) => onStep?.(Math.floor((100 * (begun + share)) / of), 100);
    for (const [i, open] of curves.entries())
      found.push(
        await analyseFamily({
          name,
          open,
          induced,
          draws,
          natural: inFigures.map(({ curve }) => published(curve)),
          onStep: (done, all) => step(shares.analysis * (i + done / all)),
        }),
      );
    const first = nth(found, 0);
    const missing = [...first.run.absent, ...first.unreadableForecasts];
    warnings.push(...missing.map((line) => `not included: ${line}`));
    const { record } = first.run;
    const members = found.flatMap(({ run }) => run.members);
    const { strips, problems } = isImported(record) ? { strips: [], problems: [] } : await readStrips(record, members);
    warnings.push(...problems);
    const page = await pageRunOf(found, { budget, strips, datasets });
    warnings.push(...page.problems);
    pages.push(page.run);
    step(curves.length * (shares.analysis + shares.page));
    const drawing = { files, images, printed, strips, natural: inFigures.map(({ text }) => text) };
    const inOne = await drawTogether(found, drawing);
    for (const [i, analysed] of found.entries())
      families.push({
        ...analysed,
        figures: await figuresOf(analysed, { ...drawing, strips: i === 0 ? strips : [] }),
        seedsFigure: await drawSeeds(analysed, drawing),
        pageNotes: i === 0 ? page.notes : [],
        together: i === 0 ? inOne : undefined,
      });
  }
  const report = storyOf(families);
  const data: PageData = { runs: pages, natural: natural.map(({ curve }) => pageNatural(curve, draws)) };
  for (const table of tablesOf(report)) {
    if (table.raw === undefined) continue;
    files.set(`tables/${table.name}.csv`, csvText(table.raw.heading, table.raw.lines));
    files.set(`tables/${table.name}.tex`, latexTable(table));
  }
  files.set('report.md', markdownOf(report));
  files.set('report.html', await pageOf({ report, data, images }));
  files.set(manifestName, manifestOf(families, [...files.keys()]));
  return { report, files, warnings };
}

function manifestOf(families: readonly ReportedFamily[], files: readonly string[]): string {
  const runs = families.map((family) => {
    const { record, members, absent } = family.run;
    const { name, created, dataset, versions, gitCommit } = record;
    const device = isImported(record) ? null : record.device;
    return {
      ...{ name, created, device, versions, gitCommit, fingerprint: dataset.fingerprint, arch: makeOf(record) },
      ...{ members: members.map((member) => member.record.id), absent },
      ...{ standard: family.standard.id, induced: family.induced.id, train: commandOf(family.run.record) },
    };
  });
  return `${JSON.stringify({ kind: 'emergence report', format: 1, runs, files }, null, 2)}\n`;
}

function published({ name, unit, better, points }: NaturalCurve): PublishedCurve {
  return { name, unit, better, points };
}

interface PageOfRun {
  readonly run: PageRun;
  /** What is less exact in the page than in the files. */
  readonly notes: readonly string[];
  readonly problems: readonly string[];
}

interface PageSources {
  /** Bytes allowed for outcomes. */
  readonly budget: number;
  readonly strips: readonly MemberStrips[];
  readonly datasets: readonly string[];
}

/** @param families the curves of one run */
async function pageRunOf(
  families: readonly AnalysedFamily[],
  { budget, strips, datasets }: PageSources,
): Promise<PageOfRun> {
  // The last one has the largest value of the factor.
  const { run: last, about, induced } = nth(families, -1);
  const curves = families.map(({ run }) => run);
  const loaded = { ...last, members: curves.flatMap(({ members }) => members) };
  const { points, rowsAtMoments, first, absent } = await pagePoints(curves);
  const { run: compacted, order } = compact({
    record: loaded.record,
    members: loaded.members,
    ...{ points, rowsAtMoments, first },
    words: loaded.words,
    induced,
    budget,
  });
  const bare: PageRun = { ...compacted, about, pictures: '', reconstructions: null };
  const whole = nth(points, 0).outcomes;
  const { pictures, problem } = await examplePictures({ loaded, whole, run: bare, order, datasets });
  const reconstructions = reconstructionsOf(strips, { loaded, run: bare, order });
  return {
    run: { ...bare, pictures, reconstructions },
    notes: pageNotes(bare, { loaded, induced }),
    problems: [
      ...absent.filter((line) => !loaded.absent.includes(line)).map((line) => `not included: ${line}`),
      ...(problem === undefined ? [] : [problem]),
    ],
  };
}

/** How close the page's numbers are to those in the tables, as measured here. */
function pageNotes(run: PageRun, { loaded, induced }: { loaded: AnalysedFamily['run']; induced: Metric }): string[] {
  if (run.count < run.total) {
    return [
      `The explorer works on ${withSpaces(run.count)} of the ${withSpaces(run.total)} test ${unitsText(run)}, drawn at random, the same for all members, to keep the page small; its values are estimates of those in the tables.`,
    ];
  }
  if (run.outcomes.kind !== 'reconstruction')
    return [
      'The explorer has every outcome: its values equal those in the tables; its intervals come from its own bootstrap.',
    ];
  const view = placed(run, run.first);
  const { members } = nth(view.curves, -1);
  const { predicted } = new Family(run).explore({
    threshold: run.induced.chosen,
    size: view.units,
    members,
    axis: view.by,
  });
  const exact = present(predictFromStandard(induced, loaded.members)).memberValues;
  const exactOf = new Map(loaded.members.map(({ record }, i) => [record.id, nth(exact, i)]));
  // A member that could be read for only one of the two cannot be compared.
  const differences = members.flatMap(({ place }, i) => {
    const value = exactOf.get(nth(run.members, place).id);
    return value === undefined ? [] : Math.abs(value - nth(predicted.members, i));
  });
  const difference = Math.max(0, ...differences);
  const { options } = run.induced;
  const step = Math.max(0, ...options.slice(1).map((cutoff, i) => cutoff / nth(options, i) - 1));
  return [
    `The explorer stores each error as its place among ${options.length} cutoffs. Shares below a cutoff of its slider and mean errors on the whole test set are exact; on smaller test sets each error is known to within the ${formatNumber(100 * step, 2)} % between two cutoffs. The prediction from independence is within ${formatNumber(difference, 2)} of the exact value at c = ${run.induced.chosen}.`,
  ];
}

interface Drawing {
  readonly files: Map<string, string | Uint8Array>;
  readonly images: Map<string, PageImage>;
  readonly printed: FigureOptions;
  readonly strips: readonly MemberStrips[];
  /** In the form of `--natural`. */
  readonly natural: readonly string[];
}

/** Draws a run's figures into the files; the comparison is the first. */
async function figuresOf(family: AnalysedFamily, drawing: Drawing): Promise<ReportFigure[]> {
  const { run, standard, induced, isUsual, comparison, sweep, over, causes, sizes, kept } = family;
  const { words, record } = run;
  const { name } = record;
  const stem = stemOf(run);
  // The axis that the curves are drawn over, if it is not the run's own.
  const axis = isImported(record)
    ? `${words.axis === record.axis ? '' : ` --axis ${words.axis}`}${heldFlags(run)}`
    : viewFlags(run);
  const size = words.isCoordinate ? words.axis : 'parameters';
  const naturals = drawing.natural.map((text) => ` --natural ${shellWord(text)}`).join('');
  const drawn: ReportFigure[] = [
    await draw(comparisonFigure(comparison, words), drawing, {
      name: `${stem}-compare`,
      alt: `Curves of ${name}: ${standard.title}, ${induced.title}${drawing.natural.length > 0 ? ' and a published one' : ''}`,
      caption: `${standard.title} and ${induced.title} of the same members, against ${size} over ${size.endsWith('s') ? 'those' : 'that'} of the smallest model${drawing.natural.length > 0 ? ', beside a published curve' : ''}. Bands: 95 % intervals. Points: members.`,
      // A metric chosen from the outcomes is chosen again in each draw; naming it would make it fixed.
      command: commandLine(
        `compare ${name} --standard ${standard.id}${isUsual ? '' : ` --induced ${induced.id}`}${naturals}${axis}`,
      ),
    }),
    await draw(sweepFigure({ run: name, sweep, leastRange: leastMovement, words }), drawing, {
      name: `${stem}-thresholds`,
      alt: `Heat map of ${induced.name} of ${name} over thresholds and ${size}`,
      caption: `Every threshold at once: ${induced.name} over thresholds and ${size}, and the scores of each threshold's curve.`,
      command: commandLine(`sweep ${name} --metric ${induced.name} --over ${over}${axis}`),
    }),
  ];
  // Constant curves have no scores to draw.
  const scored = [...causes.testSizes, ...causes.keptScales].some(({ scores }) => Number.isFinite(scores.jump.upper));
  if (scored) {
    const flags = [
      ...(sizes.length > 0 ? [`--test-sizes ${sizes.join(',')}`] : []),
      ...(kept.length > 0 ? [`--keep-scales ${kept.join(',')}`] : []),
    ];
    drawn.push(
      await draw(causesFigure({ run: name, metric: induced.title, ...causes }), drawing, {
        name: `${stem}-causes`,
        alt: `Scores of ${induced.title} of ${name} on smaller test sets and at fewer scales`,
        caption: `How fewer test examples and fewer scales affect the scores of ${induced.title}: medians over draws and the middle 95 %.`,
        command: commandLine(`sweep ${name} --metric ${induced.id} ${flags.join(' ')}${axis}`),
      }),
    );
  }
  return [...drawn, ...(await reconstructionFigure(family, drawing))];
}

/** Options that make a command draw the report's members. */
function viewFlags({ words, held, members }: AnalysedFamily['run']): string {
  const moments = new Set(members.map(({ record }) => record.moment));
  const [moment] = moments;
  return [
    words.isCoordinate ? ` --axis ${words.scale}` : '',
    heldFlags({ held }),
    moments.size === 1 && moment !== undefined ? ` --at ${moment}` : '',
  ].join('');
}

function heldFlags({ held }: Pick<AnalysedFamily['run'], 'held'>): string {
  return Object.entries(held)
    .map(([key, value]) => ` --where ${key}=${value}`)
    .join('');
}

/** All curves of a run in one figure; undefined if there is only one. */
async function drawTogether(families: readonly AnalysedFamily[], drawing: Drawing): Promise<ReportFigure | undefined> {
  const figures = families.flatMap(({ run, comparison }) =>
    run.curve === undefined
      ? []
      : { figure: comparisonFigure({ ...comparison, run: run.record.name }, run.words, true), curve: run.curve },
  );
  const { run, standard, induced, isUsual } = nth(families, -1);
  const { record, words, curve, held } = run;
  if (curve === undefined) return undefined;
  const { name } = record;
  const others = Object.fromEntries(Object.entries(held).filter(([key]) => key !== curve.factor));
  const axis = isImported(record)
    ? `${words.axis === record.axis ? '' : ` --axis ${words.axis}`}${heldFlags({ held: others })}`
    : viewFlags({ ...run, held: others });
  const naturals = drawing.natural.map((text) => ` --natural ${shellWord(text)}`).join('');
  return draw(together(name, figures), drawing, {
    name: `${name}-per-${curve.factor}`,
    alt: `Curves of ${name} for each ${curve.factor}: ${standard.title} and ${induced.title}`,
    caption: `${standard.title} and ${induced.title}, a curve for each ${curve.factor}.`,
    command: commandLine(
      `compare ${name} --standard ${standard.id}${isUsual ? '' : ` --induced ${induced.id}`}${naturals}${axis} --curve-per ${curve.factor}`,
    ),
  });
}

async function drawSeeds(
  { run, standard, seeds }: AnalysedFamily,
  drawing: Drawing,
): Promise<ReportFigure | undefined> {
  if (seeds === undefined) return undefined;
  const { noun } = run.words;
  const { name } = run.record;
  return draw(seedsFigure(name, seeds, run.words), drawing, {
    name: `${stemOf(run)}-seeds`,
    alt: `${standard.title} of each seed of ${name}, by ${noun}, and the share of seeds that succeed`,
    caption: `Every seed's ${standard.title}. Dashed: the threshold from which a seed counts as a success, half-way between the means of the smallest and the largest ${noun}.`,
    command: commandLine(`seeds ${name} --metric ${standard.id}${isImported(run.record) ? '' : viewFlags(run)}`),
  });
}

async function draw(
  figure: Picture,
  { files, images, printed }: Drawing,
  about: Omit<ReportFigure, 'formats'>,
): Promise<ReportFigure> {
  const { size, title, formats } = printed;
  const stem = `figures/${about.name}`;
  const spec = figureSpec(figure, size, title);
  for (const [format, content] of await rendered(await toSvg(spec), formats)) files.set(`${stem}.${format}`, content);
  // Includes the theme, so that any Vega-Lite draws the same.
  files.set(`${stem}.vl.json`, `${JSON.stringify({ ...spec, config: theme }, null, 1)}\n`);
  const image = async (name: string) => smallImage(await toSvg(figureSpec(figure, parseSize(name))));
  images.set(about.name, { wide: await image('double'), narrow: await image('single') });
  return { ...about, formats: [...formats, 'vl.json'] };
}

/** For the page: 64 colours are enough for lines and bands, and take a third of the bytes. */
async function smallImage(svg: string): Promise<string> {
  const png = await sharp(await toPng(svg, 2 * pixelsPerInch))
    .png({ palette: true, colours: 64, compressionLevel: 9 })
    .toBuffer();
  return `data:image/png;base64,${png.toString('base64')}`;
}

/** For families that reconstruct images. The page already has them, with the cutoff drawn in. */
async function reconstructionFigure(
  { run }: AnalysedFamily,
  { files, strips, printed: { size, formats } }: Drawing,
): Promise<ReportFigure[]> {
  if (strips.length === 0) return [];
  const { name } = run.record;
  const svg = await reconstructionsSvg(strips, size);
  for (const [format, content] of await rendered(svg, formats))
    files.set(`figures/${name}-reconstructions.${format}`, content);
  return [
    {
      name: `${name}-reconstructions`,
      alt: `Test images and their reconstructions by autoencoders of each width of ${name}`,
      caption: 'Twenty test images and their reconstructions by the first seed of each width.',
      command: commandLine(`train --run ${name}`),
      formats,
    },
  ];
}

function pageNatural(curve: NaturalCurve, draws: number): PageNatural {
  const { scores } = comparePublished(published(curve), { draws });
  const texts = scoreNames.map((name) => {
    const { value, interval } = scores[name];
    return [name, [value, interval.lower, interval.upper].map((each) => String(Number(each.toPrecision(6))))] as const;
  });
  const { name, family, task, metric, unit, better, points } = curve;
  return {
    ...{ name, about: `${family}, ${task}, ${metric}`, unit, better },
    points: points.map(({ model, params, value, standardError }) => {
      const point = { model, parameters: params, value };
      if (standardError === undefined) return point;
      return { ...point, lower: value - 1.96 * standardError, upper: value + 1.96 * standardError };
    }),
    scores: Object.fromEntries(texts) as unknown as PageNatural['scores'],
  };
}
