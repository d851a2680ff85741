/** What is shown when a run ends: for each kind of outcomes, the metrics of its table and of its pictures. */
import { defaultMetrics, type Sized } from '../analysis/defaults.js';
import { outcomeKinds, type OutcomeKind } from '../experiment/architectures.js';
import { lastOf } from '../machine/present.js';
import type { Metric } from '../metrics/metric.js';
import { psnr, ssim } from '../metrics/reconstruction.js';
import type { OutcomeName } from '../runs/outcomes.js';
import type { RunRecord } from '../runs/record.js';
import { samplingOf, type Sampling } from './tables/sampling.js';
import { testSetText } from '../runs/imported.js';

export interface SummaryContent {
  readonly table: readonly Metric[];
  readonly figures: readonly {
    /** `curve`: file name without ending. */
    readonly name: string;
    readonly metrics: readonly Metric[];
    /** Shares go on an axis of shares, everything else on a logarithmic one. */
    readonly vertical: 'share' | 'log';
    /** Title of the vertical axis. */
    readonly axis: string;
  }[];
  /** `10 000 test images`. */
  readonly testSet: string;
  /** What the intervals are over the sampling of. */
  readonly sampling: Sampling;
}

/** Columns read by a summary. */
export const summaryColumns: Readonly<Record<OutcomeKind, readonly OutcomeName[]>> = {
  classification: ['correct', 'log_probability', 'label', 'predicted'],
  reconstruction: ['mse', 'psnr', 'ssim'],
  sequences: ['correct', 'log_probability', 'sequence', 'example', 'label', 'predicted'],
};

/** @param members K and the autoencoder's cutoff are chosen from those of the largest width */
export function summaryContentOf(record: RunRecord, members: readonly Sized[]): SummaryContent {
  const { experiment } = record;
  const { standard, induced, loss } = defaultMetrics(record, members);
  const losses = loss === undefined ? [] : [loss];
  const testSet = testSetText(record);
  const sampling = samplingOf(record, lastOf(members).outcomes);
  const shares = { name: 'curve', metrics: [standard, induced], vertical: 'share', axis: 'share right' } as const;
  switch (outcomeKinds[experiment.arch]) {
    case 'classification':
    case 'sequences':
      return { table: [standard, ...losses, induced], figures: [shares], testSet, sampling };
    case 'reconstruction':
      return {
        table: [standard, psnr.with({}), ssim.with({}), induced],
        figures: [
          { name: 'curve', metrics: [induced], vertical: 'share', axis: 'share of images below the cutoff' },
          { name: 'error', metrics: [standard], vertical: 'log', axis: 'squared error per pixel' },
        ],
        testSet,
        sampling,
      };
  }
}
