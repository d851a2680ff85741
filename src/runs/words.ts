/** What things are called in texts and pictures of a family: trained members have widths, imported ones what their source knows. */
import { formatCount } from '../terminal/format.js';

export interface FamilyWords {
  /** What tells the scales apart: `width`, or the coordinate of imported members, such as `tokens`. */
  readonly scale: string;
  /** What one of the scales is called where its number is not said: `width`, `scale`; and several of them. */
  readonly noun: string;
  readonly scales: string;
  /** Title of the axis that curves are drawn over: `trainable parameters`, `tokens`. */
  readonly axis: string;
  /** What the test set is of: `images`, `examples`. */
  readonly examples: string;
  /** Whether a scale's number is all there is: no parameters beside it, and nothing that trained it. */
  readonly isImported: boolean;
}

export const trainedWords: FamilyWords = {
  scale: 'width',
  noun: 'width',
  scales: 'widths',
  axis: 'trainable parameters',
  examples: 'images',
  isImported: false,
};

/** Of imported members whose curves are drawn over a coordinate. */
export function importedWords(axis: string): FamilyWords {
  return { scale: axis, noun: 'scale', scales: 'scales', axis, examples: 'examples', isImported: true };
}

/** A scale's number: `16` of a width; `410M`, `0.25`, `1.4B` of a coordinate. */
export function scaleText(value: number, { isImported }: Pick<FamilyWords, 'isImported'> = trainedWords): string {
  return isImported ? formatCount(value, 5) : String(value);
}
