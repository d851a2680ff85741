/**
 * Least sums of squares of published curves, as SciPy finds them from many starts (test/reference/natural_fits.py explains how). Some
 * curves of each model here; all of them in `npm run test:fits`.
 */
import * as fs from 'node:fs';
import { csvParse } from 'd3-dsv';
import { expect, test } from 'vitest';
import { fitModel } from '../../../src/analysis/fits.js';
import { models, type ModelName } from '../../../src/analysis/models.js';
import { readNaturalCurves } from '../../../src/analysis/natural.js';

const references = csvParse(fs.readFileSync(new URL('../../fixtures/natural-fits.csv', import.meta.url), 'utf8'));
const files = new Map(
  await Promise.all(
    [...new Set(references.map(({ file }) => file!))].map(
      async (file) => [file, (await readNaturalCurves(file)).curves] as const,
    ),
  ),
);
const all = process.env['NATURAL_FITS'] === 'all';

/** Our sum of squares over SciPy's, minus 1; anything below a billionth of the curve's own sum of squares counts as 0. */
function excesses(model: ModelName, count: number): number[] {
  const results: number[] = [];
  for (const reference of references.slice(0, all ? references.length : count)) {
    const { points, unit } = files.get(reference.file!)!.find(({ name }) => name === reference.curve)!;
    const sum = Number(reference[model]);
    const values = points.map(({ value }) => value);
    const limits = unit === 'probability' ? { lower: 0, upper: 1 } : undefined;
    // It would throw if refused.
    const fit = fitModel(models[model], { scales: points.map(({ params }) => params), values, limits });
    const mean = values.reduce((total, value) => total + value, 0) / values.length;
    const negligible = 1e-9 * values.reduce((total, value) => total + (value - mean) ** 2, 0);
    results.push((fit.sumOfSquares + negligible) / (sum + negligible) - 1);
  }
  return results;
}

test.each([
  ['power-law', 40, 1],
  ['sigmoid', 40, 1],
  ['broken-power-law', 24, 1],
  // Seven parameters and seven or eight sizes.
  ['two-sigmoids', 16, 0.85],
] as const)('%s has the same optimum as in SciPy', { timeout: 600_000 }, (name, count, share) => {
  const found = excesses(name, count);
  const noWorse = found.filter((excess) => excess < 1e-3).length;
  expect(noWorse / found.length).toBeGreaterThanOrEqual(share);
  if (!all) return;
  expect(found.length).toBeGreaterThanOrEqual(150);
  expect(found.filter((excess) => Math.abs(excess) < 1e-3).length).toBeGreaterThanOrEqual(140);
});
