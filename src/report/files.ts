/** A figure as the files that people use: SVG, and a PNG of twice its size. */
import type { TopLevelSpec } from 'vega-lite';
import { writeOutput } from '../machine/files.js';
import { UsageError } from '../terminal/errors.js';
import { toPng, toSvg } from './render.js';

/**
 * Writes `<stem>.svg` and `<stem>.png` and returns their paths. Both are drawn before either is written, so that what is
 * stopped while it draws leaves the two of before. Throws UsageError for a stem without a name, such as `.` or `folder/`.
 */
export async function writeFigure(stem: string, spec: TopLevelSpec): Promise<string[]> {
  if (/(^|[/\\])\.{0,2}$/.test(stem))
    throw new UsageError(
      `"${stem}" names no file`,
      '--output',
      'give a path without .svg and .png, such as figures/one',
    );
  const svg = await toSvg(spec);
  const png = toPng(svg);
  const files = [`${stem}.svg`, `${stem}.png`] as const;
  await writeOutput(files[0], svg, '--output');
  await writeOutput(files[1], png, '--output');
  return [...files];
}
