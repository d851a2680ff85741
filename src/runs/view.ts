/**
 * A run's members as points of curves: by which coordinate they are placed, which of the other factors are held and at
 * what value. A plain view shows the widths of a family, with their parameters on the axis; in any other a scale is the
 * value of one coordinate. Pure, so that a page places members as commands do.
 */
import { greatest, rollup } from 'd3-array';
import { factorKeys, furtherFactors, keyOfOption, optionOf, type FactorKey } from '../experiment/factor-names.js';
import { firstOf, lastOf } from '../machine/present.js';
import { UsageError } from '../terminal/errors.js';
import { formatCount } from '../terminal/format.js';
import { suggestion } from '../terminal/nearest.js';
import { coordinateWords, trainedWords, type FamilyWords } from './words.js';

/** The part of a run's experiment that matters here: which of its factors have several values. */
export interface Varied {
  readonly arch: string;
  readonly grid?: Readonly<Partial<Record<FactorKey, unknown>>> | undefined;
  readonly zip?: true | undefined;
}

/** The user's request. */
export interface ViewOptions {
  /** The horizontal axis; default: the parameters of the widths, or the factor that varies. */
  readonly axis?: string | undefined;
  /** Values of factors that do not vary along a curve; default: the largest of each. */
  readonly where?: Readonly<Record<string, number>> | undefined;
  /**
   * The training step whose outcomes are shown; default: the last, and for curves over training all that were taken.
   */
  readonly at?: number | undefined;
  /** The probe whose outcomes are shown; default: those of the test set. */
  readonly probe?: string | undefined;
  /**
   * All members, whatever they differ in, for callers that read their coordinates themselves; they are on no curve.
   * Ends: without moments.
   */
  readonly all?: boolean | 'ends' | undefined;
}

/** A member with its numbers: factors, parameters, FLOPs, ... */
export interface Placed {
  readonly coordinates: Readonly<Record<string, number>>;
}

export interface FamilyView<T> {
  readonly words: FamilyWords;
  /** Undefined in a plain view; otherwise the coordinate, or `loss`, which is computed from the outcomes. */
  readonly coordinate: string | undefined;
  readonly members: readonly T[];
  /** Factors that vary in the run and are held in the view. */
  readonly held: Readonly<Record<string, number>>;
  /** Factors in which members at one place differ, so that these count as seeds. */
  readonly mixed: readonly string[];
  /** Notes for the user, a line each. */
  readonly notes: readonly string[];
}

/** Axes along which a member moves during training. */
export const alongTraining: readonly string[] = ['steps', 'flops', 'examples', 'loss'];

/** Not factors, but possible axes all the same. */
const measures = ['parameters', 'flops', 'examples', 'loss'] as const;

const titles: Readonly<Record<string, string>> = {
  parameters: 'trainable parameters',
  flops: 'training FLOPs',
  examples: 'training examples seen',
  steps: 'training steps',
  loss: 'test loss',
  trainSize: 'training examples',
  classes: 'classes',
  batchSize: 'batch size',
  learningRate: 'learning rate',
  weightDecay: 'weight decay',
  imageSize: 'image size (pixels)',
  labelNoise: 'share of wrong training labels',
  depth: 'depth',
  blocks: 'attention blocks',
  heads: 'attention heads',
  burstiness: 'share of bursty sequences',
  labelRemapping: 'share of sequences with new labels',
  zipf: 'exponent of the class frequencies',
};

/** As an axis is titled. */
export function axisTitle(key: string): string {
  return titles[key] ?? key;
}

/** Factors that change the number of parameters. */
export const architecture: readonly string[] = ['width', 'depth', 'blocks', 'heads', 'imageSize'];
const length = ['steps', 'epochs', 'batchSize', 'trainSize'];
/** Factors that change what follows from several of them: members that differ in them are on one curve over it. */
const movedBy: Readonly<Partial<Record<string, readonly string[]>>> = {
  parameters: architecture,
  flops: [...architecture, ...length],
  examples: length,
  steps: ['steps', 'epochs'],
  loss: ['width', ...factorKeys],
};

/**
 * Factors in which the members of one curve over an axis may differ: the axis itself, or those that it follows from.
 */
function factorsAlong(axis: string): readonly string[] {
  return movedBy[axis] ?? [axis];
}

/** Names for the members of a trained family over an axis other than the width. */
export function wordsOver(axis: string): FamilyWords {
  const further = isMeasure(axis)
    ? 'train members of other sizes or lengths too'
    : `train more with --${optionOf(axis === 'width' ? 'widths' : axis)}`;
  return coordinateWords(axis, { title: axisTitle(axis), further });
}

function isMeasure(axis: string): boolean {
  return (measures as readonly string[]).includes(axis);
}

/** Factors in which the members differ, the width first. */
export function varyingFactors(
  { experiment }: { readonly experiment: Varied },
  members: readonly Pick<Placed, 'coordinates'>[],
): string[] {
  return ['width', ...furtherFactors(experiment)].filter((key) => coordinateValues(key, members).length > 1);
}

/** Ascending. */
export function coordinateValues(key: string, members: readonly Pick<Placed, 'coordinates'>[]): number[] {
  return [...new Set(members.flatMap(({ coordinates }) => coordinates[key] ?? []))].sort((a, b) => a - b);
}

/**
 * No members if none has all of the requested values, as in a grid that is partly trained.
 *
 * @throws UsageError for an axis that the members do not have, and for values that none of them has
 */
export function viewOf<T extends Placed>(
  { experiment }: { readonly experiment: Varied },
  members: readonly T[],
  { axis, where = {}, all = false }: ViewOptions,
): FamilyView<T> {
  const varying = varyingFactors({ experiment }, members);
  // Transformers with different classes are tested on different sequences, so they are not on one curve.
  const axes = varying.filter((key) => key !== 'classes' || experiment.arch !== 'transformer');
  const usual = axes.includes('width') || axes.length === 0 ? 'parameters' : firstOf(axes);
  const over = resolveAxis(axis, { varying, usual, members });
  const along = factorsAlong(over);
  refuseValues(where, varying, members);
  if (axis !== undefined && over in where)
    throw new UsageError(`${over} is on the axis`, '--where', 'hold another factor, or give another --axis');
  const isWidths = axis === undefined && over === 'parameters';
  // Factors that are combined by position move together: holding one would leave a single member.
  const isZipped = experiment.zip === true;
  const others = varying.filter((key) => !isZipped && (isWidths ? key !== 'width' : !along.includes(key)));
  const held: Record<string, number> = { ...where };
  let kept = members.filter(({ coordinates }) => isAt(coordinates, where));
  if (all !== false) return { words: trainedWords, coordinate: undefined, members: kept, held, mixed: [], notes: [] };
  const chosen: { readonly key: string; readonly text: string }[] = [];
  for (const key of others.filter((each) => !(each in where))) {
    const values = coordinateValues(key, kept.length > 0 ? kept : members);
    held[key] = lastOf(values);
    if (values.length > 1)
      chosen.push({
        key,
        text: `${key} = ${formatCount(held[key], 5)} (of ${values.map((value) => formatCount(value, 5)).join(', ')})`,
      });
    kept = kept.filter(({ coordinates }) => coordinates[key] === held[key]);
  }
  const notes: string[] =
    chosen.length === 0
      ? []
      : [
          `curves are at ${chosen.map(({ text }) => text).join(' and ')}; --where ${firstOf(chosen).key}=VALUE picks others, --curve-per ${firstOf(chosen).key} draws one for each`,
        ];
  const mixed = mixedAt(isWidths ? 'width' : over, { varying, members: kept });
  if (mixed.length > 0)
    notes.push(
      `members with the same ${isWidths ? 'width' : over} differ in ${mixed.join(' and ')}, and count as seeds`,
    );
  const isPlain =
    over === 'parameters' && (isWidths || varying.filter((key) => !(key in held)).every((key) => key === 'width'));
  if (isPlain) return { words: trainedWords, coordinate: undefined, members: kept, held, mixed, notes };
  return { words: wordsOver(over), coordinate: over, members: kept, held, mixed, notes };
}

/** Factors in which members at one place of an axis differ. */
function mixedAt(
  axis: string,
  { varying, members }: { readonly varying: readonly string[]; readonly members: readonly Placed[] },
): string[] {
  const groups = new Map<number, Placed[]>();
  for (const member of members) {
    const place = member.coordinates[axis];
    if (place !== undefined) groups.set(place, [...(groups.get(place) ?? []), member]);
  }
  return varying.filter((key) => [...groups.values()].some((group) => coordinateValues(key, group).length > 1));
}

/** Whether a member has all of the values. */
export function isAt(coordinates: Readonly<Record<string, number>>, where: Readonly<Record<string, number>>): boolean {
  return Object.entries(where).every(([key, value]) => coordinates[key] === value);
}

interface Known {
  readonly varying: readonly string[];
  readonly usual: string;
  readonly members: readonly Placed[];
}

function resolveAxis(axis: string | undefined, { varying, usual, members }: Known): string {
  if (axis === undefined) return usual;
  const known = [...new Set([...varying, 'width', 'steps', ...measures])];
  const asked = known.find((key) => key === keyOfOption(axis));
  if (asked !== undefined) return asked;
  const factor = factorKeys.find((key) => key === keyOfOption(axis));
  if (factor !== undefined && coordinateValues(factor, members).length > 1)
    throw new UsageError(`${factor} was tuned for each member`, '--axis', `give ${known.join(', ')}`);
  if (factor !== undefined && members.some(({ coordinates }) => factor in coordinates))
    throw new UsageError(
      `all members have the same ${factor}`,
      '--axis',
      `train others with --${optionOf(factor)}, or give ${known.join(', ')}`,
    );
  throw new UsageError(`"${axis}" is not an axis`, '--axis', suggestion(axis, known));
}

/** A member at a moment of its training, or at its end, where `moment` is undefined. */
interface Point extends Placed {
  readonly seed?: number;
  readonly moment?: number | undefined;
  readonly trained?: { readonly steps: number } | undefined;
}

/**
 * The requested points: those after a step, all of them along training, otherwise the ends. Of members that differ only
 * in their length, one for each seed and step: see `onePerTraining`.
 */
export function pointsAt<T extends Point>(points: readonly T[], { at, axis, all = false }: ViewOptions): readonly T[] {
  if (at !== undefined) return onePerTraining(points.filter(({ coordinates }) => coordinates['steps'] === at));
  if (all === true) return points;
  if (axis !== undefined && alongTraining.includes(axis)) return onePerTraining(points);
  return points.filter(({ moment }) => moment === undefined);
}

/**
 * Members that differ only in their length are identical up to the end of the shorter one: after a step that both reach
 * they are the same model, not two seeds; under a schedule, whose rates depend on the length, they are similar models.
 * The longest one is kept.
 */
export function onePerTraining<T extends Point>(points: readonly T[]): readonly T[] {
  if (points.every(({ moment }) => moment === undefined)) return points;
  // FLOPs follow from the others, and were computed from the whole training's, which differ in how they round.
  const keyOf = ({ seed, coordinates }: T) => JSON.stringify([seed, { ...coordinates, loss: 0, epochs: 0, flops: 0 }]);
  // A page does not know the lengths: there a member that continues is longer than one that ends, and of equal ones the
  // last is kept.
  const lengthOf = ({ trained, moment }: T) => trained?.steps ?? (moment === undefined ? 0 : 1);
  const longest = rollup(points, (alike) => greatest(alike.toReversed(), lengthOf), keyOf);
  const kept = new Set(longest.values());
  return points.filter((point) => kept.has(point));
}

/** Which of a run's curves it is, if each value of a factor has its own. */
export interface CurveName {
  /** `depth` */
  readonly factor: string;
  /** `depth 2` */
  readonly name: string;
  /** The same for names of files: `-depth2`. */
  readonly suffix: string;
  readonly value: number;
}

/**
 * A curve for each value of a factor, in ascending order.
 *
 * @param varying what the members differ in
 * @throws UsageError for what is none of these, or held
 */
export function curvesPer(
  key: string,
  varying: readonly string[],
  { members, where }: { readonly members: readonly Placed[] } & Pick<ViewOptions, 'where'>,
): CurveName[] {
  refuseFixed(key, varying, '--curve-per');
  if (where !== undefined && key in where)
    throw new UsageError(`${key} is held by --where`, '--curve-per', 'give one of the two');
  return coordinateValues(key, members).map((value) => ({
    ...{ factor: key, name: `${key} ${value < 1e6 ? value : formatCount(value, 5)}`, suffix: `-${key}${value}`, value },
  }));
}

/** Coordinates in which imported members differ. */
export function varyingCoordinates(members: readonly Placed[]): string[] {
  const keys = new Set(members.flatMap(({ coordinates }) => Object.keys(coordinates)));
  return [...keys].filter((key) => coordinateValues(key, members).length > 1);
}

/** Imported members with the values that are asked for. Throws UsageError if none of them has these. */
export function membersWith<T extends Placed>(
  members: readonly T[],
  where: Readonly<Record<string, number>> = {},
): readonly T[] {
  if (members.length === 0) return members;
  refuseValues(where, varyingCoordinates(members), members);
  const found = members.filter(({ coordinates }) => isAt(coordinates, where));
  if (found.length > 0) return found;
  const wanted = Object.entries(where).map(([key, value]) => `${key} ${value}`);
  throw new UsageError(`no member has ${wanted.join(' and ')}`, '--where', 'hold other values');
}

/**
 * In order of a coordinate, which replaces width and parameters, each with its index as the seed: members at one scale
 * are its replicates, those of one seed together if seeds are known.
 */
export function onScale<T extends { readonly id: string; readonly seed: number | null }>(
  members: readonly T[],
  scaleOf: (member: T) => number,
): (T & { readonly width: number; readonly parameters: number; readonly seed: number })[] {
  const sorted = [...members].sort(
    (a, b) => scaleOf(a) - scaleOf(b) || (a.seed ?? 0) - (b.seed ?? 0) || (a.id < b.id ? -1 : 1),
  );
  const taken = new Map<number, Set<number>>();
  return sorted.map((member) => {
    const scale = scaleOf(member);
    const used = taken.get(scale) ?? new Set<number>();
    taken.set(scale, used);
    let seed = member.seed ?? 0;
    while (used.has(seed)) seed++;
    used.add(seed);
    return { ...member, width: scale, parameters: scale, seed };
  });
}

/** Throws UsageError if the members do not differ in a factor. */
function refuseFixed(key: string, varying: readonly string[], flag: string): void {
  if (varying.length === 0) throw new UsageError('the members differ in no factor', flag, 'leave it out');
  if (!varying.includes(key))
    throw new UsageError(`"${key}" is not a factor in which the members differ`, flag, suggestion(key, varying));
}

function refuseValues(
  where: Readonly<Record<string, number>>,
  varying: readonly string[],
  members: readonly Placed[],
): void {
  for (const [key, value] of Object.entries(where)) {
    if (key === 'steps' && !varying.includes(key) && members.some(({ coordinates }) => key in coordinates))
      throw new UsageError('all members have the same length', '--where', 'give --at STEP for a moment of training');
    refuseFixed(key, varying, '--where');
    const values = coordinateValues(key, members);
    if (!values.includes(value))
      throw new UsageError(`no member has ${key} ${value}`, '--where', `there are ${values.join(', ')}`);
  }
}
