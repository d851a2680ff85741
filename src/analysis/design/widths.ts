/** Widths at which a curve has about equal steps. */

/**
 * If there are more widths than these to choose from, they are thinned evenly in log scale: to steps of 1 % between
 * widths 1 and 3000.
 */
const mostCandidates = 800;

export interface WidthRequest {
  readonly from: number;
  readonly to: number;
  readonly count: number;
  /** Widths are multiples of this. */
  readonly multiple?: number;
  /** Whether values need not be whole numbers, as those of a learning rate; then they have three digits. */
  readonly isReal?: boolean | undefined;
}

/**
 * Of the whole numbers from `from` to `to`, including both ends, the `count` whose steps of `value` are as equal as possible: the
 * least sum of squared deviations from an equal step, found by dynamic programming. All of them if there are no more than that.
 */
export function evenWidths(value: (width: number) => number, request: WidthRequest): number[] {
  const widths = candidatesOf(request);
  const { count } = request;
  if (widths.length <= count) return widths;
  const values = widths.map(value);
  const step = (values.at(-1)! - values[0]!) / (count - 1);
  let costs = widths.map((_, j) => (j === 0 ? 0 : Infinity));
  const before: Int32Array[] = [];
  for (let k = 1; k < count; k++) {
    const from = new Int32Array(widths.length);
    costs = widths.map((_, j) => {
      let least = Infinity;
      for (let i = k - 1; i < j; i++) {
        const cost = costs[i]! + (values[j]! - values[i]! - step) ** 2;
        if (cost < least) [least, from[j]] = [cost, i];
      }
      return least;
    });
    before.push(from);
  }
  const chosen = [widths.length - 1];
  for (const from of before.toReversed()) chosen.unshift(from[chosen[0]!]!);
  return chosen.map((place) => widths[place]!);
}

function candidatesOf({ from, to, multiple = 1, isReal = false }: WidthRequest): number[] {
  if (isReal) {
    const inside = Array.from({ length: mostCandidates }, (_, i) =>
      Number((from * (to / from) ** (i / (mostCandidates - 1))).toPrecision(3)),
    ).filter((value) => value > from && value < to);
    return [...new Set([from, ...inside, to])];
  }
  const [first, last] = [Math.ceil(from / multiple), Math.floor(to / multiple)];
  const all = last - first + 1;
  const numbers =
    all <= mostCandidates
      ? Array.from({ length: Math.max(0, all) }, (_, i) => first + i)
      : Array.from({ length: mostCandidates }, (_, i) =>
          Math.round(first * (last / first) ** (i / (mostCandidates - 1))),
        );
  return [...new Set(numbers)].map((number) => number * multiple);
}
