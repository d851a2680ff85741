/**
 * Claims about a family that is not trained yet: bounds on the numbers that its standard and its induced curve will have. The
 * quantities form a closed list, so that a claim means the same before and after training.
 */
import { UsageError } from '../terminal/errors.js';
import { nearest } from '../terminal/nearest.js';
import type { CurveSharpness, Sharpness } from './sharpness.js';
import type { ScoreWithInterval } from './curves.js';

/** What claims can be about. Scores also have `.lower` and `.upper`, the ends of their 95 % interval. */
export const quantities = {
  'standard.first': 'the standard curve at the smallest scale',
  'standard.last': 'the standard curve at the largest scale',
  'induced.first': 'the induced curve at the smallest scale',
  'induced.last': 'the induced curve at the largest scale',
  'standard.eq1': 'Eq 1 of the standard curve',
  'induced.eq1': 'Eq 1 of the induced curve',
  'standard.ramp': 'Eq 1 of the standard curve over that of a ramp',
  'induced.ramp': 'Eq 1 of the induced curve over that of a ramp',
  'standard.bow': 'bow of the standard curve',
  'induced.bow': 'bow of the induced curve',
  ratio: 'Eq 1 of the induced curve over that of the standard one, paired',
  bow: 'bow of the induced curve minus that of the standard one, paired',
} as const satisfies Readonly<Record<string, string>>;
export type Quantity = keyof typeof quantities;

const ends = ['value', 'lower', 'upper'] as const;
type End = (typeof ends)[number];

export interface Claim {
  readonly quantity: Quantity;
  readonly end: End;
  readonly relation: '<' | '>';
  readonly bound: number;
}

export interface JudgedClaim extends Claim {
  /** The measured value; NaN if there is none. */
  readonly measured: number;
  readonly holds: boolean;
}

/** The default claim: Eq 1 of the induced curve is above 3 times that of the standard one. */
export const usualClaims: readonly string[] = ['ratio.lower > 3'];

/** Parses `ratio.lower > 3`. Throws UsageError in one line. */
export function parseClaim(text: string, where = '--claim'): Claim {
  const example = 'write one such as "ratio.lower > 3" or "standard.first < 0.2"';
  const [, name, relation, number] = /^\s*([a-z0-9.]+)\s*([<>])\s*(\S+)\s*$/.exec(text) ?? [];
  if (name === undefined) throw new UsageError(`"${text}" is not a claim`, where, example);
  const bound = Number(number);
  if (!Number.isFinite(bound)) throw new UsageError(`"${number ?? ''}" is not a number`, where, example);
  const last = name.slice(name.lastIndexOf('.') + 1);
  const end = ends.find((each) => each === last);
  const quantity = end === undefined ? name : name.slice(0, -last.length - 1);
  if (!Object.hasOwn(quantities, quantity)) {
    const known = Object.keys(quantities);
    const meant = nearest(quantity, known);
    throw new UsageError(
      `unknown quantity "${quantity}"`,
      where,
      meant === undefined ? `known: ${known.join(', ')}` : `did you mean ${meant}?`,
    );
  }
  if (end !== undefined && end !== 'value' && isPoint(quantity as Quantity))
    throw new UsageError(`${quantity} has no .${end}`, where, 'only scores have an interval');
  return { quantity: quantity as Quantity, end: end ?? 'value', relation: relation as '<' | '>', bound };
}

/** Writes `ratio.lower > 3`. */
export function claimText({ quantity, end, relation, bound }: Claim): string {
  return `${quantity}${end === 'value' ? '' : `.${end}`} ${relation} ${bound}`;
}

function isPoint(quantity: Quantity): boolean {
  return quantity.endsWith('.first') || quantity.endsWith('.last');
}

/** Compares a claim with the measurement. A claim about a number that does not exist does not hold. */
export function judge(claim: Claim, sharpness: Sharpness): JudgedClaim {
  const scored = quantityOf(claim.quantity, sharpness);
  const measured = claim.end === 'value' ? scored.value : scored.interval[claim.end];
  return { ...claim, measured, holds: claim.relation === '<' ? measured < claim.bound : measured > claim.bound };
}

function quantityOf(quantity: Quantity, { standard, induced, paired }: Sharpness): ScoreWithInterval {
  const none = { value: NaN, interval: { lower: NaN, upper: NaN } };
  if (quantity === 'ratio') return paired.scores.emergence.ratio ?? none;
  if (quantity === 'bow') return paired.scores.bow.difference;
  const [curve, part] = quantity.split('.') as ['standard' | 'induced', string];
  return partOf({ standard, induced }[curve], part) ?? none;
}

function partOf({ values, scores }: CurveSharpness, part: string): ScoreWithInterval | undefined {
  const point = (value = NaN): ScoreWithInterval => ({ value, interval: { lower: NaN, upper: NaN } });
  switch (part) {
    case 'first':
      return point(values[0]);
    case 'last':
      return point(values.at(-1));
    case 'eq1':
      return scores.emergence;
    case 'ramp':
      return scores.ramp;
    case 'bow':
      return scores.bow;
    default:
      return undefined;
  }
}
