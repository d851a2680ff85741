/**
 * Names for use in texts and pictures of a family: trained members have widths, imported ones whatever coordinates their source
 * has.
 */
import { formatCount } from '../terminal/format.js';

export interface FamilyWords {
  /** What distinguishes the scales: `width`, or the coordinate of imported members, such as `tokens`. */
  readonly scale: string;
  /** Name of a scale without its number: `width`, `scale`; and its plural. */
  readonly noun: string;
  readonly scales: string;
  /** Title of the axis that curves are drawn over: `trainable parameters`, `tokens`. */
  readonly axis: string;
  /** What the test set consists of: `images`, `examples`. */
  readonly examples: string;
  /** Whether a scale is only the value of one coordinate: no width, and no parameters besides it. */
  readonly isCoordinate: boolean;
  /** Whether the members were trained elsewhere. */
  readonly isImported: boolean;
  /** How to get members at further scales. */
  readonly further: string;
}

export const trainedWords: FamilyWords = {
  scale: 'width',
  noun: 'width',
  scales: 'widths',
  axis: 'trainable parameters',
  examples: 'images',
  isCoordinate: false,
  isImported: false,
  further: 'train more with --widths',
};

/** For trained members whose curves have another axis than their width. `further` names the option that adds scales. */
export function coordinateWords(axis: string, { title, further }: { title: string; further: string }): FamilyWords {
  return { ...trainedWords, scale: axis, noun: 'scale', scales: 'scales', axis: title, isCoordinate: true, further };
}

/** For imported members whose curves are drawn over a coordinate. */
export function importedWords(axis: string): FamilyWords {
  return {
    ...{
      scale: axis,
      noun: 'scale',
      scales: 'scales',
      axis,
      examples: 'examples',
      isCoordinate: true,
      isImported: true,
    },
    further: 'import models of other sizes too, or use another coordinate',
  };
}

/** What a scale's number is of: `width`, `training FLOPs`. */
export function placeName({ isCoordinate, axis, scale }: FamilyWords): string {
  return isCoordinate ? axis : scale;
}

/** A scale's number: `16` of a width; `410M`, `0.25`, `1.4B` of a coordinate. */
export function scaleText(value: number, { isCoordinate }: Pick<FamilyWords, 'isCoordinate'> = trainedWords): string {
  return isCoordinate ? formatCount(value, 5) : String(value);
}

/** A scale in words: `width 16`, `parameters 410M`. */
export function scaleTitle(value: number, words: FamilyWords = trainedWords): string {
  return `${words.scale} ${scaleText(value, words)}`;
}
