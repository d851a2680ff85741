/** A family's outcomes in the page's compact form. */
import { mean } from '../../statistics/mean.js';
import { defaultMetrics } from '../../analysis/defaults.js';
import { predictFromStandard } from '../../analysis/independence.js';
import { present } from '../../machine/present.js';
import { imageAccuracy } from '../../metrics/classification.js';
import { clustersOf } from '../../metrics/clusters.js';
import type { MemberOutcomes } from '../../metrics/curve.js';
import type { Metric } from '../../metrics/metric.js';
import { quantile } from '../../statistics/bootstrap.js';
import { Random } from '../../statistics/random.js';
import type { OutcomeTable } from '../../runs/outcomes.js';
import { kindOf, pairsOf, type AnyRun, type Made } from '../../runs/imported.js';
import type { Varied } from '../../runs/view.js';
import { trainedWords, type FamilyWords } from '../../runs/words.js';
import { int32Bytes } from '../../machine/bytes.js';
import { codesOf, cutoffGrid, packBits, toBase64 } from './codes.js';
import type { PageMember, PageMetric, PageOutcomes, PageRun, PageThreshold } from './data.js';
import type { Placing } from './places.js';
import { testSizes } from './sizes.js';

/** A member at a moment, for the page. */
export interface PagePoint extends MemberOutcomes {
  readonly record: MemberOutcomes['record'] & Pick<PageMember, 'coordinates' | 'moment' | 'training'>;
}

/** A family that can be explored. */
export type CompactRun = Omit<PageRun, 'about' | 'pictures' | 'reconstructions'>;

/** Most bytes of outcomes in a page, for all its runs, before Base64, which adds a third. */
export const outcomeBudget = 1_200_000;

export interface CompactRequest {
  readonly record: Made & Pick<AnyRun, 'name'>;
  readonly words?: FamilyWords;
  /** The members on the report's curves: by width and seed, at least two widths. */
  readonly members: readonly MemberOutcomes[];
  /** Everything in the page; default: the members. */
  readonly points?: readonly PagePoint[] | undefined;
  /** Rows of the others that moments before the last also have; default: all. */
  readonly rowsAtMoments?: Int32Array | undefined;
  /** Default: the widths by their parameters. */
  readonly first?: Placing | undefined;
  /** Default: the induced metric of `train`. A subset accuracy, a reconstruction or a sequence accuracy. */
  readonly induced?: Metric | undefined;
  /** Bytes that the outcomes may take; if they would take more, the page has fewer units. */
  readonly budget?: number;
}

export interface Compacted {
  readonly run: CompactRun;
  /** Index in the test set of each of the page's units, `[count]`. */
  readonly order: Int32Array;
}

export function compact({
  words = trainedWords,
  record,
  members,
  points = members.map(withCoordinates),
  rowsAtMoments,
  first = { axis: words.isImported ? words.axis : 'parameters', per: '', at: undefined, where: {} },
  induced,
  budget = outcomeBudget,
}: CompactRequest): Compacted {
  const usual = defaultMetrics(record, members);
  const metric = induced ?? usual.induced;
  const kind = kindOf(record);
  // For sequences the page stores which images are right, even if the usual metric is a different one: for single images and for a probe.
  const standard = kind === 'sequences' ? imageAccuracy.with({}) : usual.standard;
  const length = kind === 'sequences' ? pairsOf(record) : 1;
  const ends = points.filter((point) => point.record.moment === undefined);
  const whole = present(ends[0] ?? points[0]).outcomes;
  const total = rowsOf(whole) / length;
  const part = rowsAtMoments === undefined ? undefined : unitsOf(rowsAtMoments, length);
  const bits = kind === 'reconstruction' ? 8 : length;
  const units = kind === 'sequences' ? 'sequences' : 'images';
  const clusters = clustersOf(whole, units);
  const bitsForAll = clusters === undefined ? 0 : 32 * length;
  const shuffled = Random.named(0, 'page', total).permutation(total);
  const { count, countAtMoments } = countsOf(8 * budget, {
    ...{ total, part: part?.length ?? total, ofEnds: ends.length * bits + bitsForAll },
    ofMoments: (points.length - ends.length) * bits,
  });
  const order = partFirst(shuffled, part).slice(0, count);
  const threshold = thresholdOf(metric, { members: points, count: countAtMoments, length, words });
  const placeInPart = part && new Map(Array.from(part, (unit, place) => [unit, place]));
  const orderAtMoments = order
    .slice(0, countAtMoments)
    .map((unit) => (placeInPart === undefined ? unit : present(placeInPart.get(unit))));
  const outcomes = outcomesOf(kind, { points, order, orderAtMoments, length, cutoffs: threshold.options });
  const prediction = predictFromStandard(metric, members)!;
  const run: CompactRun = {
    name: record.name,
    words,
    experiment: 'kind' in record ? null : variedOf(record.experiment),
    members: pageMembers(points),
    first,
    ...{ units, count, countAtMoments, total },
    standard: about(standard),
    induced: { ...about(metric), ...threshold },
    predicted: { title: prediction.title, assumption: prediction.assumption },
    outcomes,
    clusters: clusters === undefined ? null : toBase64(int32Bytes(inOrder(clusters.of, order, length))),
  };
  return { run, order };
}

/** Adds coordinates to members identified by their width only. */
function withCoordinates({ record, outcomes }: MemberOutcomes): PagePoint {
  const { width, parameters, trainingFlops: flops } = record;
  return { record: { ...record, coordinates: { width, parameters, flops } }, outcomes };
}

function variedOf({ arch, grid, zip }: Varied): Varied {
  return { arch, grid, zip };
}

/** Keeps only the numbers in which they differ. */
function pageMembers(points: readonly PagePoint[]): PageMember[] {
  const keys = [...new Set(points.flatMap(({ record }) => Object.keys(record.coordinates)))];
  const differing = new Set(
    keys.filter((key) => new Set(points.map(({ record }) => record.coordinates[key])).size > 1),
  );
  const hasMoments = points.some(({ record: { moment } }) => moment !== undefined);
  return points.map(({ record }) => {
    const { id, width, seed, parameters, trainingFlops, coordinates, moment, training } = record;
    const own = Object.fromEntries(Object.entries(coordinates).filter(([key]) => differing.has(key)));
    return {
      id,
      width,
      seed,
      parameters,
      trainingFlops,
      coordinates: own,
      ...(moment === undefined ? {} : { moment }),
      ...(hasMoments && training !== undefined ? { training } : {}),
    };
  });
}

/** Numbers of the units that rows belong to. */
function unitsOf(rows: Int32Array, length: number): Int32Array {
  return rows.filter((_, i) => i % length === 0).map((row) => row / length);
}

/** The same order, but with the units of `part` first. */
function partFirst(order: Int32Array, part: Int32Array | undefined): Int32Array {
  if (part === undefined) return order;
  const own = new Set(part);
  return Int32Array.from([...order.filter((unit) => own.has(unit)), ...order.filter((unit) => !own.has(unit))]);
}

interface Amounts {
  readonly total: number;
  readonly part: number;
  /** Bits per unit. */
  readonly ofEnds: number;
  readonly ofMoments: number;
}

/** Share of the bits reserved for moments if the ends of training would need them. */
const mostForMoments = 0.25;

/** How many units there is room for: the ends have all of them if possible, and moments get at least a quarter of the bits. */
function countsOf(
  bits: number,
  { total, part, ofEnds, ofMoments }: Amounts,
): { count: number; countAtMoments: number } {
  const left = Math.max(mostForMoments * bits, bits - total * ofEnds);
  const room = Math.min(part, ofMoments === 0 ? Infinity : Math.floor(left / ofMoments));
  const count = Math.min(total, Math.floor((bits - room * ofMoments) / ofEnds));
  return { count, countAtMoments: Math.min(room, count) };
}

function about({ title, unit, better }: Metric): PageMetric {
  return { title, unit, better };
}

function rowsOf(outcomes: Partial<OutcomeTable>): number {
  return (outcomes.correct ?? outcomes.mse)?.length ?? 0;
}

interface TestSet {
  readonly members: readonly MemberOutcomes[];
  readonly count: number;
  readonly length: number;
  readonly words: FamilyWords;
}

function thresholdOf({ name, parameters }: Metric, { members, count, length, words }: TestSet): PageThreshold {
  switch (name) {
    case 'subset-accuracy': {
      const chosen = Number(parameters['k']);
      return {
        ...{ key: 'k', metric: name, chosen, label: `K ${words.examples} must all be right` },
        options: withChosen(
          steps.filter((k) => k <= smallestSize(count)),
          chosen,
        ),
      };
    }
    case 'sequence-accuracy': {
      const chosen = Number(parameters['l']);
      const options = Array.from({ length }, (_, i) => i + 1);
      return {
        ...{ key: 'l', metric: name, chosen, label: 'the first L images must all be right' },
        options,
      };
    }
    case 'reconstruction': {
      const chosen = Number(parameters['c']);
      const label = 'squared error per pixel below c';
      return { ...{ key: 'c', metric: name, chosen, label }, options: cutoffsOf(members, chosen) };
    }
    default:
      throw new Error(`${name} has no slider`);
  }
}

const steps = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 14, 16, 18, 20, 25, 30, 35, 40, 45, 50, 60, 70, 80, 90, 100];

function withChosen(options: readonly number[], chosen: number): number[] {
  return [...new Set([...options, chosen])].sort((a, b) => a - b);
}

/** The largest K has to be possible on the smallest test set. */
function smallestSize(count: number): number {
  return testSizes(count)[0]!;
}

/** From the error below which a hundredth of the best member's images lie, to the largest error of all. */
function cutoffsOf(members: readonly MemberOutcomes[], chosen: number): number[] {
  let [least, most] = [Infinity, 0];
  for (const { outcomes } of members) {
    const ascending = Float32Array.from(outcomes.mse!).sort();
    const low = quantile(ascending, 0.01);
    if (low > 0) least = Math.min(least, low);
    most = Math.max(most, ascending.at(-1)!);
  }
  // If all errors are 0, any cutoff gives the same result. Raised a little, so that rounding leaves no error above it.
  return most === 0 || least === Infinity ? [chosen] : cutoffGrid(least, 1.02 * most, chosen);
}

interface Packing {
  readonly points: readonly PagePoint[];
  readonly order: Int32Array;
  /** Indices into the rows that moments before the last have. */
  readonly orderAtMoments: Int32Array;
  readonly length: number;
  readonly cutoffs: readonly number[];
}

function outcomesOf(
  kind: PageOutcomes['kind'],
  { points, order, orderAtMoments, length, cutoffs }: Packing,
): PageOutcomes {
  const orderOf = ({ record }: PagePoint) => (record.moment === undefined ? order : orderAtMoments);
  if (kind !== 'reconstruction') {
    const right = points.map((point) => packBits(inOrder(present(point.outcomes.correct), orderOf(point), length)));
    const text = toBase64(Buffer.concat(right));
    return kind === 'sequences' ? { kind, length, right: text } : { kind, right: text };
  }
  const errors = points.map((point) => inOrder(present(point.outcomes.mse), orderOf(point), 1));
  const codes = errors.map((list) => codesOf(list, cutoffs));
  return {
    kind,
    errors: toBase64(Buffer.concat(codes)),
    codeMeans: meansByCode(codes, errors, cutoffs.length + 1),
    memberMeans: errors.map((list) => mean(list)),
  };
}

/** Reorders units of `length` rows each. */
function inOrder<T extends Uint8Array | Float32Array | Int32Array>(column: T, order: Int32Array, length: number): T {
  const result = column.slice(0, order.length * length);
  order.forEach((unit, place) => {
    result.set(column.subarray(unit * length, (unit + 1) * length), place * length);
  });
  return result as T;
}

/** Rounded to seven digits, about the precision of a float32. */
function meansByCode(codes: readonly Uint8Array[], errors: readonly Float32Array[], length: number): number[] {
  const sums = new Float64Array(length);
  const counts = new Float64Array(length);
  codes.forEach((list, i) => {
    list.forEach((code, unit) => {
      sums[code]! += errors[i]![unit]!;
      counts[code]!++;
    });
  });
  return Array.from(sums, (sum, code) => (counts[code] === 0 ? 0 : Number((sum / counts[code]!).toPrecision(7))));
}
