/**
 * A follow-up experiment from a pilot run: widths, or values of another factor, which are called widths here, with equal steps of the standard metric, the metric that induces emergence, and the
 * number of seeds and test examples that distinguish the two. Everything is chosen on the pilot, so the claim is about seeds that
 * have not been seen.
 *
 * Why equal steps: Eq 1 divides the range by the median step. With equal steps, Eq 1 of the standard curve is n - 1, that of a ramp,
 * and the least possible for a curve whose steps are no larger than necessary; half of the scales then lie in the lower half of its
 * range, where a power of it hardly moves, so the median step of the induced curve is close to zero.
 */
import { kindOf, pairsOf } from '../../runs/imported.js';
import { sequenceAccuracy, subsetAccuracy } from '../../metrics/classification.js';
import type { MemberOutcomes } from '../../metrics/curve.js';
import type { Metric } from '../../metrics/metric.js';
import { reconstruction } from '../../metrics/reconstruction.js';
import type { MemberRecord, RunRecord } from '../../runs/record.js';
import { scaleText, scaleTitle, trainedWords, type FamilyWords } from '../../runs/words.js';
import { mean } from '../../statistics/mean.js';
import { UsageError } from '../../terminal/errors.js';
import { counted } from '../../terminal/format.js';
import type { OnStep } from '../../terminal/steps.js';
import { scalesOf } from '../scales.js';
import { between, expectedCurve, pilotOf, type PilotMetric } from './pilot.js';
import { simulatePower, type Power, type PowerRequest } from './power.js';
import { evenWidths } from './widths.js';

/** Fewest widths that show the course of a curve, and fewest seeds of each that show the spread of seeds. */
const fewestWidths = 4;
const fewestSeeds = 2;
/** Fewest seeds to propose: with two, the interval of Eq 1 covers 85 % (docs/emergence.md). */
const fewestProposed = 3;
/** The induced curve should be above this at the largest width: one that stays on the floor shows nothing. */
const reach = 0.5;
/** Failing that, above this, as when K is chosen for a picture. */
const leastEnd = 0.1;
/** Simulated families by which a design is judged; metrics are compared on part of them. */
const usualFamilies = 300;
const comparedPart = 1 / 3;
/** Bootstrap draws of each family's interval. */
const draws = 200;
/** Fractions of the test set to try. */
const testSizes = [0.1, 0.3] as const;

export interface DesignRequest {
  /** Of a pilot that is complete. */
  readonly record: Pick<RunRecord, 'name' | 'experiment' | 'dataset' | 'probe'>;
  /** The factor that its members differ in. */
  readonly words?: FamilyWords | undefined;
  /** Whether the factor has values that are not whole numbers. */
  readonly isReal?: boolean | undefined;
  readonly members: readonly (MemberOutcomes & {
    /** Its `width` is its value of the factor. */
    readonly record: Pick<MemberRecord, 'trainingSeconds' | 'evaluationSeconds' | 'threads'>;
  })[];
  readonly standard: Metric;
  /** Default: chosen among `candidateMetrics`. */
  readonly induced?: Metric | undefined;
  /** Desired number of widths. */
  readonly scales: number;
  readonly mostSeeds: number;
  readonly power: number;
  readonly ratio: number;
  /** Smallest and largest width; default: the pilot's. */
  readonly from?: number | undefined;
  readonly to?: number | undefined;
  /** Test examples; default: as many as the pilot has. */
  readonly testSize?: number | undefined;
  /** Families simulated for each number; default: `usualFamilies`. */
  readonly families?: number;
  /** Called after each simulation, with the largest possible number of them. */
  readonly onStep?: OnStep;
}

export interface MetricPower extends Power {
  readonly metric: string;
  readonly title: string;
  /** Expected value at the largest width. */
  readonly end: number;
  /** Whether the curve is expected to rise late, and to end above `reach`. */
  readonly fits: boolean;
}

export interface Design {
  readonly standard: Metric;
  readonly induced: Metric;
  readonly widths: readonly number[];
  /** Whether a width is beyond the pilot's. */
  readonly isExtrapolated: boolean;
  /** Expected means over seeds, `[widths]`. */
  readonly curves: { readonly standard: readonly number[]; readonly induced: readonly number[] };
  /** The metrics that were considered, mildest first, with the most seeds. */
  readonly candidates: readonly MetricPower[];
  /** The same, as a candidate. */
  readonly fits: boolean;
  /** By number of seeds, up to the first that is enough. */
  readonly bySeeds: readonly (Power & { readonly seeds: number })[];
  /** With the proposed seeds, by test examples; the last is the proposed one. */
  readonly bySize: readonly (Power & { readonly examples: number })[];
  readonly suffices: boolean;
  /** Power of the proposed design if the pilot's curve were the true one. */
  readonly exact: Power;
  /** Seeds that the pilot does not have. */
  readonly seeds: readonly number[];
  readonly testSize: number | undefined;
  /** Estimated from the pilot's times, for all members one after the other on one core. */
  readonly coreSeconds: number;
}

/** Throws UsageError if the pilot shows too little. */
export function designExperiment(request: DesignRequest): Design {
  const { record, members, scales: wanted, mostSeeds, ratio, power } = request;
  const { families = usualFamilies, words = trainedWords, isReal, onStep } = request;
  const { experiment } = record;
  const pilots = pilotOf(members, draws);
  refuseFew(request);
  const standard = pilots(request.standard);
  refuseFlat(standard, record.name, words);
  const curve = expectedCurve(standard);
  const known = scalesOf(members).map(({ width }) => width);
  const [least, most] = [Math.min(...known), Math.max(...known)];
  const { from = least, to = most } = request;
  const multiple = words.scale === 'width' ? (experiment.heads ?? 1) : 1;
  const widths = evenWidths(curve, { from, to, count: wanted, multiple, isReal });
  if (widths.length < fewestWidths)
    throw new UsageError(
      `${widths.length} ${words.isCoordinate ? `values of ${words.scale}` : 'widths'} from ${from} to ${to} are too few; at least ${fewestWidths} are needed`,
      record.name,
      'extend it with --from or --to',
    );
  const examples = record.dataset.testCount;
  const size = (request.testSize ?? examples) / examples;
  const refusal = request.induced?.refuses(request.testSize ?? Infinity);
  if (refusal !== undefined) throw new UsageError(refusal, '--test-size');
  const metrics = request.induced === undefined ? candidateMetrics(request) : [request.induced];
  const simulations = metrics.length + mostSeeds - fewestProposed + testSizes.length + 2;
  let done = 0;
  const simulate: Simulate = (induced, options) => {
    const power = simulatePower({ standard, induced, widths, ratio, draws, size, ...options });
    onStep?.(++done, simulations);
    return power;
  };

  const { chosen, candidates } = chooseInduced(request, { metrics, widths, pilots, simulate });
  const { pilot: induced } = chosen;

  const bySeeds: (Power & { seeds: number })[] = [];
  for (let seeds = fewestProposed; seeds <= mostSeeds && !((bySeeds.at(-1)?.power ?? 0) >= power); seeds++) {
    bySeeds.push({ seeds, ...simulate(induced, { seeds, families }) });
  }
  const last = bySeeds.at(-1)!;
  const bySize = testSizes.map((part) => {
    const fewer = Math.round(part * size * examples);
    const found = simulate(induced, { seeds: last.seeds, families, size: fewer / examples });
    return { ...found, examples: fewer };
  });
  return {
    ...{ standard: standard.metric, induced: induced.metric, widths, fits: chosen.row.fits },
    candidates: candidates.map(({ row }) => row),
    isExtrapolated: from < least || to > most,
    curves: { standard: widths.map(curve), induced: chosen.expected },
    bySeeds,
    bySize: [...bySize, { ...last, examples: Math.round(size * examples) }],
    suffices: last.power >= power,
    exact: simulate(induced, { seeds: last.seeds, families, redrawCurve: false }),
    seeds: newSeeds(experiment.seeds, last.seeds),
    testSize: request.testSize ?? experiment.testSize,
    coreSeconds: coreSecondsOf(members, widths) * last.seeds,
  };
}

type Simulate = (
  induced: PilotMetric,
  options: Pick<PowerRequest, 'seeds' | 'families'> & Partial<PowerRequest>,
) => Power;

interface Choosing {
  /** Mildest first. */
  readonly metrics: readonly Metric[];
  readonly widths: readonly number[];
  readonly pilots: (metric: Metric) => PilotMetric;
  readonly simulate: Simulate;
}

/** The induced metric, and all that were considered, mildest first. */
function chooseInduced(request: DesignRequest, { metrics, widths, pilots, simulate }: Choosing) {
  const { induced, power, mostSeeds, record, families = usualFamilies } = request;
  const all = metrics.map((metric) => {
    const pilot = pilots(metric);
    const expected = widths.map(expectedCurve(pilot));
    return { pilot, expected, end: expected.at(-1)!, isLate: isLate(pilot.metric, expected) };
  });
  const consider = ({ pilot, expected, end, isLate }: (typeof all)[0]) => {
    const { id, title } = pilot.metric;
    const simulated = simulate(pilot, { seeds: mostSeeds, families: Math.round(families * comparedPart) });
    const row: MetricPower = {
      metric: id,
      title,
      end,
      fits: isLate && (pilot.metric.unit !== 'probability' || end > reach),
      ...simulated,
    };
    return { pilot, expected, row };
  };
  const late = all.filter((each) => each.isLate);
  const endsIn = (least: number, most: number) => late.filter(({ end }) => end > least && end <= most).map(consider);
  const candidates = induced === undefined ? endsIn(reach, Infinity) : all.map(consider);
  // One that ends lower is chosen only if no curve that ends high can be distinguished from the standard one.
  if (induced === undefined && !candidates.some(({ row }) => row.power >= power))
    candidates.push(...endsIn(leastEnd, reach));
  if (candidates.length === 0) candidates.push(...(late.length > 0 ? late : all).slice(0, 1).map(consider));
  if (candidates.length === 0)
    throw new UsageError('has no K, cutoff or L at which its members differ', record.name, 'give --induced');
  const rows = candidates.map(({ row }) => row);
  return { chosen: candidates[chosenOf(rows, power)]!, candidates };
}

/**
 * Whether a curve lies in the lower half of its range at half of the widths: one that rises earlier has as high an Eq 1, which does
 * not distinguish early from late.
 */
function isLate({ better }: Metric, values: readonly number[]): boolean {
  const middle = (Math.min(...values) + Math.max(...values)) / 2;
  return values.filter((value) => (better === 'higher' ? value < middle : value > middle)).length >= values.length / 2;
}

/**
 * The mildest metric with enough power; otherwise the one with the most power, and among equals the one with the
 * highest ratio.
 */
function chosenOf(candidates: readonly MetricPower[], power: number): number {
  const first = candidates.findIndex((each) => each.power >= power);
  if (first >= 0) return first;
  const best = candidates.reduce((a, b) =>
    b.power > a.power || (b.power === a.power && b.ratio.median > a.ratio.median) ? b : a,
  );
  return candidates.indexOf(best);
}

const digits = [1, 1.5, 2, 3, 5, 7];

/** The K, cutoffs or L to consider, mildest first. */
export function candidateMetrics({
  record,
  members,
  testSize,
}: Pick<DesignRequest, 'record' | 'members' | 'testSize'>): Metric[] {
  const { outcomes } = members.at(-1)!;
  switch (kindOf(record)) {
    case 'classification': {
      const images = testSize ?? outcomes.correct!.length;
      const sizes = [2, 3, 4, 5, 7, ...[10, 100, 1000].flatMap((ten) => digits.map((digit) => digit * ten))];
      // As when K is chosen for a picture: the test set must hold ten groups.
      return sizes.filter((k) => 10 * k <= images).map((k) => subsetAccuracy.with({ k }));
    }
    case 'reconstruction': {
      const powers = Array.from({ length: 9 }, (_, i) => -i);
      const cutoffs = powers.flatMap((exponent) => digits.toReversed().map((digit) => Number(`${digit}e${exponent}`)));
      const share = (c: number, member: MemberOutcomes) => reconstruction.with({ c }).measure(member.outcomes).value;
      // A cutoff that the smallest member already meets, or that not even the largest does, cannot be met late.
      const within = cutoffs.filter((c) => share(c, members[0]!) < reach && share(c, members.at(-1)!) > 0);
      return within.map((c) => reconstruction.with({ c }));
    }
    case 'sequences':
      return Array.from({ length: Math.max(0, pairsOf(record) - 1) }, (_, i) => sequenceAccuracy.with({ l: i + 2 }));
  }
}

function refuseFew({ record, members, words = trainedWords }: DesignRequest): void {
  const scales = scalesOf(members);
  if (scales.length < fewestWidths)
    throw new UsageError(
      `has ${words.isCoordinate ? `${counted(scales.length, 'value')} of ${words.scale}` : counted(scales.length, 'width')}; a design needs ${fewestWidths}`,
      record.name,
      words.isCoordinate ? words.further : 'train more with --widths',
    );
  const fewest = Math.min(...scales.map((scale) => scale.members.length));
  if (fewest < fewestSeeds)
    throw new UsageError(
      `has one seed per ${words.noun}; a design needs ${fewestSeeds}`,
      record.name,
      'train more with --seeds, such as 0,1,2',
    );
}

/** A curve that ends no better than it begins, beyond what seeds alone would do, has no steps to make equal. */
function refuseFlat(pilot: PilotMetric, name: string, words: FamilyWords): void {
  const { scales, centres, variances, sign, metric } = pilot;
  const [first, last] = [0, scales.length - 1];
  const rise = sign * (centres[last]! - centres[first]!);
  const error = Math.sqrt([first, last].reduce((sum, j) => sum + variances[j]! / scales[j]!.members.length, 0));
  if (rise > 2 * error && rise > 0) return;
  throw new UsageError(
    `${metric.title} does not improve from ${scaleTitle(scales[first]!.width, words)} to ${scaleText(scales[last]!.width, words)} by more than seeds differ`,
    name,
    `a pilot must show the rise: train other ${words.scales}, or train longer`,
  );
}

/** The smallest numbers that are not seeds of the pilot. */
function newSeeds(known: readonly number[], count: number): number[] {
  const found: number[] = [];
  for (let seed = 0; found.length < count; seed++) if (!known.includes(seed)) found.push(seed);
  return found;
}

/** For one seed at each width: the pilot's times, interpolated in log-log between its widths. */
function coreSecondsOf(members: DesignRequest['members'], widths: readonly number[]): number {
  const scales = scalesOf(members);
  const logs = scales.map((scale) => {
    const seconds = scale.members.map((i) => {
      const { trainingSeconds, evaluationSeconds, threads } = members[i]!.record;
      return (trainingSeconds + (evaluationSeconds ?? 0)) * threads;
    });
    return Math.log(Math.max(1e-3, mean(seconds)));
  });
  const places = scales.map(({ width }) => Math.log(width));
  return widths.reduce((sum, width) => sum + Math.exp(between(places, logs, Math.log(width))), 0);
}
