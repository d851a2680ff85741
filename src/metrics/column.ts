/** Any column of the outcomes against a cutoff of one's own choice. */
import * as z from 'zod';
import { outcomeColumns, type OutcomeName } from '../runs/outcomes.js';
import { sharesAtMost, sharesBelow } from './cutoffs.js';
import { defineMetric } from './metric.js';

/** Columns that can be compared with a cutoff. */
export const comparable = [
  'log_probability',
  'brier',
  'confidence',
  'margin',
  'rank',
  'mse',
  'psnr',
  'ssim',
  'max_error',
] as const satisfies readonly OutcomeName[];

const parameters = z.strictObject({ column: z.enum(comparable), c: z.number() });

function cutoffMetric(name: 'below' | 'above', isHit: (value: number, c: number) => boolean) {
  return defineMetric({
    name,
    title: ({ column, c }) => `${column} ${name} ${c}`,
    kind: 'thresholded',
    better: 'higher',
    unit: 'probability',
    formula: `share of the images whose value in a column is ${name} c`,
    source: 'a threshold as in Fig. 7 of Schaeffer et al. 2023 (arXiv 2304.15004), on any column',
    parameters,
    needs: ({ column }) => [column] as OutcomeName[],
    units: 'images',
    share: true,
    values(outcomes, { column, c }) {
      // Floating-point columns are stored in 32 bits, so the cutoff is too.
      const cutoff = outcomeColumns[column].type === 'float32' ? Math.fround(c) : c;
      return Float64Array.from(outcomes[column], (value) => (isHit(value, cutoff) ? 1 : 0));
    },
    means(outcomes, { column }, { key, values }) {
      if (key !== 'c') return undefined;
      const cutoffs = outcomeColumns[column].type === 'float32' ? values.map(Math.fround) : values;
      const list = outcomes[column];
      return name === 'below' ? sharesBelow(list, cutoffs) : sharesAtMost(list, cutoffs).map((share) => 1 - share);
    },
  });
}

export const below = cutoffMetric('below', (value, c) => value < c);
export const above = cutoffMetric('above', (value, c) => value > c);
