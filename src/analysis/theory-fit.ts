/** The model of Sec. 2 fitted to a family's cross-entropy; everything else is then predicted with no further parameter. */
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
import { FitError } from '../statistics/least-squares.js';
import { condensed } from '../terminal/format.js';
import { meansOf, scalesOf, type Scale } from './curves.js';
import { distanceBetween, type Distance } from './independence.js';
import { allRight, expectedEditDistance, fitPowerLaw, tokenLoss, type PowerLawFit } from './theory.js';

export interface PredictedCurve {
  readonly metric: Metric;
  /** Images that have to be right at once. */
  readonly length: number;
  /** Means over seeds, `[scales]`. */
  readonly measured: Float64Array;
  readonly predicted: Float64Array;
  readonly distance: Distance;
}

export interface TheoryFit {
  readonly run: string;
  readonly law: PowerLawFit;
  readonly scales: readonly Scale[];
  readonly loss: Float64Array;
  readonly fittedLoss: Float64Array;
  /** p^l against all of l right; the first of length 1. */
  readonly right: readonly PredictedCurve[];
  /** l (1 - p) against the token edit distance; images one by one: against their share of wrong ones. */
  readonly edits: PredictedCurve | undefined;
}

/**
 * At least two widths; members have the columns of cross-entropy and accuracy.
 *
 * @throws FitError, what is the matter with the cross-entropy, where it is no power law of the parameters
 */
export function fitFamily(
  run: string,
  members: readonly MemberOutcomes[],
  { lengths, words = trainedWords }: { readonly lengths: readonly number[]; readonly words?: FamilyWords },
): TheoryFit {
  const scales = scalesOf(members);
  const { sequence } = members[0]!.outcomes;
  const isSequence = sequence !== undefined;
  const measure = (metric: Metric) =>
    meansOf(
      Float64Array.from(members, ({ outcomes }) => metric.weighted(outcomes).evaluate()),
      scales,
    );
  const loss = measure(isSequence ? imageCrossEntropy.with({}) : crossEntropy.with({}));
  const none = scales
    .filter((_, i) => !(loss[i]! > 0 && loss[i]! < Infinity))
    .map(({ width }) => scaleText(width, words));
  if (none.length > 0)
    throw new FitError(
      'not-finite',
      `a power law needs finite values above 0, and it has none at ${words.scale} ${condensed(none)}`,
    );
  const law = fitPowerLaw(scales.map(({ parameters }, i) => ({ parameters, loss: loss[i]! })));
  const against = (metric: Metric, length: number, predict: (parameters: number) => number): PredictedCurve => {
    const measured = measure(metric);
    const predicted = Float64Array.from(scales, ({ parameters }) => predict(parameters));
    return { metric, length, measured, predicted, distance: distanceBetween(measured, predicted) };
  };
  const metricOf = (length: number): Metric => {
    if (isSequence) return length === 1 ? imageAccuracy.with({}) : sequenceAccuracy.with({ l: length });
    return length === 1 ? accuracy.with({}) : subsetAccuracy.with({ k: length });
  };
  const longest = isSequence ? sequenceLength({ sequence }) : 1;
  return {
    run,
    law,
    scales,
    loss,
    fittedLoss: Float64Array.from(scales, ({ parameters }) => tokenLoss(law, parameters)),
    right: lengths.map((length) => against(metricOf(length), length, (n) => allRight(law, n, length))),
    edits: isSequence
      ? against(editDistance.with({}), longest, (n) => expectedEditDistance(law, n, longest))
      : undefined,
  };
}
