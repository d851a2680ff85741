/** A report's figures, each with a caption and the command that draws it. */
import sharp from 'sharp';
import { giveBackMemory } from '../../machine/garbage.js';
import { lastOf } from '../../machine/present.js';
import { commandLine } from '../../machine/installation.js';
import { isImported } from '../../runs/imported.js';
import type { LoadedRun } from '../../runs/opened.js';
import type { MemberStrips } from '../../runs/pictures.js';
import { shellWord } from '../../terminal/shell.js';
import type { PageImage } from '../explorer/html.js';
import { comparisonFigure } from '../figures/compare.js';
import type { Figure as Picture } from '../figures/layout.js';
import { parseSize, pixelsPerInch, type FigureOptions } from '../figures/figure-options.js';
import { reconstructionsSvg } from '../figures/reconstructions.js';
import { rendered, toPng, toSvg } from '../figures/render.js';
import { seedsFigure } from '../figures/seeds.js';
import { figureSpec } from '../figures/spec.js';
import { causesFigure, sweepFigure } from '../figures/sweep.js';
import { theme } from '../figures/theme.js';
import { together } from '../figures/together.js';
import type { ReportFigure } from './blocks.js';
import { leastMovement, stemOf, type AnalysedFamily } from './family.js';

/** Where figures go, and what they are drawn with. */
export interface Drawing {
  readonly files: Map<string, string | Uint8Array>;
  readonly images: Map<string, PageImage>;
  readonly printed: FigureOptions;
  readonly strips: readonly MemberStrips[];
  /** In the form of `--natural`. */
  readonly natural: readonly string[];
}

/** Draws a run's figures into the files; the comparison is the first. */
export async function figuresOf(family: AnalysedFamily, drawing: Drawing): Promise<ReportFigure[]> {
  const { run, standard, induced, comparison, sweep, over, causes, sizes, kept } = family;
  const { words } = run;
  const { name } = run.record;
  const stem = stemOf(run);
  const flags = viewFlags(run);
  const size = words.isCoordinate ? words.axis : 'parameters';
  const drawn: ReportFigure[] = [
    await draw(comparisonFigure(comparison, words), drawing, {
      name: `${stem}-compare`,
      alt: `Curves of ${name}: ${standard.title}, ${induced.title}${drawing.natural.length > 0 ? ' and a published one' : ''}`,
      caption: `${standard.title} and ${induced.title} of the same members, against ${size}${drawing.natural.length > 0 ? ', beside a published curve' : ''}. Bands: 95 % intervals. Points: members.`,
      command: compareCommand(family, drawing.natural, flags),
    }),
    await draw(sweepFigure({ run: name, sweep, leastRange: leastMovement, words }), drawing, {
      name: `${stem}-thresholds`,
      alt: `Heat map of ${induced.name} of ${name} over thresholds and ${size}`,
      caption: `Every threshold at once: ${induced.name} over thresholds and ${size}, and the scores of each threshold's curve.`,
      command: commandLine(`sweep ${name} --metric ${induced.name} --over ${over}${flags}`),
    }),
  ];
  // Constant curves have no scores to draw.
  const scored = [...causes.testSizes, ...causes.keptScales].some(({ scores }) => Number.isFinite(scores.jump.upper));
  if (scored) {
    const taken = [
      ...(sizes.length > 0 ? [`--test-sizes ${sizes.join(',')}`] : []),
      ...(kept.length > 0 ? [`--keep-scales ${kept.join(',')}`] : []),
    ];
    drawn.push(
      await draw(causesFigure({ run: name, metric: induced.title, ...causes }), drawing, {
        name: `${stem}-causes`,
        alt: `Scores of ${induced.title} of ${name} on smaller test sets and at fewer scales`,
        caption: `How fewer test examples and fewer scales affect the scores of ${induced.title}: medians over draws and the middle 95 %.`,
        command: commandLine(`sweep ${name} --metric ${induced.id} ${taken.join(' ')}${flags}`),
      }),
    );
  }
  return [...drawn, ...(await reconstructionFigure(family, drawing))];
}

/** Options with which a command draws these members: the axis if it is not the run's own, what is held, moment and probe. */
function viewFlags({ words, held, members, record }: Pick<LoadedRun, 'words' | 'held' | 'members' | 'record'>): string {
  const holding = Object.entries(held).map(([key, value]) => ` --where ${key}=${value}`);
  if (isImported(record)) return [words.axis === record.axis ? '' : ` --axis ${words.axis}`, ...holding].join('');
  const moments = new Set(members.map((member) => member.record.moment));
  const [moment] = moments;
  return [
    words.isCoordinate ? ` --axis ${words.scale}` : '',
    ...holding,
    moments.size === 1 && moment !== undefined ? ` --at ${moment}` : '',
    record.probe === undefined ? '' : ` --probe ${record.probe}`,
  ].join('');
}

/** The command that draws the curves. A metric chosen from the outcomes is chosen again in each draw; naming it would make it fixed. */
function compareCommand(
  { run, standard, induced, isUsual }: AnalysedFamily,
  natural: readonly string[],
  flags: string,
): string {
  const metrics = `--standard ${standard.id}${isUsual ? '' : ` --induced ${induced.id}`}`;
  const naturals = natural.map((text) => ` --natural ${shellWord(text)}`).join('');
  return commandLine(`compare ${run.record.name} ${metrics}${naturals}${flags}`);
}

/** All curves of a run in one figure; undefined if there is only one. */
export async function drawTogether(
  families: readonly AnalysedFamily[],
  drawing: Drawing,
): Promise<ReportFigure | undefined> {
  const figures = families.flatMap(({ run, comparison }) =>
    run.curve === undefined
      ? []
      : { figure: comparisonFigure({ ...comparison, run: run.record.name }, run.words), curve: run.curve },
  );
  const last = lastOf(families);
  const { run, standard, induced } = last;
  const { curve, held } = run;
  if (curve === undefined) return undefined;
  const { name } = run.record;
  const others = Object.fromEntries(Object.entries(held).filter(([key]) => key !== curve.factor));
  const flags = `${viewFlags({ ...run, held: others })} --curve-per ${curve.factor}`;
  return draw(together(name, figures), drawing, {
    name: `${name}-per-${curve.factor}`,
    alt: `Curves of ${name} for each ${curve.factor}: ${standard.title} and ${induced.title}`,
    caption: `${standard.title} and ${induced.title}, a curve for each ${curve.factor}.`,
    command: compareCommand(last, drawing.natural, flags),
  });
}

export async function drawSeeds(
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
    command: commandLine(`seeds ${name} --metric ${standard.id}${viewFlags(run)}`),
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
  const svg = await toSvg(spec);
  for (const [format, content] of await rendered(svg, printed)) files.set(`${stem}.${format}`, content);
  // Includes the theme, so that any Vega-Lite draws the same.
  files.set(`${stem}.vl.json`, `${JSON.stringify({ ...spec, config: theme }, null, 1)}\n`);
  const image = async (name: string) => {
    const own = parseSize(name);
    return smallImage(own === size && title === undefined ? svg : await toSvg(figureSpec(figure, own)));
  };
  images.set(about.name, { wide: await image('double'), narrow: await image('single') });
  giveBackMemory();
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
  { files, strips, printed }: Drawing,
): Promise<ReportFigure[]> {
  if (strips.length === 0) return [];
  const { name } = run.record;
  const svg = await reconstructionsSvg(strips, printed.size);
  for (const [format, content] of await rendered(svg, printed))
    files.set(`figures/${name}-reconstructions.${format}`, content);
  return [
    {
      name: `${name}-reconstructions`,
      alt: `Test images and their reconstructions by autoencoders of each width of ${name}`,
      caption: 'Twenty test images and their reconstructions by the first seed of each width.',
      command: commandLine(`train --run ${name}`),
      formats: printed.formats,
    },
  ];
}
