/** The same test images reconstructed by every member: the originals in the first row, then a row per width. */
import sharp from 'sharp';
import { firstOf, zip } from '../../machine/present.js';
import type { MemberStrips } from '../../runs/pictures.js';
import { fontFamily, inks } from './theme.js';
import { pixelsPerInch, type FigureSize } from './figure-options.js';
import { textWidth } from './text.js';

/** Enlargement of the embedded images: renderers do not smooth images that are already large. */
const zoom = 6;
const gap = 4;
/** 7.2 points on paper, as in other figures. */
const fontSize = 9.6;

/** SVG of all strips, at the size's width. At least one strip; all have the same images. */
export async function reconstructionsSvg(strips: readonly MemberStrips[], { inches }: FigureSize): Promise<string> {
  const halves = await Promise.all(strips.map(({ png }) => halvesOf(png)));
  const rows = [
    { label: 'original', png: firstOf(halves).above },
    ...zip(strips, halves).map(([{ width }, { below }]) => ({ label: `w = ${width}`, png: below })),
  ];
  const left = Math.ceil(Math.max(...rows.map(({ label }) => textWidth(label, { size: fontSize })))) + 2 * gap;
  const total = Math.round(inches * pixelsPerInch);
  const width = total - left - gap;
  const high = (width * firstOf(halves).height) / firstOf(halves).width;
  // At least as high as a line of text if many images share a narrow column.
  const step = Math.max(high, 1.2 * fontSize) + gap / 2;
  const parts = rows.map(({ label, png }, i) => {
    const y = gap + i * step;
    const text = `<text x="${left - gap}" y="${(y + high / 2).toFixed(2)}" dominant-baseline="central" text-anchor="end">${label}</text>`;
    const data = Buffer.from(png).toString('base64');
    return `${text}<image x="${left}" y="${y.toFixed(2)}" width="${width}" height="${high.toFixed(2)}" href="data:image/png;base64,${data}"/>`;
  });
  const height = Math.ceil(gap + rows.length * step + gap);
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" width="${total}" height="${height}" viewBox="0 0 ${total} ${height}" font-family="${fontFamily}" font-size="${fontSize}px" fill="${inks.text}">` +
    `<rect width="100%" height="100%" fill="white"/>${parts.join('')}</svg>`
  );
}

/** Enlarged without smoothing, so that pixels stay squares. */
async function halvesOf(
  strip: Uint8Array,
): Promise<{ above: Uint8Array; below: Uint8Array; width: number; height: number }> {
  const { width, height } = await sharp(strip).metadata();
  const half = (top: number) =>
    sharp(strip)
      .extract({ left: 0, top, width, height: height / 2 })
      .resize({ width: zoom * width, kernel: 'nearest' })
      .png({ compressionLevel: 9, palette: true })
      .toBuffer();
  return { above: await half(0), below: await half(height / 2), width, height: height / 2 };
}
