/** The same test images by every member: the originals in the first row, then a row per width. */
import sharp from 'sharp';
import type { MemberStrips } from '../../runs/pictures.js';
import { toPng } from '../render.js';
import { fontFamily } from '../theme.js';

/** Pixels of the picture per pixel of an image, and of the room round it. */
const zoom = 2;
const labelWidth = 76;
const gap = 6;

/** PNG of all strips; at least one. Each comes from the same images. */
export async function reconstructionsGrid(strips: readonly MemberStrips[]): Promise<Uint8Array> {
  const halves = await Promise.all(strips.map(({ png }) => halvesOf(png)));
  const rows = [
    { label: 'original', png: halves[0]!.above },
    ...strips.map(({ width }, i) => ({ label: `w = ${width}`, png: halves[i]!.below })),
  ];
  const [width, height] = [zoom * halves[0]!.width, zoom * halves[0]!.height];
  const total = { width: labelWidth + width + gap, height: gap + rows.length * (height + gap) };
  const parts = rows.map(({ label, png }, i) => {
    const y = gap + i * (height + gap);
    const text = `<text x="${labelWidth - 8}" y="${y + height / 2}" dominant-baseline="central" text-anchor="end">${label}</text>`;
    const data = Buffer.from(png).toString('base64');
    return `${text}<image x="${labelWidth}" y="${y}" width="${width}" height="${height}" href="data:image/png;base64,${data}"/>`;
  });
  return toPng(
    `<svg xmlns="http://www.w3.org/2000/svg" width="${total.width}" height="${total.height}" font-family="${fontFamily}" font-size="12" fill="#222">` +
      `<rect width="100%" height="100%" fill="white"/>${parts.join('')}</svg>`,
  );
}

/** Enlarged without smoothing, as large as they are drawn: each pixel stays a square. */
async function halvesOf(
  strip: Uint8Array,
): Promise<{ above: Uint8Array; below: Uint8Array; width: number; height: number }> {
  const { width, height } = await sharp(strip).metadata();
  const half = (top: number) =>
    sharp(strip)
      .extract({ left: 0, top, width, height: height / 2 })
      .resize({ width: 2 * zoom * width, kernel: 'nearest' })
      .png()
      .toBuffer();
  return { above: await half(0), below: await half(height / 2), width, height: height / 2 };
}
