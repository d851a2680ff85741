/** Images as bytes with labels: what every dataset source hands over, whatever its files looked like. */

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

export interface Dataset {
  /** As the user named it: `mnist`, `idx:PATH`, `shapes`. */
  readonly name: string;
  readonly shape: ImageShape;
  readonly classes: number;
  readonly train: Split;
  readonly test: Split;
  /** SHA-256 (hex) over shapes, classes, images and labels of both splits as used. */
  readonly fingerprint: string;
  readonly licence: string;
  readonly citation: string;
}

/** A way to get datasets. Registered in `datasets/index.ts`. */
export interface DatasetSource {
  /** `mnist`, or a scheme with its colon such as `idx:`. */
  readonly name: string;
  readonly summary: string;
  readonly licence: string;
  readonly citation: string;
  /** Reads both splits whole. `argument` is what follows the colon, '' without one. Throws UsageError on bad files. */
  load(argument: string): Promise<RawDataset>;
}

/** A dataset before subsets are taken and the fingerprint is made. */
export interface RawDataset {
  readonly shape: ImageShape;
  readonly classes: number;
  readonly train: RawSplit;
  readonly test: RawSplit;
}

export interface RawSplit {
  readonly images: Uint8Array;
  readonly labels: Int32Array;
}

export interface SubsetSizes {
  readonly trainSize?: number | undefined;
  readonly testSize?: number | undefined;
}
