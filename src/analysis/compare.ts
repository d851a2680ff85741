/**
 * The paper's figures as numbers: a published natural curve, a family's standard curve and its induced one, each with its scores.
 */
import { rangeOf } from './scales.js';
import type { MemberOutcomes } from '../metrics/curve.js';
import type { MetricKind } from '../metrics/metric.js';
import type { Interval } from '../statistics/intervals.js';
import { Random } from '../statistics/random.js';
import { sampleChosen, type ChosenMetric } from './chosen.js';
import type { SampledCurve, ScoreWithInterval, SampleOptions } from './curves.js';
import { distanceBetween, predictFromStandard, type Distance, type InducedPrediction } from './independence.js';
import { scoreInterval } from './score-interval.js';
import { shapeOf, type CurveShape } from './curve-shape.js';
import { sharpnessOf, type Sharpness, type SharpnessOptions } from './sharpness.js';
import { scoresOf, type ScoreName, type Scores, ofScores } from './scores.js';

export interface ComparedPoint {
  readonly parameters: number;
  /** Curve of a family. */
  readonly width?: number;
  readonly value: number;
  /** 95 %; undefined if unknown. */
  readonly interval: Interval | undefined;
}

export interface ComparedCurve {
  readonly title: string;
  /** Why values of its metric can be infinite or undefined, for notes. */
  readonly notFinite?: string | undefined;
  readonly unit: string;
  readonly better: 'higher' | 'lower';
  /** Undefined for published curves. */
  readonly kind?: MetricKind | undefined;
  /** In order of scale. */
  readonly points: readonly ComparedPoint[];
  /** Single members. */
  readonly members: readonly { readonly parameters: number; readonly value: number }[];
  /** max - min. */
  readonly range: number;
  readonly scores: Readonly<Record<ScoreName, ScoreWithInterval>>;
  /** Undefined if there are too few points. */
  readonly shape: CurveShape | undefined;
}

export interface Comparison {
  readonly run: string;
  /** Architecture, dataset, seeds: one line. */
  readonly about: string;
  readonly natural: readonly ComparedCurve[];
  readonly standard: ComparedCurve;
  readonly induced: ComparedCurve;
  /** How the two curves' scores compare with each other, and with smooth growth. */
  readonly sharpness: Sharpness;
  readonly prediction: (InducedPrediction & { readonly distance: Distance }) | undefined;
}

/** The part of a published curve that is compared. */
export interface PublishedCurve {
  readonly name: string;
  readonly unit: string;
  readonly better: 'higher' | 'lower';
  /** In order of parameters, at least two. */
  readonly points: readonly {
    readonly params: number;
    readonly value: number;
    /** Undefined if none is published. */
    readonly standardError: number | undefined;
  }[];
}

export interface ComparisonRequest extends SampleOptions, Pick<SharpnessOptions, 'onStep'> {
  readonly run: string;
  readonly about: string;
  readonly standard: ChosenMetric;
  readonly induced: ChosenMetric;
  readonly members: readonly MemberOutcomes[];
  readonly natural: readonly PublishedCurve[];
}

export function compareCurves(request: ComparisonRequest): Comparison {
  const { run, about, members, natural } = request;
  const standard = sampleChosen(request.standard, members, request);
  const induced = sampleChosen(request.induced, members, request);
  const sharpness = sharpnessOf(standard, induced, request);
  const measured = familyCurve(induced.curve, members, { scores: sharpness.induced.scores });
  const prediction = predictFromStandard(induced.metric, members);
  const values = measured.points.map(({ value }) => value);
  return {
    run,
    about,
    natural: natural.map((curve) => publishedCurve(curve, request)),
    standard: familyCurve(standard.curve, members, { scores: sharpness.standard.scores }),
    induced: measured,
    sharpness,
    prediction: prediction && { ...prediction, distance: distanceBetween(values, prediction.values) },
  };
}

/** At least two scales. */
export function familyCurve(
  curve: SampledCurve,
  members: readonly MemberOutcomes[],
  { scores }: Pick<ComparedCurve, 'scores'>,
): ComparedCurve {
  const { metric } = curve;
  const intervals = curve.intervals();
  const points = curve.scales.map(({ parameters, width }, i) => {
    return { parameters, width, value: curve.values[i]!, interval: intervals[i] };
  });
  return {
    ...{ title: metric.title, notFinite: metric.notFinite, unit: metric.unit },
    ...{ kind: metric.kind, better: metric.better },
    points,
    members: members.map(({ record }, i) => ({
      parameters: record.parameters,
      value: curve.memberValues[i]!,
    })),
    range: rangeOf(curve.values),
    scores,
    shape: shapeOf(
      members.map(({ record }, i) => ({ scale: record.parameters, value: curve.memberValues[i]! })),
      { lower: metric.limits[0], upper: metric.limits[1] },
    ),
  };
}

/**
 * Draws of a published curve are normal, with its standard errors; without a standard error at each point it has no
 * intervals.
 */
export function publishedCurve(
  { name, unit, better, points }: PublishedCurve,
  { draws = 2000, seed = 0 }: SampleOptions,
): ComparedCurve {
  const random = Random.named(seed, 'natural', name);
  const known = points.every(({ standardError }) => standardError !== undefined);
  const sign = better === 'higher' ? 1 : -1;
  const params = points.map((point) => point.params);
  const observed = scoresOf(
    points.map(({ value }) => sign * value),
    params,
  );
  const drawn: Scores[] = Array.from({ length: draws }, () =>
    scoresOf(
      points.map(({ value, standardError = 0 }) => sign * (value + standardError * random.normal())),
      params,
    ),
  );
  const scores = ofScores((score) => {
    const interval = known ? scoreInterval(score, { observed, draws: drawn }, params) : { lower: NaN, upper: NaN };
    return { value: observed[score], interval };
  });
  const compared = points.map(({ params: parameters, value, standardError }) => {
    const interval =
      standardError === undefined
        ? undefined
        : { lower: value - 1.96 * standardError, upper: value + 1.96 * standardError };
    return { parameters, value, interval };
  });
  return {
    title: name,
    unit,
    better,
    points: compared,
    members: compared.map(({ parameters, value }) => ({ parameters, value })),
    range: rangeOf(points.map(({ value }) => value)),
    scores,
    shape: shapeOf(
      compared.map(({ parameters, value }) => ({ scale: parameters, value })),
      unit === 'probability' ? { lower: 0, upper: 1 } : undefined,
    ),
  };
}
