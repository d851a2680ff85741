/**
 * Any column of the outcomes compared with a cutoff of your choice: for one image, for K at once, or for the first L of
 * a sequence.
 */
import * as z from 'zod';
import type { OutcomeName } from '../runs/outcomes.js';
import { against, above as onceAbove, below as onceBelow } from './cutoffs.js';
import { perImage, sequencesOf, subsetsOf } from './per-image.js';

/** Columns that can be compared with a cutoff. */
const comparable = [
  'log_probability',
  'brier',
  'confidence',
  'margin',
  'rank',
  'mse',
  'psnr',
  'ssim',
  'max_error',
  'score',
] as const satisfies readonly OutcomeName[];

const parameters = z.strictObject({ column: z.enum(comparable), c: z.number() });
type Chosen = z.output<typeof parameters>;
const paper = 'Schaeffer et al. 2023 (arXiv 2304.15004)';

/** What a threshold of a column can mean. */
const examples = {
  below: 'rank below 3.5: among the three most probable',
  above: 'margin above 0: right',
} as const;

function compared(name: 'below' | 'above') {
  const hits = {
    name,
    hit: `${name} c in a column`,
    needs: ({ column }: Chosen): OutcomeName[] => [column],
    ...against(name === 'below' ? onceBelow : onceAbove, 'c', ({ column }: Chosen) => column),
  };
  const title = ({ column, c }: Chosen) => `${column} ${name} ${c}`;
  const subsets = subsetsOf(hits, {
    title: (chosen) => `${title(chosen)}, all of K = ${chosen.k}`,
    source: `${paper}, Fig. 7 and 10 at once`,
    parameters: parameters.extend({ k: z.int().min(1) }),
  });
  const sequences = sequencesOf(hits, {
    title: (chosen) => `${title(chosen)}, all of L = ${chosen.l}`,
    source: `${paper}, Fig. 8 with a threshold as in Fig. 7; ${examples[name]}`,
    parameters: parameters.extend({ l: z.int().min(1) }),
  });
  const images = perImage({
    title,
    kind: 'thresholded',
    better: 'higher',
    unit: 'probability',
    formula: `share of the images whose value in the column is ${name} c`,
    source: `a threshold as in ${paper}, Fig. 7, on any column; ${examples[name]}`,
    parameters,
    share: true,
    ...hits,
  });
  return { ...images, subsets, ofSequences: sequences };
}

export const {
  images: below,
  sequences: imageBelow,
  subsets: subsetBelow,
  ofSequences: sequenceBelow,
} = compared('below');
export const {
  images: above,
  sequences: imageAbove,
  subsets: subsetAbove,
  ofSequences: sequenceAbove,
} = compared('above');
