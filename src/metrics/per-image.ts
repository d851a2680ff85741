/**
 * Metrics based on one number per image. Each is written once and offered in up to four ways: its mean over a test set
 * of images (`accuracy`), its mean over the images of sequences (`image-accuracy`), and, for numbers that are 0 or 1,
 * whether K images at once (`subset-accuracy`) or the first L of a sequence (`sequence-accuracy`) are all 1.
 */
import * as z from 'zod';
import type { OutcomeName, OutcomeTable } from '../runs/outcomes.js';
import { sharesBelow, type Cutoff } from './cutoffs.js';
import { defineMetric, meanOfUnits } from './define-metric.js';
import type { CommonDefinition, UnitNumbers } from './metric.js';
import { meanPerSequence, perSequence, refuseLonger } from './sequence-rows.js';
import { allOfK } from './subsets.js';

/** One number per image. */
interface PerImage<Parameters extends z.ZodType, Needs extends OutcomeName> extends Omit<
  CommonDefinition<Parameters, Needs>,
  'units' | 'refuses'
> {
  /** `[images]` */
  readonly rows: (outcomes: Pick<OutcomeTable, Needs>, parameters: z.output<Parameters>) => UnitNumbers;
  /** Whether each is 0 or 1; default: no. */
  readonly share?: boolean;
  /** The comparison with one of its parameters, for sweeps. */
  readonly cutoff?: Cutoff<z.output<Parameters>>;
}

/** The metric on a test set of images, and on one of sequences, where its name starts with `image-`. */
export function perImage<Parameters extends z.ZodType, Needs extends OutcomeName>(score: PerImage<Parameters, Needs>) {
  const { rows, share = false, cutoff, ...about } = score;
  return {
    images: defineMetric<Parameters, Needs>({
      ...about,
      units: 'images',
      share,
      values: rows,
      means: (outcomes, parameters, over) => cutoff?.ofImages(outcomes, parameters, over),
    }),
    sequences: defineMetric<Parameters, Needs | 'sequence'>({
      ...about,
      ...inSequences(about),
      share: false,
      values: (outcomes, parameters) => meanPerSequence(outcomes.sequence, rows(outcomes, parameters)),
      parts: (outcomes, parameters) => ({ rows: rows(outcomes, parameters) }),
    }),
  };
}

/** For a metric without parameters. */
export const none = z.strictObject({});

/** A definition on sequences of images: its name starts with `image-`. */
export function inSequences<Parameters extends z.ZodType, Needs extends OutcomeName>(
  score: Pick<CommonDefinition<Parameters, Needs>, 'name' | 'title' | 'needs'>,
) {
  return {
    ...score,
    name: `image-${score.name}`,
    title: (parameters: z.output<Parameters>) => `${score.title(parameters)} per image`,
    needs: withSequence(score.needs),
    units: 'sequences',
  } as const;
}

function withSequence<Chosen, Needs extends OutcomeName>(
  needs: readonly Needs[] | ((chosen: Chosen) => readonly Needs[]),
) {
  return (chosen: Chosen): readonly (Needs | 'sequence')[] => [
    ...(typeof needs === 'function' ? needs(chosen) : needs),
    'sequence',
  ];
}

/** A number per image that is 0 or 1. */
interface Hits<Chosen, Needs extends OutcomeName> {
  /** After `subset-` and `sequence-`. */
  readonly name: string;
  /** What an image with a 1 is called: `right`. */
  readonly hit: string;
  readonly needs: readonly Needs[] | ((chosen: Chosen) => readonly Needs[]);
  readonly rows: (outcomes: Pick<OutcomeTable, Needs>, parameters: Chosen) => UnitNumbers;
  readonly cutoff?: Cutoff<Chosen>;
}

interface Naming<Parameters extends z.ZodType> {
  readonly title: (parameters: z.output<Parameters>) => string;
  readonly source: string;
  readonly parameters: Parameters;
}

const share = { kind: 'thresholded', better: 'higher', unit: 'probability', share: true } as const;

/** K images at once. */
export function subsetsOf<Chosen, Needs extends OutcomeName, Parameters extends z.ZodType<Chosen & { k: number }>>(
  { name, hit, needs, rows, cutoff }: Hits<Chosen, Needs>,
  naming: Naming<Parameters>,
) {
  return defineMetric<Parameters, Needs>({
    ...naming,
    ...share,
    ...allOfK,
    name: `subset-${name}`,
    formula: `C(m, k) / C(n, k), m of n images ${hit}: the chance that k images drawn without replacement all are`,
    needs,
    units: 'images',
    values: rows,
    means: (outcomes, parameters, over) =>
      over.key === 'k'
        ? new Float64Array(over.values.length).fill(meanOfUnits(rows(outcomes, parameters)).mean)
        : cutoff?.ofImages(outcomes, parameters, over),
  });
}

/** The first L images of each sequence. */
export function sequencesOf<Chosen, Needs extends OutcomeName, Parameters extends z.ZodType<Chosen & { l: number }>>(
  { name, hit, needs, rows, cutoff }: Hits<Chosen, Needs>,
  naming: Naming<Parameters>,
) {
  const full = `sequence-${name}`;
  return defineMetric<Parameters, Needs | 'sequence'>({
    ...naming,
    ...share,
    name: full,
    formula: `share of the sequences whose first l images are all ${hit}`,
    needs: withSequence(needs),
    units: 'sequences',
    values: (outcomes, parameters) =>
      firstHits(outcomes, rows(outcomes, parameters), { name: full, l: parameters.l }).map((hits) =>
        hits < parameters.l ? 0 : 1,
      ),
    parts: (outcomes, parameters) => ({ rows: rows(outcomes, parameters), first: parameters.l, allOf: true }),
    means(outcomes, parameters, over) {
      if (over.key !== 'l') return cutoff?.ofSequences(outcomes, parameters, { ...over, name: full, l: parameters.l });
      const hits = firstHits(outcomes, rows(outcomes, parameters), { name: full, l: Math.max(...over.values) });
      return sharesBelow(hits, over.values).map((below) => 1 - below);
    },
  });
}

/**
 * How many images of each sequence are hits before the first that is not. Throws UsageError if sequences are shorter
 * than l.
 */
function firstHits(
  { sequence }: Pick<OutcomeTable, 'sequence'>,
  rows: ArrayLike<number>,
  { name, l }: { readonly name: string; readonly l: number },
): Float64Array {
  return perSequence(sequence, (begin, end) => {
    refuseLonger(`${name}:l=${l}`, l, end - begin);
    let i = begin;
    while (i < end && rows[i] === 1) i++;
    return i - begin;
  });
}
