/** Where the texts of a drawn figure are, for tests of overlaps, of clipped texts and of their size. */
import { expect } from 'vitest';
import { textWidth } from '../../src/report/figures/text.js';

export interface DrawnText {
  readonly text: string;
  /** Points on paper. */
  readonly points: number;
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/** Every text of an SVG written by Vega or the lab, with the area it covers: translations add up along the groups. */
export function drawnTexts(svg: string): DrawnText[] {
  const texts: DrawnText[] = [];
  let rootSize = NaN;
  const offsets: [x: number, y: number][] = [[0, 0]];
  for (const [, close, name, attributes, empty, content] of svg.matchAll(
    /<(\/?)(\w+)((?:\s+[\w:-]+="[^"]*")*)\s*(\/?)>([^<]*)/g,
  )) {
    if (close === '/') {
      if (name === 'g') offsets.pop();
      continue;
    }
    const [, x = '0', y = '0'] = /transform="translate\(([-\d.e]+),\s*([-\d.e]+)\)/.exec(attributes!) ?? [];
    const [originX, originY] = offsets.at(-1)!;
    const own = (key: string) => new RegExp(`\\s${key}="([^"]+)"`).exec(attributes!)?.[1];
    if (name === 'svg') rootSize = Number.parseFloat(own('font-size') ?? 'NaN');
    const at = [originX + Number(x) + Number(own('x') ?? 0), originY + Number(y) + Number(own('y') ?? 0)] as const;
    if (name === 'g' && empty === '') offsets.push([...at]);
    if (name !== 'text' || attributes!.includes('opacity="0"')) continue;
    expect(attributes).not.toContain('rotate');
    const size = Number.parseFloat(own('font-size') ?? String(rootSize));
    const text = content!
      .replaceAll(/&#(\d+);/g, (_, code) => String.fromCodePoint(Number(code)))
      .replaceAll('&lt;', '<')
      .replaceAll('&gt;', '>')
      .replaceAll('&amp;', '&');
    const width = textWidth(text, { size, bold: attributes!.includes('font-weight="bold"') });
    const anchor = own('text-anchor');
    const left = at[0] - (anchor === 'middle' ? width / 2 : anchor === 'end' ? width : 0);
    // The height of capitals and figures is 0.73 of DejaVu's size.
    const bottom = at[1] + (own('dominant-baseline') === 'central' ? (0.73 / 2) * size : 0);
    texts.push({ text, points: (72 / 96) * size, left, right: left + width, top: bottom - 0.73 * size, bottom });
  }
  return texts;
}

export function sizeOf(svg: string): [width: number, height: number] {
  const [, width, height] = /^<svg[^>]* width="([\d.]+)" height="([\d.]+)"/.exec(svg)!;
  return [Number(width), Number(height)];
}

/** Pairs of texts that overlap. */
export function overlapping(texts: readonly DrawnText[]): string[] {
  return texts.flatMap((a, i) =>
    texts
      .slice(i + 1)
      .filter((b) => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom)
      .map((b) => `"${a.text}" and "${b.text}"`),
  );
}
