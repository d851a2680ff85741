/** Any column of the outcomes against a cutoff of one's own choice: of one example, of K at once, of all in a sequence. */
import * as z from 'zod';
import { outcomeColumns, type OutcomeName } from '../runs/outcomes.js';
import { sharesAtMost, sharesBelow } from './cutoffs.js';
import { defineMetric } from './metric.js';
import { meanPerSequence, perSequence } from './sequence-rows.js';
import { refuseLonger } from './sequence.js';
import { allOfK } from './subsets.js';

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
  'score',
] as const satisfies readonly OutcomeName[];
type Comparable = (typeof comparable)[number];

const cutoff = z.strictObject({ column: z.enum(comparable), c: z.number() });
const paper = 'Schaeffer et al. 2023 (arXiv 2304.15004)';

/** Which side of a cutoff is right. */
interface Side {
  readonly name: 'below' | 'above';
  readonly isHit: (value: number, c: number) => boolean;
  /** Share of values on that side of each cutoff, `[cutoffs]`. */
  readonly shares: (values: ArrayLike<number>, cutoffs: readonly number[]) => Float64Array;
  /** Of several values the one that is last to get there. */
  readonly last: (a: number, b: number) => number;
}

const sides = {
  below: { name: 'below', isHit: (value, c) => value < c, shares: sharesBelow, last: Math.max },
  above: {
    name: 'above',
    isHit: (value, c) => value > c,
    shares: (values, cutoffs) => sharesAtMost(values, cutoffs).map((share) => 1 - share),
    last: Math.min,
  },
} as const satisfies Record<string, Side>;

/** Floating-point columns are stored in 32 bits, so the cutoff is too. */
function asStored(column: Comparable, c: number): number {
  return outcomeColumns[column].type === 'float32' ? Math.fround(c) : c;
}

function hits({ isHit }: Side, values: ArrayLike<number>, c: number): Float64Array {
  return Float64Array.from(values, (value) => (isHit(value, c) ? 1 : 0));
}

function ofImages(side: Side) {
  const { name } = side;
  return defineMetric({
    name,
    title: ({ column, c }) => `${column} ${name} ${c}`,
    kind: 'thresholded',
    better: 'higher',
    unit: 'probability',
    formula: `share of the images whose value in a column is ${name} c`,
    source: `a threshold as in ${paper}, Fig. 7, on any column`,
    parameters: cutoff,
    needs: ({ column }) => [column] as OutcomeName[],
    units: 'images',
    share: true,
    values: (outcomes, { column, c }) => hits(side, outcomes[column], asStored(column, c)),
    means(outcomes, { column }, { key, values }) {
      if (key !== 'c') return undefined;
      return side.shares(
        outcomes[column],
        values.map((c) => asStored(column, c)),
      );
    },
  });
}

function ofSubsets(side: Side) {
  const { name } = side;
  return defineMetric({
    name: `subset-${name}`,
    title: ({ column, c, k }) => `${column} ${name} ${c}, all of K = ${k}`,
    kind: 'thresholded',
    better: 'higher',
    unit: 'probability',
    formula: `C(m, k) / C(n, k), m of n images ${name} c in a column: the chance that k images drawn without replacement all are`,
    source: `${paper}, Fig. 7 and 10 at once`,
    parameters: cutoff.extend({ k: z.int().min(1) }),
    needs: ({ column }) => [column] as OutcomeName[],
    units: 'images',
    ...allOfK,
    values: (outcomes, { column, c }) => hits(side, outcomes[column], asStored(column, c)),
    means(outcomes, { column, c }, { key, values }) {
      const cutoffs = key === 'c' ? values : values.map(() => c);
      return side.shares(
        outcomes[column],
        cutoffs.map((each) => asStored(column, each)),
      );
    },
  });
}

function perImage(side: Side) {
  const { name } = side;
  return defineMetric({
    name: `image-${name}`,
    title: ({ column, c }) => `${column} ${name} ${c}, per image`,
    kind: 'thresholded',
    better: 'higher',
    unit: 'probability',
    formula: `share of the images whose value in a column is ${name} c, wherever they stand in their sequence`,
    source: `a threshold as in ${paper}, Fig. 7, on any column; rank below 3.5 is being among the three most probable`,
    parameters: cutoff,
    needs: ({ column }) => [column, 'sequence'] as OutcomeName[],
    units: 'sequences',
    share: false,
    values: (outcomes, { column, c }) =>
      meanPerSequence(outcomes.sequence, hits(side, outcomes[column], asStored(column, c))),
    parts: (outcomes, { column, c }) => ({ rows: hits(side, outcomes[column], asStored(column, c)) }),
  });
}

function ofSequences(side: Side) {
  const { name, isHit, last } = side;
  return defineMetric({
    name: `sequence-${name}`,
    title: ({ column, c, l }) => `${column} ${name} ${c}, all of L = ${l}`,
    kind: 'thresholded',
    better: 'higher',
    unit: 'probability',
    formula: `share of the sequences whose first l images are all ${name} c in a column`,
    source: `${paper}, Fig. 8 with a threshold as in Fig. 7; rank below 3.5 lets the three most probable pass`,
    parameters: cutoff.extend({ l: z.int().min(1) }),
    needs: ({ column }) => [column, 'sequence'] as OutcomeName[],
    units: 'sequences',
    share: true,
    values(outcomes, { column, c, l }) {
      const [list, at] = [outcomes[column], asStored(column, c)];
      return perSequence(outcomes.sequence, (begin, end) => {
        refuseLonger(`sequence-${name}`, l, end - begin);
        return list.subarray(begin, begin + l).every((value) => isHit(value, at)) ? 1 : 0;
      });
    },
    parts: (outcomes, { column, c, l }) => ({
      rows: hits(side, outcomes[column], asStored(column, c)),
      first: l,
      allOf: true,
    }),
    means(outcomes, { column, c, l }, { key, values }) {
      const list = outcomes[column];
      if (key === 'c') {
        const lasts = perSequence(outcomes.sequence, (begin, end) => {
          refuseLonger(`sequence-${name}`, l, end - begin);
          let reached = list[begin]!;
          for (let i = begin + 1; i < begin + l; i++) reached = last(reached, list[i]!);
          return reached;
        });
        return side.shares(
          lasts,
          values.map((each) => asStored(column, each)),
        );
      }
      const at = asStored(column, c);
      const firstHits = perSequence(outcomes.sequence, (begin, end) => {
        refuseLonger(`sequence-${name}`, Math.max(...values), end - begin);
        let i = begin;
        while (i < end && isHit(list[i]!, at)) i++;
        return i - begin;
      });
      return sharesBelow(firstHits, values).map((share) => 1 - share);
    },
  });
}

export const below = ofImages(sides.below);
export const above = ofImages(sides.above);
export const subsetBelow = ofSubsets(sides.below);
export const subsetAbove = ofSubsets(sides.above);
export const imageBelow = perImage(sides.below);
export const imageAbove = perImage(sides.above);
export const sequenceBelow = ofSequences(sides.below);
export const sequenceAbove = ofSequences(sides.above);
