/**
 * How high would a score be for a smooth curve? The null is the straight line in log scale that is nearest to the measured curve,
 * at the same scales, on a test set of the same size, with as many seeds that scatter as the measured ones do beyond what the test
 * set explains. Members of the null are drawn on test sets of their own, the measured ones share one. With one seed for each scale
 * nobody knows how seeds scatter, and there is no p.
 */
import type { MemberOutcomes } from '../metrics/curve.js';
import { drawsWithValue, quantile } from '../statistics/bootstrap.js';
import { varianceOfTerms } from '../statistics/shared-clusters.js';
import { Random } from '../statistics/random.js';
import { orient, positionOf, type SampledCurve, type ScaleName } from './curves.js';
import { scoreNames, scoresOf, type ScoreName } from './scores.js';

export interface NullTest {
  /** Of the score over the null's draws. */
  readonly median: number;
  /** 95th percentile. */
  readonly upper: number;
  /**
   * Share of draws, the measured curve counted as one, whose score is at least the measured. Draws without a score, as constant
   * ones are without a jump, don't count. NaN with one seed for each scale, and where no draw has a score.
   */
  readonly p: number;
}

export interface NullOptions {
  readonly draws?: number;
  readonly seed?: number;
  readonly axis?: ScaleName;
}

/** Every score of a curve with at least two scales against the null. */
export function testAgainstLine(
  curve: SampledCurve,
  members: readonly MemberOutcomes[],
  { draws = 2000, seed = 0, axis = 'parameters' }: NullOptions = {},
): Record<ScoreName, NullTest> {
  const positions = curve.scales.map((scale) => positionOf(scale, axis));
  const observed = scoresOf(orient(curve.metric, curve.values), positions);
  const random = Random.named(seed, 'null');
  const line = straightLine(curve.values, positions);
  const nextSampler = memberSampler(curve, members, random);
  const severalSeeds = curve.scales.some((scale) => scale.members.length > 1);
  const scored = Array.from({ length: draws }, () => {
    const drawMember = nextSampler();
    const values = Float64Array.from(curve.scales, ({ members: seeds }, i) => {
      return meanOf(seeds.map(() => drawMember(line[i]!, i)));
    });
    return scoresOf(orient(curve.metric, values), positions);
  });
  const tests = scoreNames.map(
    (name) =>
      [
        name,
        compare(
          severalSeeds ? observed[name] : NaN,
          scored.map((scores) => scores[name]),
        ),
      ] as const,
  );
  return Object.fromEntries(tests) as Record<ScoreName, NullTest>;
}

/** Least squares over scales; from the extremes it would have the noise twice. */
function straightLine(values: Float64Array, positions: readonly number[]): number[] {
  const x = positions.map(Math.log);
  const [centre, level] = [meanOf(x), meanOf([...values])];
  const [xx, xy] = [
    x.reduce((sum, at) => sum + (at - centre) ** 2, 0),
    x.reduce((sum, at, i) => sum + (at - centre) * values[i]!, 0),
  ];
  return x.map((at) => level + (xy / xx) * (at - centre));
}

/**
 * For each draw of the null another way to draw the value of a member whose metric is truly `truth`, at scale `i`: how far seeds
 * scatter is known from a few of them, so it is drawn too, s² df / chi².
 */
function memberSampler(curve: SampledCurve, members: readonly MemberOutcomes[], random: Random) {
  const { metric } = curve;
  const share = metric.unitValues(members[0]!.outcomes);
  const measured = members.map(({ outcomes }) => metric.measure(outcomes).standardError);
  const errors = measured.map((error, i) => (Number.isNaN(error) ? deviationAt(curve, i) : error));
  const { between, degrees } = betweenSeeds(curve, errors);
  const clip = (value: number) => (metric.unit === 'probability' ? Math.min(1, Math.max(0, value)) : value);
  const spread = () => {
    let squares = 0;
    for (let i = 0; i < degrees; i++) squares += random.normal() ** 2;
    return degrees === 0 ? 0 : between * Math.sqrt(degrees / squares);
  };
  const trials = effectiveTrials(curve, members);
  const errorAt = curve.scales.map(({ members: seeds }) => meanOf(seeds.map((i) => errors[i]!)));
  return () => {
    const deviation = spread();
    if (share?.share === true) {
      return (truth: number): number => {
        const p = inverse(share.transform, clip(truth + deviation * random.normal()));
        return share.transform(drawBinomial(random, trials, p) / trials);
      };
    }
    return (truth: number, i: number): number => clip(truth + Math.hypot(deviation, errorAt[i]!) * random.normal());
  };
}

/** Of how many independent trials a member's share tells as much: units that share images or groups tell less. */
function effectiveTrials({ metric, count }: SampledCurve, members: readonly MemberOutcomes[]): number {
  const effects = members.flatMap(({ outcomes }) => {
    const drawn = metric.drawn(outcomes);
    if (drawn.kind !== 'terms' || drawn.mean <= 0 || drawn.mean >= 1) return [];
    return (varianceOfTerms(drawn.terms) * count) / (drawn.mean * (1 - drawn.mean));
  });
  return effects.length === 0 ? count : Math.max(1, Math.round(count / meanOf(effects)));
}

/** Standard error of the curve's value at the scale of member `i`, from its draws. */
function deviationAt({ scales, draws }: SampledCurve, i: number): number {
  const place = scales.findIndex(({ members }) => members.includes(i));
  const values = [...drawsWithValue(draws.map((draw) => draw[place]!))];
  const mean = meanOf(values);
  return Math.sqrt(meanOf(values.map((value) => (value - mean) ** 2)));
}

/** Standard deviation between seeds beyond what the test set's draw explains, pooled over scales, and its degrees of freedom. */
function betweenSeeds({ scales, memberValues }: SampledCurve, errors: readonly number[]) {
  let [squares, degrees] = [0, 0];
  for (const { members } of scales) {
    const values = members.map((i) => memberValues[i]!);
    const mean = meanOf(values);
    squares += values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
    squares -= (members.length - 1) * meanOf(members.map((i) => errors[i]! ** 2));
    degrees += members.length - 1;
  }
  return { between: degrees === 0 ? 0 : Math.sqrt(Math.max(0, squares / degrees)), degrees };
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** p with transform(p) = value, by bisection; transform never falls on 0 .. 1. */
function inverse(transform: (mean: number) => number, value: number): number {
  let [low, high] = [0, 1];
  for (let i = 0; i < 30; i++) {
    const middle = (low + high) / 2;
    if (transform(middle) < value) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** Successes of `n` trials: one by one where few are expected on a side, else by the normal approximation, rounded. */
export function drawBinomial(random: Random, n: number, p: number): number {
  const deviation = Math.sqrt(n * p * (1 - p));
  if (deviation > 5) return Math.min(n, Math.max(0, Math.round(n * p + deviation * random.normal())));
  if (p > 0.5) return n - drawBinomial(random, n, 1 - p);
  if (p <= 0) return 0;
  // Gaps between successes are geometric (Devroye 1986, ch. X.4.3).
  const scale = Math.log1p(-p);
  let successes = 0;
  for (let at = Math.floor(Math.log(1 - random.uniform()) / scale); at < n; successes++) {
    at += 1 + Math.floor(Math.log(1 - random.uniform()) / scale);
  }
  return successes;
}

function compare(observed: number, draws: readonly number[]): NullTest {
  const ascending = Float64Array.from(draws)
    .filter((draw) => !Number.isNaN(draw))
    .sort();
  if (ascending.length === 0) return { median: NaN, upper: NaN, p: NaN };
  const atLeast = ascending.filter((draw) => draw >= observed).length;
  const p = Number.isNaN(observed) ? NaN : (1 + atLeast) / (1 + ascending.length);
  return { median: quantile(ascending, 0.5), upper: quantile(ascending, 0.95), p };
}
