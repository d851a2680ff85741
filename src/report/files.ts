/** A figure as the files that people use: SVG, and a PNG of twice its size. */
import type { TopLevelSpec } from 'vega-lite';
import { writeOutput } from '../machine/files.js';
import { toPng, toSvg } from './render.js';

/** Writes `<stem>.svg` and `<stem>.png` and returns their paths. */
export async function writeFigure(stem: string, spec: TopLevelSpec): Promise<string[]> {
  const svg = await toSvg(spec);
  const files = [`${stem}.svg`, `${stem}.png`] as const;
  await writeOutput(files[0], svg, '--output');
  await writeOutput(files[1], toPng(svg), '--output');
  return [...files];
}
