import { execFileSync, spawnSync } from 'node:child_process';
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import sharp from 'sharp';
import { expect, test } from 'vitest';
import { writeFigure, drawPicture } from '../../../../src/report/figures/files.js';
import { curvePanel } from '../../../../src/report/figures/panels.js';
import { figureSpec } from '../../../../src/report/figures/spec.js';
import { parseSize, usualFigure } from '../../../../src/report/figures/figure-options.js';
import { toPdf, toPng, toSvg } from '../../../../src/report/figures/render.js';
import { figures } from '../../../support/figures.js';
import { temporaryFolder } from '../../../support/runs.js';

const single = await toSvg(figureSpec(figures['train']!, parseSize('single')));

test('a PDF has its size in points, embedded fonts, and no picture', async () => {
  const pdf = Buffer.from(await toPdf(single)).toString('latin1');
  const [, height] = / height="([\d.]+)"/.exec(single)!;
  // 3.25 inches of 72 points.
  expect(pdf).toContain(`/MediaBox [0 0 234 ${0.75 * Number(height)}]`);
  const fonts = [...new Set([...pdf.matchAll(/\/BaseFont \/\w+\+([\w-]+)/g)].map(([, name]) => name))];
  expect(fonts.toSorted()).toEqual(['DejaVuSans', 'DejaVuSans-Bold']);
  expect([...pdf.matchAll(/\/FontFile2 /g)]).toHaveLength(fonts.length);
  expect(pdf).not.toMatch(/\/Subtype \/Image|\/Type3/);
});

test.skipIf(spawnSync('pdftotext', ['-v']).error !== undefined)(
  'text of a PDF is text, as read by poppler',
  async () => {
    const file = path.join(await temporaryFolder(), 'figure.pdf');
    await fs.writeFile(file, await toPdf(single));
    const text = execFileSync('pdftotext', ['-layout', file, '-'], { encoding: 'utf8' });
    for (const words of [
      'cnn family on shapes: run cnn-shapes',
      'trainable parameters',
      'subset accuracy, K = 5',
      '0.8',
    ])
      expect(text).toContain(words);
  },
);

test('the same figure is the same bytes', async () => {
  expect(await toSvg(figureSpec(figures['train']!, parseSize('single')))).toBe(single);
  expect(Buffer.from(await toPdf(single)).equals(Buffer.from(await toPdf(single)))).toBe(true);
});

test('a PNG has 300 dots per inch, and says so', async () => {
  const { width, density } = await sharp(await toPng(single)).metadata();
  expect([width, density]).toEqual([3.25 * 300, 300]);
});

test('files have the requested formats, and a path without a name is refused', async () => {
  const folder = await temporaryFolder();
  const stem = path.join(folder, 'one');
  const options = { ...usualFigure, formats: ['pdf', 'svg'] as const };
  expect(await writeFigure(stem, figures['train']!, options)).toEqual([`${stem}.pdf`, `${stem}.svg`]);
  expect((await fs.readdir(folder)).toSorted()).toEqual(['one.pdf', 'one.svg']);
  await expect(drawPicture(`${folder}/`, single, options)).rejects.toThrow(/--output: ".*" does not name a file/);
});

test.each(['band', 'bars'] as const)('an interval that ends outside the axis is drawn: a %s', async (spread) => {
  // Two seeds of one width that scatter: Student's interval is ten times as wide as the axis of the points.
  const [panel, high] = [
    { line: [{ x: 5370, y: 0.1, lower: 0.006, upper: 0.83 }], yDomain: [0, 0.2] as const },
    // Its interval is no part of the panel at all.
    { line: [{ x: 5370, y: 0.1, lower: 0.7, upper: 0.83 }], yDomain: [0, 0.2] as const },
  ].map(({ line, yDomain }) =>
    curvePanel({
      title: 'accuracy',
      subtitle: [],
      xTitle: 'width',
      yTitle: 'share',
      series: [{ label: 'a', line, spread }],
      yDomain,
    }),
  );
  for (const each of [panel!, high!]) {
    const svg = await toSvg(figureSpec({ title: 'one', notes: [], panels: [each] }, parseSize('single')));
    expect((await sharp(await toPng(svg)).metadata()).width).toBe(3.25 * 300);
  }
});

test('a line along the edge of its panel has its whole width, one that leaves the panel is cut there', async () => {
  const clips = async (last: number) => {
    const panel = curvePanel({
      ...{ title: 'success', subtitle: [], xTitle: 'width', yTitle: 'share', yDomain: [0, 1] as const },
      series: [{ label: 'seeds', line: [0, 1, last].map((y, i) => ({ x: 2 ** i, y })) }],
    });
    const svg = await toSvg(figureSpec({ title: 'one', notes: [], panels: [panel] }, parseSize('single')));
    return /<g class="mark-line[^>]*clip-path/.test(svg);
  };
  expect([await clips(1), await clips(2)]).toEqual([false, true]);
});
