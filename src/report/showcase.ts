/** What a run shows of itself when it ends: for each architecture the metrics of its table and of its pictures. */
import type { Architecture } from '../experiment/architectures.js';
import { accuracy, crossEntropy, subsetAccuracy } from '../metrics/classification.js';
import type { Metric } from '../metrics/metric.js';
import { mse, psnr, reconstruction, ssim } from '../metrics/reconstruction.js';
import { imageAccuracy, imageCrossEntropy, sequenceAccuracy } from '../metrics/sequence.js';
import type { OutcomeName, OutcomeTable } from '../runs/outcomes.js';
import type { RunRecord } from '../runs/record.js';

export interface Showcase {
  readonly table: readonly Metric[];
  readonly figures: readonly {
    /** `curve`: the file's name without its ending. */
    readonly name: string;
    readonly metrics: readonly Metric[];
    /** Shares on an axis of shares, all else on a logarithmic one. */
    readonly vertical: 'share' | 'log';
    /** Title of the vertical axis. */
    readonly axis: string;
  }[];
  /** `10 000 test images`. */
  readonly testSet: string;
  /** What an interval is over the draw of. */
  readonly drawOf: 'test images' | 'test sequences';
}

/** Columns that a showcase reads. */
export const showcaseColumns: Readonly<Record<Architecture, readonly OutcomeName[]>> = {
  cnn: ['correct', 'log_probability'],
  autoencoder: ['mse', 'psnr', 'ssim'],
  transformer: ['correct', 'log_probability', 'sequence', 'position'],
};

/**
 * @param largest outcomes of the widest member: the autoencoder's cutoff is chosen from them
 */
export function showcaseOf({ experiment, dataset }: RunRecord, largest: Partial<OutcomeTable>): Showcase {
  const images = `${grouped(dataset.testCount)} test images`;
  switch (experiment.arch) {
    case 'cnn': {
      const shares = [accuracy.with({}), subsetAccuracy.with({ k: 5 })];
      return {
        table: [shares[0]!, crossEntropy.with({}), shares[1]!],
        figures: [{ name: 'curve', metrics: shares, vertical: 'share', axis: 'share right' }],
        testSet: images,
        drawOf: 'test images',
      };
    }
    case 'autoencoder': {
      const share = reconstruction.with({ c: cutoffFor(largest.mse ?? new Float32Array()) });
      return {
        table: [mse.with({}), psnr.with({}), ssim.with({}), share],
        figures: [
          { name: 'curve', metrics: [share], vertical: 'share', axis: 'share of images below the cutoff' },
          { name: 'error', metrics: [mse.with({})], vertical: 'log', axis: 'squared error per pixel' },
        ],
        testSet: images,
        drawOf: 'test images',
      };
    }
    case 'transformer': {
      const { pairs = 1, testSequences = 0 } = experiment;
      const shares = [imageAccuracy.with({}), sequenceAccuracy.with({ l: pairs })];
      return {
        table: [shares[0]!, imageCrossEntropy.with({}), shares[1]!],
        figures: [{ name: 'curve', metrics: shares, vertical: 'share', axis: 'share right' }],
        drawOf: 'test sequences',
        testSet: `${grouped(testSequences)} test sequences of ${pairs} images`,
      };
    }
  }
}

/**
 * The least of 1, 2 and 5 times a power of ten below which 9 in 10 of the images lie: a cutoff that the largest member
 * meets. It is chosen from the data, as the paper's was; that is what induces the effect.
 */
export function cutoffFor(errors: Float32Array): number {
  const sorted = Float32Array.from(errors).sort();
  const wanted = sorted[Math.ceil(0.9 * sorted.length) - 1] ?? 1;
  for (let exponent = -8; exponent <= 0; exponent++) {
    for (const digit of [1, 2, 5]) {
      const cutoff = Number(`${digit}e${exponent}`);
      if (cutoff > wanted) return cutoff;
    }
  }
  return 1;
}

/** 1234567 as 1 234 567. */
export function grouped(value: number): string {
  return value.toLocaleString('en-US').replaceAll(',', ' ');
}
