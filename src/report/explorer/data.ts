/**
 * What report.html carries: plain data that both the report, which writes it, and the page, which reads it, know. Outcomes
 * are as compact as the explorer's questions allow, in random order of the test examples, the same for all members: the first n of
 * them are a random test set of n.
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
  /** By width and seed, and each at all of its moments, whatever is drawn at first. */
  readonly members: readonly PageMember[];
  /** What is drawn at first: the curves of the report. */
  readonly first: Placing;
  /** What the induced metric has one number of. */
  readonly units: 'images' | 'sequences';
  /** Units in this page. */
  readonly count: number;
  /** The first so many of them are those that moments before the last were tested on. */
  readonly countAtMoments: number;
  /** Units that the members were tested on; more than `count` where the page would be too large. */
  readonly total: number;
  readonly standard: PageMetric;
  readonly induced: PageMetric & PageThreshold;
  /** Of the line that independence predicts. */
  readonly predicted: { readonly title: string; readonly assumption: string };
  readonly outcomes: PageOutcomes;
  /** What intervals draw where it is not the units: base64 of the image's or group's number, four bytes each, of each row of the units. */
  readonly clusters: string | null;
  /** Some test examples as pictures; why there are none. */
  readonly pictures: PagePictures | string;
  readonly reconstructions: PageReconstructions | null;
}

/** What the test set of a page is of, in words. */
export function unitsText({ units, words }: Pick<PageRun, 'units' | 'words'>): string {
  return units === 'images' ? words.examples : units;
}

/** Where members stand: the axis and the curves that are asked for. */
export interface Placing {
  /** The key of one of the run's axes. */
  readonly axis: string;
  /** A factor whose values have a curve each; '' for one curve. */
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
  /** Numbers in which members differ: factors, parameters, FLOPs, examples, steps, loss; of an imported one its own. */
  readonly coordinates: Readonly<Record<string, number>>;
  /** The step of training after which its outcomes were taken; default: the last. */
  readonly moment?: number | undefined;
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
  /** What it is, for the slider's label. */
  readonly label: string;
  readonly options: readonly number[];
  /** Where it stands at first: one of the options. */
  readonly chosen: number;
}

/** Base64 of one byte array for all members, one after the other; of moments before the last the first `countAtMoments` units. */
export type PageOutcomes =
  | {
      readonly kind: Extract<OutcomeKind, 'classification'>;
      /** One bit an image, the first in the lowest: right or not; each member begins a byte. */
      readonly right: string;
    }
  | {
      readonly kind: Extract<OutcomeKind, 'sequences'>;
      /** Images in a sequence. */
      readonly length: number;
      /** One bit an image of a sequence, sequence after sequence; each member begins a byte. */
      readonly right: string;
    }
  | {
      readonly kind: Extract<OutcomeKind, 'reconstruction'>;
      /** One byte an image: how many of the cutoffs its error is not below. At a cutoff the share below is exact. */
      readonly errors: string;
      /** Mean error of each code, over all members, `[cutoffs + 1]`. */
      readonly codeMeans: readonly number[];
      /** Each member's mean error over the page's images, exact. */
      readonly memberMeans: readonly number[];
    };

export interface PagePictures {
  /** PNG data URI: a row for each example, its images side by side. */
  readonly sprite: string;
  readonly width: number;
  readonly height: number;
  /** Images in a row: 1, or those of a sequence. */
  readonly across: number;
  readonly examples: readonly PageExample[];
}

export interface PageExample {
  /** Its place among the page's units. */
  readonly unit: number;
  /** `image 17`, `sequence 3` in the test set. */
  readonly name: string;
  /** The true class or classes. */
  readonly label: string;
}

export interface PageReconstructions {
  readonly width: number;
  readonly height: number;
  /** Each picture's unit in the page, -1 where it is not among them. */
  readonly units: readonly number[];
  /** Data URIs of members' strips, by scale: originals above, reconstructions below. */
  readonly strips: readonly { readonly member: number; readonly name: string; readonly png: string }[];
}

/** A published curve with what `compare` says of it. */
export interface PageNatural {
  readonly name: string;
  readonly about: string;
  readonly unit: string;
  readonly better: 'higher' | 'lower';
  readonly points: readonly PageNaturalPoint[];
  /** As texts, since JSON knows no infinity. */
  readonly scores: Readonly<Record<ScoreName, readonly [value: string, lower: string, upper: string]>>;
}

export interface PageNaturalPoint {
  readonly model: string;
  readonly parameters: number;
  readonly value: number;
  /** 95 %, where the source has a standard error. */
  readonly lower?: number;
  readonly upper?: number;
}
