/** Renders a figure's specification. The same specification gives the same bytes on every machine: no canvas, and our own font. */
import { Resvg } from '@resvg/resvg-js';
import sharp from 'sharp';
import * as vega from 'vega';
import { compile, type TopLevelSpec } from 'vega-lite';
import { present } from '../../machine/present.js';
import { writable } from '../escape.js';
import { fontFiles, textWidth } from './text.js';
import { darkened } from './dark.js';
import { dotsPerInch, pixelsPerInch, type FigureFormat, type FigureOptions } from './figure-options.js';
import { theme } from './theme.js';

interface VegaText {
  readonly fontSize?: number;
  readonly fontWeight?: string | number;
}

// Vega's intended hook: without a canvas it would only estimate text widths. It is missing from Vega's types.
Object.assign((vega as unknown as { readonly textMetrics: object }).textMetrics, {
  width: ({ fontSize = 11, fontWeight }: VegaText, text: string | number | null | undefined) =>
    textWidth(String(text ?? ''), { size: fontSize, bold: fontWeight === 'bold' }),
});

/** @throws Error if Vega warns: that is a bug in the figure */
export async function toSvg(spec: TopLevelSpec): Promise<string> {
  const logger = new ThrowingLogger();
  const compiled = compile(spec, { config: theme, logger });
  const view = new vega.View(vega.parse(compiled.spec), { renderer: 'none', logger });
  try {
    // Otherwise clip path numbers continue from the previous figure.
    vega.resetSVGDefIds();
    return writable(await view.toSVG());
  } finally {
    view.finalize();
  }
}

/** Vega warns about unknown fields, bad scales and the like on the console, where no one would notice. */
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

/** A PNG scaled from the SVG's 96 pixels per inch to `dpi`, which is stored in it. */
export async function toPng(svg: string, dpi = dotsPerInch): Promise<Uint8Array> {
  const font = { loadSystemFonts: false, fontFiles: Object.values(fontFiles), defaultFontFamily: 'DejaVu Sans' };
  const png = new Resvg(svg, { fitTo: { mode: 'zoom', value: dpi / pixelsPerInch }, font }).render().asPng();
  return sharp(png).withMetadata({ density: dpi }).png({ compressionLevel: 9 }).toBuffer();
}

/** A PDF of the SVG's size; text stays text, in the font it was measured in. */
export async function toPdf(svg: string): Promise<Uint8Array> {
  const { default: pdfmake } = await import('pdfmake');
  const [width, height] = ['width', 'height'].map((name) => {
    return (72 / pixelsPerInch) * Number(present(new RegExp(`^<svg[^>]* ${name}="([\\d.]+)"`).exec(svg)?.[1]));
  }) as [number, number];
  pdfmake.setFonts({ 'DejaVu Sans': { normal: fontFiles.normal, bold: fontFiles.bold } });
  // It may read its fonts, but no other file that a picture might name.
  pdfmake.setLocalAccessPolicy((file) => Object.values(fontFiles).some((each) => each === file));
  pdfmake.setUrlAccessPolicy(() => false);
  const made = pdfmake.createPdf({
    ...{
      pageSize: { width, height },
      pageMargins: 0,
      content: [{ svg, width }],
      defaultStyle: { font: 'DejaVu Sans' },
    },
    // So that the same figure gives the same bytes.
    info: { creationDate: new Date(0) },
  });
  return made.getBuffer();
}

const renderers: Readonly<Record<FigureFormat, (svg: string) => string | Promise<Uint8Array>>> = {
  svg: (svg) => svg,
  png: (svg) => toPng(svg),
  pdf: toPdf,
};

/** A picture in each of the formats, on the style's ground. */
export function rendered(
  svg: string,
  { formats, style }: Pick<FigureOptions, 'formats' | 'style'>,
): Promise<[FigureFormat, string | Uint8Array][]> {
  const styled = style === 'dark' ? darkened(svg) : svg;
  return Promise.all(
    formats.map(async (format) => [format, await renderers[format](styled)] as [FigureFormat, string | Uint8Array]),
  );
}
