/** The bow of a curve in words: where it improves, or why that cannot be determined. For texts, pictures and the page. */
import type { FamilyWords } from '../runs/words.js';
import type { Interval } from '../statistics/wilson.js';

/** A parabola through two points is any parabola. */
const fewestScales = 3;

export interface ShapeScores {
  /** Eq 1. */
  readonly emergence: number;
  readonly bow: { readonly value: number; readonly interval: Interval };
}

export interface ShapeScales {
  /** Their numbers on the axis, ascending. */
  readonly scales: readonly number[];
  readonly words: FamilyWords;
}

/** Where a curve improves, as far as the bow's interval shows. Scores are oriented: a falling error is an improvement. */
export function whereImproves(
  { emergence, bow: { value, interval } }: ShapeScores,
  { scales, words }: ShapeScales,
): string {
  if (Number.isNaN(value)) {
    if (scales.length < fewestScales) return 'has two scales, too few to say where it improves';
    const isAtZero = words.isCoordinate && scales.some((scale) => scale <= 0);
    return isAtZero
      ? 'has a scale of 0, which has no place in log scale, where its bow is measured'
      : 'is constant, or not finite everywhere';
  }
  if (emergence < 0)
    return words.scale === 'loss' ? 'gets worse as the loss rises' : 'gets worse towards larger scales';
  if (Number.isNaN(interval.lower)) return 'is neither clearly late nor clearly early';
  if (interval.lower > 0) return 'improves late';
  if (interval.upper < 0) return 'improves early';
  return 'improves neither late nor early beyond what chance explains';
}

/** `bow 0.31 [0.2, 0.4]` of its value as text; of two scales, that there is none. */
export function bowText(text: string, scales: number): string {
  return scales < fewestScales ? 'no bow: it needs three scales' : `bow ${text}`;
}
