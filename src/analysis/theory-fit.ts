/**
 * The model of Sec. 2 fitted to a family's cross-entropy; everything else is then predicted without a further
 * parameter.
 */
import {
  accuracy,
  crossEntropy,
  imageAccuracy,
  imageCrossEntropy,
  sequenceAccuracy,
  subsetAccuracy,
} from '../metrics/classification.js';
import type { MemberOutcomes } from '../metrics/curve.js';
import type { Metric } from '../metrics/metric.js';
import { editDistance, sequenceLength } from '../metrics/sequence.js';
import { scaleText, trainedWords, type FamilyWords } from '../runs/words.js';
import { percentileInterval } from '../statistics/bootstrap.js';
import type { Interval } from '../statistics/intervals.js';
import { FitError } from '../statistics/least-squares.js';
import { condensed } from '../terminal/format.js';
import { sampleCurve, scalesOf, type SampleOptions, type Scale } from './curves.js';
import { distanceBetween, type Distance } from './independence.js';
import { allRight, expectedEditDistance, fitPowerLaw, tokenLoss, type PowerLaw, type PowerLawFit } from './theory.js';

export interface PredictedCurve {
  readonly metric: Metric;
  /** Number of images that must be right at once. */
  readonly length: number;
  /** Means over seeds, `[scales]`. */
  readonly measured: Float64Array;
  /** 95 % interval of each, as in `evaluate`. */
  readonly measuredIntervals: readonly Interval[];
  readonly predicted: Float64Array;
  /**
   * 95 % interval of each, with the law fitted again to each bootstrap draw of the losses; ends are NaN without draws.
   */
  readonly predictedIntervals: readonly Interval[];
  readonly distance: Distance;
}

export interface TheoryFit {
  readonly run: string;
  readonly law: PowerLawFit;
  readonly scales: readonly Scale[];
  readonly loss: Float64Array;
  readonly lossIntervals: readonly Interval[];
  readonly fittedLoss: Float64Array;
  readonly fittedIntervals: readonly Interval[];
  /** p^l compared with all of l right; the first of length 1. */
  readonly right: readonly PredictedCurve[];
  /** l (1 - p) compared with the token edit distance; for single images, with their share of wrong ones. */
  readonly edits: PredictedCurve | undefined;
}

export interface TheoryRequest extends SampleOptions {
  readonly lengths: readonly number[];
  readonly words?: FamilyWords;
}

/**
 * At least two widths; members have the columns of cross-entropy and accuracy.
 *
 * @throws FitError, saying what is wrong with the cross-entropy, if it is not a power law of the parameters
 */
export function fitFamily(
  run: string,
  members: readonly MemberOutcomes[],
  { lengths, words = trainedWords, ...sampling }: TheoryRequest,
): TheoryFit {
  const scales = scalesOf(members);
  const { sequence } = members[0]!.outcomes;
  const isSequence = sequence !== undefined;
  const measure = (metric: Metric) => sampleCurve(metric, members, sampling);
  const losses = measure(isSequence ? imageCrossEntropy.with({}) : crossEntropy.with({}));
  const loss = losses.values;
  const none = scales
    .filter((_, i) => !(loss[i]! > 0 && loss[i]! < Infinity))
    .map(({ width }) => scaleText(width, words));
  if (none.length > 0)
    throw new FitError(
      'not-finite',
      `a power law needs finite values above 0, but it has none at ${words.scale} ${condensed(none)}`,
    );
  const fit = (values: Float64Array) =>
    fitPowerLaw(scales.map(({ parameters }, i) => ({ parameters, loss: values[i]! })));
  const law = fit(loss);
  const refitted = losses.draws.flatMap((values) => lawOrNone(() => fit(values)));
  const ofLaw = (predict: (law: PowerLaw, parameters: number) => number) => ({
    values: Float64Array.from(scales, ({ parameters }) => predict(law, parameters)),
    intervals: scales.map(({ parameters }) => percentileInterval(refitted.map((each) => predict(each, parameters)))),
  });
  const against = (
    metric: Metric,
    length: number,
    predict: (law: PowerLaw, parameters: number, length: number) => number,
  ): PredictedCurve => {
    const { values: measured, intervals } = measure(metric);
    const predicted = ofLaw((each, parameters) => predict(each, parameters, length));
    return {
      ...{ metric, length, measured, measuredIntervals: intervals() },
      ...{ predicted: predicted.values, predictedIntervals: predicted.intervals },
      distance: distanceBetween(measured, predicted.values),
    };
  };
  const fitted = ofLaw(tokenLoss);
  const metricOf = (length: number): Metric => {
    if (isSequence) return length === 1 ? imageAccuracy.with({}) : sequenceAccuracy.with({ l: length });
    return length === 1 ? accuracy.with({}) : subsetAccuracy.with({ k: length });
  };
  const longest = isSequence ? sequenceLength({ sequence }) : 1;
  return {
    run,
    law,
    scales,
    ...{ loss, lossIntervals: losses.intervals(), fittedLoss: fitted.values, fittedIntervals: fitted.intervals },
    right: lengths.map((length) => against(metricOf(length), length, allRight)),
    edits: isSequence ? against(editDistance.with({}), longest, expectedEditDistance) : undefined,
  };
}

/** None for a draw whose losses follow no law: one of them is 0, or all are equal. */
function lawOrNone(fit: () => PowerLaw): PowerLaw[] {
  try {
    return [fit()];
  } catch (error) {
    if (error instanceof FitError || error instanceof RangeError) return [];
    throw error;
  }
}
