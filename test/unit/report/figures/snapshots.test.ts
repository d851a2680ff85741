import { describe, expect, test } from 'vitest';
import { figureSpec } from '../../../../src/report/figures/spec.js';
import { usualFigure } from '../../../../src/report/figures/figure-options.js';
import { toSvg } from '../../../../src/report/figures/render.js';
import { figures } from '../../../support/figures.js';

/** A line an element, without what only screen readers hear, and places to one decimal: what is left of rounding differs by machine. */
function readable(svg: string): string {
  return `${svg
    .replaceAll(/ (?:aria-[\w-]+|role)="[^"]*"/g, '')
    .replaceAll(/-?\d+\.\d+(?:e-?\d+)?(?=[^<>]*>)/g, (number) => String(Number(Number(number).toFixed(1)) + 0))
    .replaceAll('><', '>\n<')}\n`;
}

// Open them in a browser. What has changed on purpose is written anew by `npx vitest run --project unit -u test/unit/report/figures`.
describe('figures are unchanged', () => {
  test.each(Object.entries(figures))('%s', async (name, figure) => {
    const svg = await toSvg(figureSpec(figure, usualFigure.size));
    await expect(readable(svg)).toMatchFileSnapshot(`../snapshots/${name}.svg`);
  });
});
