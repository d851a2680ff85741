/** A figure's specification as a picture. The same specification gives the same bytes on every machine: no canvas, our own font. */
import * as path from 'node:path';
import { Resvg } from '@resvg/resvg-js';
import sharp from 'sharp';
import * as vega from 'vega';
import { compile, type TopLevelSpec } from 'vega-lite';
import { writable } from './escape.js';
import { theme } from './theme.js';
import { packageFolder } from '../machine/installation.js';

/** Pixels of the PNG per pixel of the figure. */
export const pngScale = 2;

/** @throws Error where Vega has something to warn of: that is a mistake in the figure */
export async function toSvg(spec: TopLevelSpec): Promise<string> {
  const logger = new ThrowingLogger();
  const compiled = compile(spec, { config: theme, logger });
  const view = new vega.View(vega.parse(compiled.spec), { renderer: 'none', logger });
  try {
    // Else clip paths are numbered on from the figure before.
    vega.resetSVGDefIds();
    return trimmed(writable(await view.toSVG()));
  } finally {
    view.finalize();
  }
}

/**
 * Without a canvas Vega guesses the widths of texts, too wide, and leaves an empty margin on the right. What is drawn is measured
 * with the font that draws it, and the margin made as wide as on the left.
 */
function trimmed(svg: string): string {
  const size = /^(<svg[^>]*?) width="([\d.]+)" height="([\d.]+)" viewBox="0 0 \2 \3">(<rect) width="\2"/;
  const [head, before, guessed, height, rect] = size.exec(svg) ?? [];
  if (head === undefined) return svg;
  const drawn = new Resvg(svg.replace(/<rect[^>]*>/, ''), { font: font() }).innerBBox();
  if (drawn === undefined) return svg;
  const width = Math.min(Number(guessed), Math.ceil(drawn.x + drawn.width + Math.max(drawn.x, 8)));
  return `${before!} width="${width}" height="${height!}" viewBox="0 0 ${width} ${height!}">${rect!} width="${width}"${svg.slice(head.length)}`;
}

/** Vega warns of unknown fields, bad scales and the like on the console, where nobody would see it. */
class ThrowingLogger {
  #level: number = vega.Warn;

  level(): number;
  level(value: number): this;
  level(value?: number): number | this {
    if (value === undefined) return this.#level;
    this.#level = value;
    return this;
  }
  error(...words: readonly unknown[]): this {
    throw new Error(words.map(String).join(' '));
  }
  warn(...words: readonly unknown[]): this {
    return this.error(...words);
  }
  info(): this {
    return this;
  }
  debug(): this {
    return this;
  }
}

/** A PNG of an SVG, twice its size. */
export function toPng(svg: string, scale = pngScale): Uint8Array {
  return new Resvg(svg, { fitTo: { mode: 'zoom', value: scale }, font: font() }).render().asPng();
}

/** A PNG for print: as many pixels as `dpi` asks for where the SVG has 96 an inch, and it says so. */
export async function toPrintPng(svg: string, dpi = 300): Promise<Uint8Array> {
  return sharp(toPng(svg, dpi / 96))
    .withMetadata({ density: dpi })
    .png({ compressionLevel: 9 })
    .toBuffer();
}

function font() {
  const fontFiles = ['DejaVuSans.ttf', 'DejaVuSans-Bold.ttf'].map(fontFile);
  return { loadSystemFonts: false, fontFiles, defaultFontFamily: 'DejaVu Sans' };
}

function fontFile(name: string): string {
  return path.join(packageFolder('dejavu-fonts-ttf'), 'ttf', name);
}
