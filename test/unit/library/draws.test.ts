/** The number of draws, as callers of the library may give it. */
import { expect, test } from 'vitest';
import { sealClaims } from '../../../src/library/claims.js';
import { collapse } from '../../../src/library/collapse.js';
import { compareTuned } from '../../../src/library/compare-tuned.js';
import { compare } from '../../../src/library/compare.js';
import { curvesOf } from '../../../src/library/curves.js';
import { diff } from '../../../src/library/diff.js';
import { evaluate } from '../../../src/library/evaluate.js';
import { sealForecast } from '../../../src/library/forecast/seal.js';
import { studyForecasts } from '../../../src/library/forecast/study.js';
import { report } from '../../../src/library/report.js';
import { scaling } from '../../../src/library/scaling.js';
import { search } from '../../../src/library/search.js';
import { sweep } from '../../../src/library/sweep.js';

type Given = Readonly<{ draws: number }>;

// Draws are refused before the run is looked for.
test.each<[string, (given: Given) => Promise<unknown>]>([
  ['sealClaims', (given) => sealClaims('none', { experiment: 'lenet-mnist', ...given })],
  ['collapse', (given) => collapse('none', given)],
  ['compare', (given) => compare('none', given)],
  ['compareTuned', (given) => compareTuned('none', 'other', given)],
  ['curvesOf', (given) => curvesOf('none', given)],
  ['diff', (given) => diff('none', 'other', given)],
  ['evaluate', (given) => evaluate('none', given)],
  ['report', (given) => report(['none'], given)],
  ['scaling', (given) => scaling('none', given)],
  ['sealForecast', (given) => sealForecast('none', { widths: [64], ...given })],
  ['search', (given) => search('none', given)],
  ['studyForecasts', (given) => studyForecasts('none', given)],
  ['sweep', (given) => sweep('none', { metric: 'accuracy', ...given })],
])('%s refuses what is no number of draws in one line', async (_, call) => {
  for (const draws of [-1, 0, NaN, 1.5, Infinity, 100_001])
    await expect(call({ draws })).rejects.toMatchObject({
      message: `draws: ${draws} is not a whole number from 1 to 100000`,
      exitCode: 2,
    });
});
