/**
 * Classes that combine attributes, as a red disc combines a colour and a shape. A class's label counts the combinations in order, the last
 * attribute fastest: with sizes a, b, c it is (i b + j) c + k.
 */
import { UsageError } from '../terminal/errors.js';
import type { Composition, Dataset, LoadOptions } from './dataset.js';

/** How many values each attribute has. */
export function attributeSizes({ attributes }: Pick<Composition, 'attributes'>): number[] {
  return attributes.map(({ values }) => values.length);
}

/** The value of each attribute, `[sizes]`, from 0. */
export function attributeValues(label: number, sizes: readonly number[]): number[] {
  const values: number[] = [];
  let left = label;
  for (const size of [...sizes].reverse()) {
    values.unshift(left % size);
    left = Math.floor(left / size);
  }
  return values;
}

/** `red disc, large, upper left`: the values of every combination, in order of the label. */
export function combinationNames({ attributes }: Pick<Composition, 'attributes'>): string[] {
  return attributes.reduce<string[]>(
    (names, { values }) => names.flatMap((name) => values.map((value) => (name === '' ? value : `${name}, ${value}`))),
    [''],
  );
}

/** Bits of the attributes in which two combinations differ, the first attribute's lowest. */
export function differing(label: number, other: number, sizes: readonly number[]): number {
  const values = attributeValues(other, sizes);
  return attributeValues(label, sizes).reduce((bits, value, i) => (value === values[i] ? bits : bits | (1 << i)), 0);
}

/** For each label, the number of attributes that differ from the nearest combination trained on; 0 for one trained on. */
export function distancesOf(trained: Iterable<number>, sizes: readonly number[]): Int32Array {
  const known = [...new Set(trained)];
  const combinations = sizes.reduce((product, size) => product * size, 1);
  const count = (bits: number) => sizes.filter((_, i) => (bits & (1 << i)) !== 0).length;
  return Int32Array.from({ length: combinations }, (_, label) =>
    Math.min(...known.map((other) => count(differing(label, other, sizes)))),
  );
}

/** Refuses options that would leave attributes without some of their values, or would train on held-out combinations. Throws UsageError. */
export function refuseParts(
  { name, composition }: Pick<Dataset, 'name' | 'composition'>,
  { classes, labelNoise = 0 }: Pick<LoadOptions, 'classes' | 'labelNoise'>,
): void {
  if (composition === undefined) return;
  if (classes !== undefined)
    throw new UsageError(
      `the classes of ${name} are combinations of attributes and go together`,
      '--classes',
      'leave it out',
    );
  if (labelNoise > 0)
    throw new UsageError(
      `labels of other classes of ${name} would train combinations that are held out`,
      '--label-noise',
      'leave it out',
    );
}
