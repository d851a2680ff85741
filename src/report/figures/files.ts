/** Writes figures to files. */
import { titleOf } from '../../runs/imported.js';
import * as path from 'node:path';
import { writeOutputs, type OutputFile } from '../../machine/files.js';
import { present } from '../../machine/present.js';
import type { LoadedRun } from '../../runs/opened.js';
import type { Figure } from './layout.js';
import { figureSpec } from './spec.js';
import { refuseNoName, usualFigure, type FigureOptions } from './figure-options.js';
import { rendered, toSvg } from './render.js';
import { together } from './together.js';

/** Writes `<stem>.svg` and so on and returns their paths. Throws as `drawPicture` and `writeOutputs`. */
export async function writeFigure(
  stem: string,
  figure: Figure,
  options: FigureOptions = usualFigure,
): Promise<string[]> {
  return writeOutputs(await drawFigure(stem, figure, options));
}

/** The files that `writeFigure` writes. Throws as `drawPicture`. */
export async function drawFigure(stem: string, figure: Figure, options: FigureOptions): Promise<OutputFile[]> {
  return drawPicture(stem, await toSvg(figureSpec(figure, options.size, options.title)), options);
}

/** A picture's files. Throws UsageError for a stem without a name, such as `.` or `folder/`. */
export async function drawPicture(
  stem: string,
  svg: string,
  options: FigureOptions = usualFigure,
): Promise<OutputFile[]> {
  refuseNoName(stem);
  return (await rendered(svg, options)).map(([format, content]) => ({ file: `${stem}.${format}`, content }));
}

export interface RunFigures<T> {
  readonly runOf: (found: T) => Pick<LoadedRun, 'folder' | 'record' | 'label' | 'curve'>;
  /**
   * @param run what the figure calls the run: its label, or its name alone if its curves are drawn together
   * @param isOneOf whether they are
   */
  readonly figureOf: (found: T, run: string, isOneOf: boolean) => Figure;
  /** Name of the picture in the run's folder, such as `compare`. */
  readonly name: string;
  /** Used instead of `name`. */
  readonly output?: string | undefined;
  readonly printed: FigureOptions;
  /** See `together`. */
  readonly isApart?: boolean;
}

/** One picture for each run, of all of its curves: the paths, for each of them. Throws as `writeFigure`. */
export async function writeRunFigures<T>(all: readonly T[], figures: RunFigures<T>): Promise<string[][]> {
  const drawn = await drawRunFigures(all, figures);
  await writeOutputs(uniqueFiles(drawn));
  return pathsOf(drawn);
}

/** The files that `writeRunFigures` writes, for each of `all`; those of one picture are the same array. Throws as `drawPicture`. */
export async function drawRunFigures<T>(
  all: readonly T[],
  { runOf, figureOf, name, output, printed, isApart }: RunFigures<T>,
): Promise<OutputFile[][]> {
  const drawn = new Map<string, OutputFile[]>();
  for (const found of all) {
    const { folder, record, label, curve } = runOf(found);
    if (drawn.has(folder)) continue;
    if (curve === undefined) {
      const stem = output ?? path.join(folder, name);
      drawn.set(folder, await drawFigure(stem, figureOf(found, label, false), printed));
      continue;
    }
    const title = titleOf(record);
    const figures = all.flatMap((each) => {
      const own = runOf(each);
      return own.folder === folder && own.curve !== undefined
        ? [{ figure: figureOf(each, title, true), curve: own.curve }]
        : [];
    });
    const stem = output ?? path.join(folder, `${name}-per-${curve.factor}`);
    drawn.set(folder, await drawFigure(stem, together(title, figures, isApart), printed));
  }
  return all.map((found) => present(drawn.get(runOf(found).folder)));
}

/** Each picture's files once. */
export function uniqueFiles(drawn: readonly OutputFile[][]): OutputFile[] {
  return [...new Set(drawn)].flat();
}

export function pathsOf(drawn: readonly (readonly OutputFile[])[]): string[][] {
  return drawn.map((files) => files.map(({ file }) => file));
}
