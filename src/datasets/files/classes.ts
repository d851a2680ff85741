/** Classes of an image dataset: which file belongs to which class, however that is stated. */
import * as path from 'node:path';
import { UsageError } from '../../terminal/errors.js';
import { counted } from '../../terminal/format.js';
import type { FileTree } from './tree.js';

export interface LabelledFile {
  readonly path: string;
  readonly label: number;
  /** The person or thing that it shows or comes from, if a labels file says so. */
  readonly group?: string | undefined;
}

/** Files of a split, in the order of its images. */
export interface LabelledFiles extends Part {
  readonly files: readonly LabelledFile[];
}

export interface ClassLayout {
  readonly classNames: readonly string[];
  readonly train: LabelledFiles;
  /** Undefined if it will be drawn from the training images. */
  readonly test: LabelledFiles | undefined;
  /** Plural noun for the files' groups, if a labels file has a column of them. */
  readonly groupNoun?: string | undefined;
  /** How names were interpreted, and what was left out. */
  readonly notes: readonly string[];
}

/** A tree, or a folder in it. */
export interface Part {
  readonly tree: FileTree;
  /** With a trailing slash; '' for the tree itself. */
  readonly prefix: string;
}

/** What `images:PATH` must be, for error messages. */
export const layouts =
  'a class is a folder of images: PATH/CLASS/..., or PATH/train/CLASS/... and PATH/test/CLASS/...; or PATH/labels.csv lists file and label';

/** Throws UsageError for a class with test images but no training images. */
export function refuseUnknown(test: Part, names: readonly string[], labels: ReadonlyMap<string, number>): void {
  const [first, ...others] = names.filter((name) => !labels.has(name));
  if (first === undefined) return;
  const alike = [...labels.keys()].find((name) => name.toLowerCase() === first.toLowerCase());
  throw new UsageError(
    `holds the class ${first}${others.length === 0 ? '' : ` and ${others.length} more`} without any training image`,
    partName(test),
    alike === undefined ? 'train and test must have the same classes' : `train has ${alike}: use the same spelling`,
  );
}

/** Names that a file system or a person may have meant to be the same. */
export function likeNamed(folders: readonly string[], classNames: readonly string[]): string[] {
  const lower = classNames.map((name) => name.toLowerCase());
  const cased = [...new Set(lower)]
    .map((letters) => classNames.filter((_, i) => lower[i] === letters))
    .filter((names) => names.length > 1);
  const merged = folders.length - classNames.length;
  return [
    ...cased.map((names) => `${names.join(' and ')} are ${names.length} classes whose names differ only in case`),
    ...(merged === 0
      ? []
      : [`${counted(merged, 'class folder')} merged with another of the same name in a different encoding`]),
  ];
}

/** For messages. */
export function partName({ tree, prefix }: Part): string {
  return path.join(tree.where, prefix.replace(/\/$/, ''));
}
