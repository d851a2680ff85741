/** Measures text in the font it is drawn with: a figure is laid out before it is drawn. */
import * as path from 'node:path';
import { openSync, type Font } from 'fontkit';
import { packageFolder } from '../../machine/installation.js';

export const fontFiles = {
  normal: path.join(packageFolder('dejavu-fonts-ttf'), 'ttf', 'DejaVuSans.ttf'),
  bold: path.join(packageFolder('dejavu-fonts-ttf'), 'ttf', 'DejaVuSans-Bold.ttf'),
} as const;

export interface TextFont {
  /** Pixels. */
  readonly size: number;
  readonly bold?: boolean;
}

const opened = new Map<string, Font>();

function fontOf(file: string): Font {
  const font = opened.get(file) ?? (openSync(file) as Font);
  opened.set(file, font);
  return font;
}

/** Pixels, with kerning. */
export function textWidth(text: string, { size, bold = false }: TextFont): number {
  const font = fontOf(bold ? fontFiles.bold : fontFiles.normal);
  return (font.layout(text).advanceWidth * size) / font.unitsPerEm;
}

/** Lines that are no wider than `width`: broken at spaces, but not in `K = 20`, `10 000`, `[0.7, 0.9]`, or before a per cent sign; wider words are cut. */
export function wrapText(text: string, width: number, font: TextFont): string[] {
  const lines: string[] = [];
  for (const word of text
    .replaceAll(/ (?=[=%])|(?<==) |(?<=\d) (?=\d{3}(?!\d))|(?<=\[[^ \]]+,) (?=[^ \]]+\])/g, '\u00a0')
    .split(' ')) {
    const last = lines.at(-1);
    const longer = last === undefined ? word : `${last} ${word}`;
    if (last !== undefined && textWidth(longer, font) <= width) lines[lines.length - 1] = longer;
    else lines.push(cut(word, width, font));
  }
  return lines.map((line) => line.replaceAll('\u00a0', ' '));
}

/** The text, or as much of its start as fits with an ellipsis. */
export function cut(text: string, width: number, font: TextFont): string {
  if (textWidth(text, font) <= width) return text;
  const letters = Array.from(text);
  while (letters.length > 1 && textWidth(`${letters.join('')}…`, font) > width) letters.pop();
  return `${letters.join('').trimEnd()}…`;
}
