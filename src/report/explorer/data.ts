/**
 * The data in report.html: plain types shared by the report, which writes them, and the page, which reads them.
 * Outcomes are as compact as the explorer's questions allow. Test examples are in random order, the same for all
 * members: the first n are a random test set of size n.
 */
import type { OutcomeKind } from '../../experiment/architectures.js';
import type { Varied } from '../../runs/view.js';
import type { FamilyWords } from '../../runs/words.js';
import type { ScoreName } from '../../analysis/scores.js';

export interface PageData {
  readonly runs: readonly PageRun[];
  readonly natural: readonly PageNatural[];
}

export interface PageRun {
  readonly name: string;
  /** Architecture, dataset, seeds: one line. */
  readonly about: string;
  /** What its scales and examples are called in the report. */
  readonly words: FamilyWords;
  /** Which factors have several values; null for imported members. */
  readonly experiment: Varied | null;
  /** By width and seed, each at all of its moments, whatever is drawn initially. */
  readonly members: readonly PageMember[];
  /** What is drawn initially: the report's curves. */
  readonly first: Placing;
  /** What the induced metric has one value for. */
  readonly units: 'images' | 'sequences';
  /** Number of units in this page. */
  readonly count: number;
  /** How many of them, counted from the first, moments before the last were tested on. */
  readonly countAtMoments: number;
  /** Units the members were tested on; more than `count` if the page would be too large. */
  readonly total: number;
  readonly standard: PageMetric;
  readonly induced: PageMetric & PageThreshold;
  /** Describes the line predicted by independence. */
  readonly predicted: { readonly title: string; readonly assumption: string };
  readonly outcomes: PageOutcomes;
  /**
   * What intervals resample, if not the units: base64 of the image or group number of each row of the units, four bytes
   * each.
   */
  readonly clusters: string | null;
  /** Some test examples as pictures, or the reason there are none. */
  readonly pictures: PagePictures | string;
  readonly reconstructions: PageReconstructions | null;
}

/** What a page's test set consists of, in words. */
export function unitsText({ units, words }: Pick<PageRun, 'units' | 'words'>): string {
  return units === 'images' ? words.examples : units;
}

/** How members are arranged: the requested axis and curves. */
export interface Placing {
  /** The key of one of the run's axes. */
  readonly axis: string;
  /** A factor with one curve for each value; '' for a single curve. */
  readonly per: string;
  /** A step of training; undefined for the end, along training for all moments. */
  readonly at: number | undefined;
  /** Values of factors that do not vary along a curve; default: the largest of each. */
  readonly where: Readonly<Record<string, number>>;
}

export interface PageMember {
  readonly id: string;
  readonly width: number;
  readonly seed: number;
  readonly parameters: number;
  readonly trainingFlops: number;
  /**
   * Numbers in which members differ: factors, parameters, FLOPs, examples, steps, loss; for imported members their own.
   */
  readonly coordinates: Readonly<Record<string, number>>;
  /** The step of training after which its outcomes were taken; default: the last. */
  readonly moment?: number | undefined;
  /** The trained model that it is a moment of; only in runs with moments. */
  readonly training?: string | undefined;
}

export interface PageMetric {
  readonly title: string;
  readonly unit: string;
  readonly better: 'higher' | 'lower';
}

/** What the slider moves. */
export interface PageThreshold {
  /** `k` of `subset-accuracy:k=5`. */
  readonly key: 'k' | 'c' | 'l';
  /** `subset-accuracy` */
  readonly metric: string;
  /** Its meaning, for the slider's label. */
  readonly label: string;
  readonly options: readonly number[];
  /** Initial value: one of the options. */
  readonly chosen: number;
}

/**
 * Base64 of one byte array for all members, one after another; for moments before the last, the first `countAtMoments`
 * units.
 */
export type PageOutcomes =
  | {
      readonly kind: Extract<OutcomeKind, 'classification'>;
      /** One bit per image, lowest bit first: right or not; each member starts a new byte. */
      readonly right: string;
    }
  | {
      readonly kind: Extract<OutcomeKind, 'sequences'>;
      /** Images in a sequence. */
      readonly length: number;
      /** One bit per image of a sequence, sequence after sequence; each member starts a new byte. */
      readonly right: string;
    }
  | {
      readonly kind: Extract<OutcomeKind, 'reconstruction'>;
      /** One byte per image: how many of the cutoffs its error is not below. At a cutoff the share below is exact. */
      readonly errors: string;
      /** Mean error for each code, over all members, `[cutoffs + 1]`. */
      readonly codeMeans: readonly number[];
      /** Each member's mean error over the page's images, exact. */
      readonly memberMeans: readonly number[];
    };

export interface PagePictures {
  /** PNG data URI: a row for each example, its images side by side. */
  readonly sprite: string;
  readonly width: number;
  readonly height: number;
  /** Images in a row: 1, or the length of a sequence. */
  readonly across: number;
  readonly examples: readonly PageExample[];
}

export interface PageExample {
  /** Its index among the page's units. */
  readonly unit: number;
  /** `image 17`, `sequence 3` in the test set. */
  readonly name: string;
  /** The true class or classes. */
  readonly label: string;
}

export interface PageReconstructions {
  readonly width: number;
  readonly height: number;
  /** Each picture's unit in the page, -1 if it has none. */
  readonly units: readonly number[];
  /** Data URIs of members' strips, by scale: originals above, reconstructions below. */
  readonly strips: readonly { readonly member: number; readonly name: string; readonly png: string }[];
}

/** A published curve with its scores from `compare`. */
export interface PageNatural {
  readonly name: string;
  readonly about: string;
  readonly unit: string;
  readonly better: 'higher' | 'lower';
  readonly points: readonly PageNaturalPoint[];
  /** As text, since JSON has no infinity. */
  readonly scores: Readonly<Record<ScoreName, readonly [value: string, lower: string, upper: string]>>;
}

export interface PageNaturalPoint {
  readonly model: string;
  readonly parameters: number;
  readonly value: number;
  /** 95 % interval, if the source has a standard error. */
  readonly lower?: number;
  readonly upper?: number;
}
