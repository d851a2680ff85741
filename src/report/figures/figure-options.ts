/** Print options of figures: size, file formats, title, style. */
import { present } from '../../machine/present.js';
import { UsageError } from '../../terminal/errors.js';

/** Of an SVG, by definition. */
export const pixelsPerInch = 96;
/** Of a PNG. */
export const dotsPerInch = 300;

export interface FigureSize {
  /** As given by the user. */
  readonly name: string;
  /** Width. */
  readonly inches: number;
  /** In inches; undefined: whatever the figure needs. */
  readonly height: number | undefined;
  /** Whether to keep the height even if panels would be too low to read. */
  readonly isHeightFirm: boolean;
}

/** One and both columns of a journal page, and a 16:9 slide. */
const named: Readonly<Record<string, FigureSize>> = {
  single: { name: 'single', inches: 3.25, height: undefined, isHeightFirm: false },
  double: { name: 'double', inches: 6.75, height: undefined, isHeightFirm: false },
  slide: { name: 'slide', inches: 10, height: 5.625, isHeightFirm: false },
};

export const figureFormats = ['svg', 'png', 'pdf'] as const;
export type FigureFormat = (typeof figureFormats)[number];

/** On white, or on a dark ground. */
export const figureStyles = ['light', 'dark'] as const;
export type FigureStyle = (typeof figureStyles)[number];

export interface FigureOptions {
  readonly size: FigureSize;
  /** At least one, no duplicates. */
  readonly formats: readonly FigureFormat[];
  /** Replaces the figure's own; empty for none, which also omits the lines below it. */
  readonly title?: string | undefined;
  /** Default: light. */
  readonly style?: FigureStyle | undefined;
}

export const usualFigure: FigureOptions = { size: present(named['double']), formats: ['svg', 'png'] };

/** Limits in inches: smaller is unreadable, larger than the longer side of A0 has more pixels than a PNG's renderer takes. */
const [least, most] = [2, 50];

/** `--size`. Throws UsageError. */
export function parseSize(text: string): FigureSize {
  const size = named[text];
  if (size !== undefined) return size;
  const [, inches, height] = /^(\d+(?:\.\d+)?)x(\d+(?:\.\d+)?)$/.exec(text) ?? [];
  const isSize = [inches, height].every((each) => Number(each) >= least && Number(each) <= most);
  if (isSize) return { name: text, inches: Number(inches), height: Number(height), isHeightFirm: true };
  throw new UsageError(
    `"${text}" is not a size`,
    '--size',
    `give ${Object.keys(named).join(', ')}, or width x height in inches of ${least} to ${most}, such as 5x3.5`,
  );
}

/** `--format`, repeated or as a list. Throws UsageError. */
export function parseFormats(texts: readonly string[]): FigureFormat[] {
  return [...new Set(texts.flatMap((text) => text.split(',')))].map((text) => {
    const format = figureFormats.find((each) => each === text.trim());
    if (format !== undefined) return format;
    throw new UsageError(`"${text}" is not a picture format`, '--format', `give ${figureFormats.join(', ')}`);
  });
}

/** `--style`. Throws UsageError. */
function parseStyle(text: string): FigureStyle {
  const style = figureStyles.find((each) => each === text);
  if (style !== undefined) return style;
  throw new UsageError(`"${text}" is not a style of pictures`, '--style', `give ${figureStyles.join(' or ')}`);
}

/** Throws UsageError for a picture's path without its extension that names no file, such as `.` or `folder/`. */
export function refuseNoName(stem: string): void {
  if (/(^|[/\\])\.{0,2}$/.test(stem))
    throw new UsageError(
      `"${stem}" does not name a file`,
      '--output',
      'give a path without .svg and .png, such as figures/one',
    );
}

/** Reads a command's options, with the usual defaults. Throws UsageError. */
export function figureOptionsOf(raw: Readonly<Record<string, unknown>>): FigureOptions {
  const { size, format, title, style } = raw;
  return {
    size: typeof size === 'string' ? parseSize(size) : usualFigure.size,
    formats: Array.isArray(format) ? parseFormats(format.map(String)) : usualFigure.formats,
    title: title === 'none' ? '' : typeof title === 'string' ? title : undefined,
    style: typeof style === 'string' ? parseStyle(style) : undefined,
  };
}
