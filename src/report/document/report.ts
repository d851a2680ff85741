/** `emergence report` as a function: runs in, a folder of files out. Uses stored outcomes only. */
import * as path from 'node:path';
import * as z from 'zod';
import type { NaturalCurve } from '../../analysis/natural.js';
import { readFileIfThere } from '../../machine/inputs.js';
import { refuseForeignFolder, writeFolder, type FolderContent } from '../../machine/folder-swap.js';
import { giveBackMemory } from '../../machine/garbage.js';
import { firstOf } from '../../machine/present.js';
import type { Metric } from '../../metrics/metric.js';
import { isImported, makeOf } from '../../runs/imported.js';
import type { OpenRun } from '../../runs/opened.js';
import { readStrips, type MemberStrips } from '../../runs/pictures.js';
import type { OnStep } from '../../terminal/steps.js';
import { outcomeBudget } from '../explorer/compact.js';
import type { PageData, PageRun } from '../explorer/data.js';
import { pageOf, type PageImage } from '../explorer/html.js';
import { usualFigure, type FigureOptions } from '../figures/figure-options.js';
import { csvText } from '../tables/text-table.js';
import { tablesOf, type Report } from './blocks.js';
import { analyseFamily, type AnalysedFamily } from './family.js';
import { drawSeeds, drawTogether, figuresOf } from './figures.js';
import { latexTable } from './latex.js';
import { markdownOf } from './markdown.js';
import { pageNatural, pageRunOf, published, type PageOfRun } from './page.js';
import { commandOf, storyOf, type ReportedFamily } from './story.js';

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
  for (const run of runs) {
    const begun = families.length;
    const { found, page, strips, problems } = await analyseRun(run, {
      ...{ natural: inFigures, datasets, draws, budget },
      onStep: (share) => onStep?.(Math.floor((100 * (begun + share)) / of), 100),
    });
    warnings.push(...problems);
    pages.push(page.run);
    giveBackMemory();
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

interface AnalysedRun {
  /** Each curve, without outcomes but those of one member: figures and text need no more, and take as much memory again. */
  readonly found: readonly AnalysedFamily[];
  readonly page: PageOfRun;
  readonly strips: readonly MemberStrips[];
  /** What is missing, one line each. */
  readonly problems: readonly string[];
}

async function analyseRun(
  { name, curves, induced }: ReportRequest['runs'][number],
  {
    natural,
    datasets,
    draws,
    budget,
    onStep,
  }: Required<Pick<ReportRequest, 'natural' | 'datasets' | 'draws'>> & {
    readonly budget: number;
    /** Called with the number of curves that are done. */
    readonly onStep: (share: number) => void;
  },
): Promise<AnalysedRun> {
  const found: AnalysedFamily[] = [];
  for (const [i, open] of curves.entries())
    found.push(
      await analyseFamily({
        ...{ name, open, induced, draws },
        natural: natural.map(({ curve }) => published(curve)),
        onStep: (done, all) => {
          onStep(shares.analysis * (i + done / all));
        },
      }),
    );
  const first = firstOf(found);
  const { record } = first.run;
  const missing = [...first.run.absent, ...first.unreadableForecasts].map((line) => `not included: ${line}`);
  const members = found.flatMap(({ run }) => run.members);
  const { strips, problems } = isImported(record) ? { strips: [], problems: [] } : await readStrips(record, members);
  const page = await pageRunOf(found, { budget, strips, datasets });
  onStep(curves.length * (shares.analysis + shares.page));
  return { found: found.map(withoutOutcomes), page, strips, problems: [...missing, ...problems, ...page.problems] };
}

function withoutOutcomes(analysed: AnalysedFamily): AnalysedFamily {
  const { run } = analysed;
  const members = run.members.map((member, i) => (i === 0 ? member : { ...member, outcomes: {} }));
  return { ...analysed, run: { ...run, members } };
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
