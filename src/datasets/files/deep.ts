/**
 * Images whose numbers do not say what is black and white: TIFF files of floats, or of integers other than unsigned ones of 8 or 16 bits. A
 * dataset uses one scale for all, since a scale per image would make a dark one as light as the others.
 */
import * as z from 'zod';
import { counted, formatNumber } from '../../terminal/format.js';
import { greyToRgb, rgbToGrey } from './pixels.js';

export interface DeepImage {
  /** `[side, side, 1 or 3]`, as in the file. */
  readonly values: Float32Array;
  readonly isFloat: boolean;
  /** What an ordinary decoder takes for white, with black at 0. */
  readonly white: number;
}

export interface DeepPlace extends DeepImage {
  /** `[side, side, channels]`, where the image's bytes go; already filled by an ordinary decoder. */
  readonly into: Uint8Array;
}

const rangeSchema = z.strictObject({ black: z.number(), white: z.number() });

/** Black and white in the deep images of a dataset, for floats and for integers; left out if it has none of these. */
export const levelsSchema = z.strictObject({ floats: rangeSchema.optional(), integers: rangeSchema.optional() });
export type Levels = z.output<typeof levelsSchema>;
type Range = z.output<typeof rangeSchema>;

/**
 * Fills in the bytes of all the images. Black and white are the narrowest of the usual ranges for the type that hold all the values: 0 to 1
 * for floats, 0 to 255, 0 to 65535; otherwise the minimum and the maximum.
 *
 * @returns them, and lines that mention them if they differ from those of an ordinary decoder
 */
export function quantise(images: readonly DeepPlace[]): { readonly levels: Levels; readonly notes: string[] } {
  const [floats, integers] = [true, false].map((isFloat) => {
    const group = images.filter((image) => image.isFloat === isFloat);
    return group.length === 0 ? undefined : rangeOf(extentOf(group), isFloat);
  });
  const levels = { ...(floats === undefined ? {} : { floats }), ...(integers === undefined ? {} : { integers }) };
  return { levels, notes: quantiseBy(images, levels) };
}

/**
 * The same with known black and white; an image of a kind without known ones is left as it is. Values beyond them become black or white.
 */
export function quantiseBy(images: readonly DeepPlace[], levels: Levels): string[] {
  return ([true, false] as const).flatMap((isFloat) => {
    const range = levelOf(levels, isFloat);
    if (range === undefined) return [];
    const group = images.filter((image) => image.isFloat === isFloat);
    const other = group.filter(({ white }) => range.black !== 0 || range.white !== white);
    for (const { values, into } of other) fill(into, values, range);
    if (other.length === 0) return [];
    const kind = isFloat ? 'floating-point numbers' : 'signed integers, or of 32 bits,';
    const extent = extentOf(group);
    return [
      `${counted(other.length, 'TIFF image')} of ${kind} from ${formatNumber(extent.black, 6)} to ${formatNumber(extent.white, 6)}: ${formatNumber(range.black, 6)} is treated as black, ${formatNumber(range.white, 6)} as white`,
    ];
  });
}

export const levelOf = (levels: Levels, isFloat: boolean): Range | undefined =>
  isFloat ? levels.floats : levels.integers;

function extentOf(group: readonly DeepImage[]): Range {
  let [black, white] = [Infinity, -Infinity];
  for (const { values } of group)
    for (const value of values) {
      if (value < black) black = value;
      if (value > white) white = value;
    }
  return { black, white };
}

function rangeOf({ black, white }: Range, isFloat: boolean): Range {
  const usual = [...(isFloat ? [1] : []), 255, 65535].find((most) => black >= 0 && white <= most);
  return usual === undefined ? { black, white } : { black: 0, white: usual };
}

function fill(into: Uint8Array, values: Float32Array, { black, white }: Range): void {
  const slope = white > black ? 255 / (white - black) : 0;
  const bytes = Uint8Array.from(values, (value) => Math.min(255, Math.max(0, Math.round((value - black) * slope))));
  if (bytes.length === into.length) into.set(bytes);
  else into.set(bytes.length < into.length ? greyToRgb(bytes) : rgbToGrey(bytes));
}
