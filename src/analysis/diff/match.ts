/**
 * What two runs have in common: examples, matched by id or by the content of a sequence, and scales, matched by their
 * number.
 */
import { sequenceStarts } from '../../metrics/sequence-rows.js';
import type { LoadedMember, LoadedRun, OpenRun } from '../../runs/opened.js';
import { atRows, type OutcomeName } from '../../runs/outcomes.js';
import { UsageError } from '../../terminal/errors.js';
import { scalesOf, type Scale } from '../scales.js';

/** A run, and the ids of its examples if these are not their numbers. */
export interface Side {
  readonly run: LoadedRun;
  /** For imported members: the id of each value of the column `example`. */
  readonly ids: readonly string[] | undefined;
}

export interface MatchedExamples {
  /** The members with the common rows only, in the same order. */
  readonly one: readonly LoadedMember[];
  readonly other: readonly LoadedMember[];
  /** Number of images or sequences in both, and in only one. */
  readonly common: number;
  readonly only: readonly [number, number];
  /** Whether the true classes were compared. */
  readonly isChecked: boolean;
}

/** Columns of a run that `matchExamples` reads. */
export function exampleColumnsOf({ columns }: Pick<OpenRun, 'columns'>): OutcomeName[] {
  return ['example', ...(['label', 'sequence'] as const).filter((name) => columns.includes(name))];
}

/**
 * Throws UsageError if nothing is in common, or if true classes differ, which means two test sets with the same ids.
 */
export function matchExamples(one: Side, other: Side): MatchedExamples {
  const [a, b] = [unitsOf(one), unitsOf(other)];
  if (a.isSequences !== b.isSequences)
    throw new UsageError(
      `one is tested on ${a.isSequences ? 'sequences' : 'images'}, the other on ${b.isSequences ? 'sequences' : 'images'}`,
      namesOf(one, other),
      'give two runs that are tested on the same examples',
    );
  const places = new Map(b.keys.map((key, place) => [key, place]));
  const pairs = a.keys.flatMap((key, place) => {
    const found = places.get(key);
    return found === undefined ? [] : [[place, found] as const];
  });
  if (pairs.length === 0)
    throw new UsageError(
      `have no test ${a.isSequences ? 'sequence' : 'example'} in common, such as ${a.keys[0]!} and ${b.keys[0]!}`,
      namesOf(one, other),
      'give two runs that are tested on the same examples, with the same ids',
    );
  const rows = (units: Units, side: 0 | 1) =>
    Int32Array.from(
      pairs.flatMap((pair) => {
        const [start, end] = [units.starts[pair[side]]!, units.starts[pair[side] + 1]!];
        return Array.from({ length: end - start }, (_, i) => start + i);
      }),
    );
  const first = withRows(one.run.members, rows(a, 0));
  const second = withRows(other.run.members, rows(b, 1));
  const isChecked = checkLabels(one, other, [first, second]);
  // Groups belong to the test set: what one run records about them holds for the other.
  const group = (first[0] ?? second[0])?.outcomes.group ?? second[0]?.outcomes.group;
  const grouped = (members: readonly LoadedMember[]) =>
    group === undefined ? members : members.map((each) => ({ ...each, outcomes: { ...each.outcomes, group } }));
  return {
    ...{ one: grouped(first), other: grouped(second), common: pairs.length, isChecked },
    only: [a.keys.length - pairs.length, b.keys.length - pairs.length],
  };
}

interface Units {
  readonly keys: readonly string[];
  readonly starts: Int32Array;
  readonly isSequences: boolean;
}

/**
 * An image's key is its id; a sequence's key is its content, in order, and how many times the same content has occurred
 * before.
 */
function unitsOf({ run, ids }: Side): Units {
  const { example, sequence, label } = run.members[0]!.outcomes;
  const idOf = (row: number) => ids?.[example![row]!] ?? String(example![row]!);
  if (sequence === undefined)
    return {
      keys: Array.from(example!, (_, row) => idOf(row)),
      starts: Int32Array.from({ length: example!.length + 1 }, (_, row) => row),
      isSequences: false,
    };
  const starts = sequenceStarts(sequence);
  const seen = new Map<string, number>();
  const keys = Array.from(starts.subarray(0, -1), (start, unit) => {
    const shown = Array.from(
      { length: starts[unit + 1]! - start },
      (_, i) => `${idOf(start + i)}:${label?.[start + i] ?? ''}`,
    );
    const key = shown.join(' ');
    const times = seen.get(key) ?? 0;
    seen.set(key, times + 1);
    return times === 0 ? key : `${key} #${times}`;
  });
  return { keys, starts, isSequences: true };
}

function withRows(members: readonly LoadedMember[], rows: Int32Array): LoadedMember[] {
  const areAll = rows.every((row, i) => row === i) && rows.length === members[0]!.outcomes.example!.length;
  if (areAll) return [...members];
  return members.map((member) => ({ ...member, outcomes: atRows(member.outcomes, rows) }));
}

/** Whether the true classes could be compared. Throws UsageError if they differ. */
function checkLabels(one: Side, other: Side, [a, b]: readonly (readonly LoadedMember[])[]): boolean {
  const [x, y] = [a, b].map((members) => members![0]!.outcomes.label);
  const [names, otherNames] = [one, other].map(({ run }) => run.record.dataset.classNames);
  if (x === undefined || y === undefined) return false;
  // Classes without names are numbers: a name can be compared with one if it is a number.
  const areNumbers = [...(names ?? []), ...(otherNames ?? [])].every((name) => /^\d+$/.test(name));
  if ((names === undefined) !== (otherNames === undefined) && !areNumbers) return false;
  const nameOf = (list: readonly string[] | undefined, code: number) => list?.[code] ?? String(code);
  const wrong = x.findIndex((code, row) => nameOf(names, code) !== nameOf(otherNames, y[row]!));
  if (wrong < 0) return true;
  const { example } = a![0]!.outcomes;
  throw new UsageError(
    `example ${one.ids?.[example![wrong]!] ?? String(example![wrong]!)} is of class ${nameOf(names, x[wrong]!)} in one and ${nameOf(otherNames, y[wrong]!)} in the other: two test sets`,
    namesOf(one, other),
    'give two runs that are tested on the same examples',
  );
}

function namesOf(one: Side, other: Side): string {
  return `${one.run.label} and ${other.run.label}`;
}

/** A scale of both runs, by its members' indices in each. */
export interface MatchedScale {
  readonly one: Scale;
  readonly other: Scale;
}

export interface MatchedScales {
  readonly matched: readonly MatchedScale[];
  /** Numbers of scales that only one run has. */
  readonly only: readonly [readonly number[], readonly number[]];
  /** What those numbers measure: `width`. */
  readonly scale: string;
}

/**
 * Matches widths with widths, a coordinate with the same one, parameters with parameters. Two runs of one scale each
 * are compared whatever it is.
 *
 * @throws UsageError if no scale is in common, or the curves have different axes
 */
export function matchScales(one: LoadedRun, other: LoadedRun): MatchedScales {
  const [a, b] = [scalesOf(one.members), scalesOf(other.members)];
  const names = [one, other].map(({ words }) => words.scale);
  const isSame = names[0] === names[1];
  const what = isSame ? one.words.scale : 'parameters';
  if (a.length === 1 && b.length === 1) return { matched: [{ one: a[0]!, other: b[0]! }], only: [[], []], scale: what };
  const areParameters = [one, other].every(({ words }) => !words.isCoordinate || words.scale === 'parameters');
  if (!isSame && !areParameters)
    throw new UsageError(
      `one is over ${names[0]!}, the other over ${names[1]!}`,
      `${one.label} and ${other.label}`,
      'give an --axis that both have',
    );
  const numberOf = ({ width, parameters }: Scale) => (isSame ? width : parameters);
  const matched = a.flatMap((scale) => {
    const found = b.find((each) => numberOf(each) === numberOf(scale));
    return found === undefined ? [] : [{ one: scale, other: found }];
  });
  const listed = (scales: readonly Scale[]) => scales.map(numberOf).join(', ');
  if (matched.length === 0)
    throw new UsageError(
      `have no ${what} in common: ${listed(a)} and ${listed(b)}`,
      `${one.label} and ${other.label}`,
      'give two runs that share scales, or one scale each',
    );
  const left = (scales: readonly Scale[], side: 'one' | 'other') =>
    scales.filter((scale) => !matched.some((pair) => pair[side] === scale)).map(numberOf);
  return { matched, only: [left(a, 'one'), left(b, 'other')], scale: what };
}
