/** Writes figures to files. */
import { titleOf } from '../../runs/imported.js';
import * as path from 'node:path';
import { writeOutput } from '../../machine/files.js';
import { uninterrupted } from '../../machine/uninterrupted.js';
import { present } from '../../machine/present.js';
import type { LoadedRun } from '../../runs/opened.js';
import { UsageError } from '../../terminal/errors.js';
import type { Figure } from './layout.js';
import { figureSpec } from './spec.js';
import { usualFigure, type FigureOptions } from './print.js';
import { rendered, toSvg } from './render.js';
import { together } from './together.js';

/** Writes `<stem>.svg` and so on and returns their paths. Throws as `writePicture`. */
export async function writeFigure(
  stem: string,
  figure: Figure,
  options: FigureOptions = usualFigure,
): Promise<string[]> {
  return writePicture(stem, await toSvg(figureSpec(figure, options.size, options.title)), options);
}

/**
 * All are drawn before any is written, so that stopping while they are drawn leaves the previous files. Throws UsageError for a stem
 * without a name, such as `.` or `folder/`.
 */
export async function writePicture(
  stem: string,
  svg: string,
  { formats }: FigureOptions = usualFigure,
): Promise<string[]> {
  if (/(^|[/\\])\.{0,2}$/.test(stem))
    throw new UsageError(
      `"${stem}" does not name a file`,
      '--output',
      'give a path without .svg and .png, such as figures/one',
    );
  const files = (await rendered(svg, formats)).map(([format, content]) => ({ file: `${stem}.${format}`, content }));
  await uninterrupted(async () => {
    for (const { file, content } of files) await writeOutput(file, content, '--output');
  });
  return files.map(({ file }) => file);
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

/** One picture for each run, of all of its curves: the paths, for each of them. Throws like `writePicture`. */
export async function writeRunFigures<T>(
  all: readonly T[],
  { runOf, figureOf, name, output, printed, isApart }: RunFigures<T>,
): Promise<string[][]> {
  const written = new Map<string, string[]>();
  for (const found of all) {
    const { folder, record, label, curve } = runOf(found);
    if (written.has(folder)) continue;
    if (curve === undefined) {
      const stem = output ?? path.join(folder, name);
      written.set(folder, await writeFigure(stem, figureOf(found, label, false), printed));
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
    written.set(folder, await writeFigure(stem, together(title, figures, isApart), printed));
  }
  return all.map((found) => present(written.get(runOf(found).folder)));
}
