/** What the page's compact data say about each test example: the same questions for each kind of outcomes. */
import { bisectRight } from 'd3-array';
import type { SharedSample } from '../../statistics/shared-clusters.js';
import { fromBase64, unpackBits } from './codes.js';
import type { PageRun } from './data.js';
import type { PlacedMember } from './places.js';

/** Members are indices into the run's list. */
export interface Outcomes {
  /** The standard metric's value of a unit. */
  readonly standard: (member: number, unit: number) => number;
  /** Whether a unit is solved: right, below the cutoff, the first L right. */
  solved(threshold: number): (member: number, unit: number) => number;
  /** What depends on single rows, for the standard metric or the units solved at a threshold: see `SharedSample`. */
  parts(
    member: number,
    threshold: number | undefined,
  ): Pick<SharedSample, 'rows' | 'first' | 'allOf'> & { length: number };
  predicted(members: readonly PlacedMember[], size: number, threshold: number): Float64Array;
}

export function unpack(run: PageRun): Outcomes {
  const { outcomes } = run;
  switch (outcomes.kind) {
    case 'classification':
      return rightOrWrong(bitsOf(run, outcomes.right, 1));
    case 'sequences':
      return inSequences(bitsOf(run, outcomes.right, outcomes.length), outcomes.length);
    case 'reconstruction':
      return belowCutoffs(run, outcomes);
  }
}

/** `[members]` of `[units * length]`, 0 or 1. */
function bitsOf(run: PageRun, text: string, length: number): Uint8Array[] {
  const rowsOf = (units: number) => units * length;
  return piecesOf(run, fromBase64(text), (units) => Math.ceil(rowsOf(units) / 8)).map(({ bytes, units }) =>
    unpackBits(bytes, rowsOf(units)),
  );
}

/** Each member's bytes, and the number of units they hold. */
function piecesOf({ members, count, countAtMoments }: PageRun, bytes: Uint8Array, sizeOf: (units: number) => number) {
  let at = 0;
  return members.map(({ moment }) => {
    const units = moment === undefined ? count : countAtMoments;
    return { units, bytes: bytes.subarray(at, (at += sizeOf(units))) };
  });
}

function rightOrWrong(right: readonly Uint8Array[]): Outcomes {
  return {
    standard: (member, unit) => right[member]![unit]!,
    solved: () => (member, unit) => right[member]![unit]!,
    parts: () => ({ length: 1 }),
    predicted: (members, size, k) =>
      Float64Array.from(members, ({ place }) => (sumOf(right[place]!.subarray(0, size)) / size) ** k),
  };
}

function inSequences(right: readonly Uint8Array[], length: number): Outcomes {
  const shares = right.map((list) => perSequence(list, length, (rights) => sumOf(rights) / length));
  const firstRight = right.map((list) =>
    perSequence(list, length, (rights) => {
      const wrong = rights.indexOf(0);
      return wrong < 0 ? length : wrong;
    }),
  );
  return {
    standard: (member, unit) => shares[member]![unit]!,
    solved: (l) => (member, unit) => (firstRight[member]![unit]! >= l ? 1 : 0),
    parts: (member, l) => ({
      ...{ length, rows: right[member]! },
      ...(l === undefined ? {} : { first: l, allOf: true }),
    }),
    predicted: (members, size, l) =>
      Float64Array.from(members, (member) => {
        const rights = right[member.place]!;
        let product = 1;
        for (let place = 0; place < l; place++) {
          let sum = 0;
          for (let unit = 0; unit < size; unit++) sum += rights[unit * length + place]!;
          product *= sum / size;
        }
        return product;
      }),
  };
}

function perSequence(right: Uint8Array, length: number, value: (rights: Uint8Array) => number): Float64Array {
  return Float64Array.from({ length: right.length / length }, (_, unit) =>
    value(right.subarray(unit * length, (unit + 1) * length)),
  );
}

function belowCutoffs(run: PageRun, outcomes: Extract<PageRun['outcomes'], { kind: 'reconstruction' }>): Outcomes {
  const cutoffs = run.induced.options;
  const codes = piecesOf(run, fromBase64(outcomes.errors), (units) => units).map(({ bytes }) => bytes);
  // Codes give an error to within a few percent; the member's exact mean corrects most of that.
  const means = codes.map((list, i) => {
    let sum = 0;
    for (const code of list) sum += outcomes.codeMeans[code]!;
    const factor = outcomes.memberMeans[i]! / (sum / list.length);
    return Float64Array.from(outcomes.codeMeans, (mean) => mean * factor);
  });
  const known = new Map<string, { readonly atMost: Float64Array; readonly mean: number }>();
  const distributionOf = (member: number, size: number) => {
    const key = `${member} ${size}`;
    const found = known.get(key);
    if (found !== undefined) return found;
    const atMost = cumulative(codes[member]!.subarray(0, size), cutoffs.length + 1);
    const mean =
      means[member]!.reduce((sum, value, code) => sum + value * (atMost[code]! - (atMost[code - 1] ?? 0)), 0) / size;
    known.set(key, { atMost, mean });
    return { atMost, mean };
  };
  return {
    standard: (member, unit) => means[member]![codes[member]![unit]!]!,
    solved(c) {
      const place = cutoffs.indexOf(c);
      return (member, unit) => (codes[member]![unit]! <= place ? 1 : 0);
    },
    parts: () => ({ length: 1 }),
    predicted(chosen, size, c) {
      const list = chosen.map(({ place, width }) => ({ width, ...distributionOf(place, size) }));
      const isAlone = list.every(({ width }) => width === list[0]!.width);
      return Float64Array.from(list, ({ width, mean }) => {
        let [below, count] = [0, 0];
        for (const other of list) {
          if (other.width === width && !isAlone) continue;
          below += countBelow(other.atMost, cutoffs, (c * other.mean) / mean);
          count += size;
        }
        return below / count;
      });
    },
  };
}

/** Number of units whose code is at most each code, `[codes]`. */
function cumulative(codes: Uint8Array, length: number): Float64Array {
  const counts = new Float64Array(length);
  for (const code of codes) counts[code]!++;
  for (let i = 1; i < length; i++) counts[i]! += counts[i - 1]!;
  return counts;
}

/** How many errors are below a value: exact at a cutoff, linear in log scale between cutoffs. */
function countBelow(atMost: Float64Array, cutoffs: readonly number[], value: number): number {
  if (value < cutoffs[0]!) return (atMost[0]! * value) / cutoffs[0]!;
  const last = cutoffs.length - 1;
  const low = bisectRight(cutoffs, value) - 1;
  // No error of the run is above the last cutoff, unless there is only one cutoff.
  if (low === last) return value > cutoffs[last]! ? atMost[last + 1]! : atMost[last]!;
  const share = Math.log(value / cutoffs[low]!) / Math.log(cutoffs[low + 1]! / cutoffs[low]!);
  return atMost[low]! + share * (atMost[low + 1]! - atMost[low]!);
}

function sumOf(values: Uint8Array): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum;
}
