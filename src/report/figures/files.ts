/** A figure as the files that people use. */
import { writeOutput } from '../../machine/files.js';
import { UsageError } from '../../terminal/errors.js';
import type { Figure } from './layout.js';
import { figureSpec } from './spec.js';
import { usualFigure, type FigureOptions } from './print.js';
import { rendered, toSvg } from './render.js';

/** Writes `<stem>.svg` and so on and returns their paths. Throws as `writePicture`. */
export async function writeFigure(
  stem: string,
  figure: Figure,
  options: FigureOptions = usualFigure,
): Promise<string[]> {
  return writePicture(stem, await toSvg(figureSpec(figure, options.size, options.title)), options);
}

/**
 * All are drawn before any is written, so that what is stopped while it draws leaves those of before. Throws UsageError for a stem
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
  for (const { file, content } of files) await writeOutput(file, content, '--output');
  return files.map(({ file }) => file);
}
