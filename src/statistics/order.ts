/** Values in ascending order, and single ones of a list without sorting the others: of 2000 numbers in a tenth of the time. */

/**
 * Moves values so that each of these places holds what it would hold if all were ascending, NaN last (Hoare 1961, Comm. ACM 4, 321).
 *
 * @param places ascending
 */
export function placeAscending(values: Float64Array, places: readonly number[]): void {
  let last = values.length - 1;
  for (let i = 0; i <= last;) {
    if (Number.isNaN(values[i])) swap(values, i, last--);
    else i++;
  }
  let first = 0;
  for (const place of places) {
    if (place > last) return;
    placeOne(values, place, first, last);
    first = place + 1;
  }
}

/** Smaller ones before it, larger ones behind. Hot: plain loops. */
function placeOne(values: Float64Array, place: number, first: number, last: number): void {
  while (first < last) {
    const middle = values[(first + last) >>> 1]!;
    let [low, high] = [first, last];
    while (low <= high) {
      while (values[low]! < middle) low++;
      while (values[high]! > middle) high--;
      if (low <= high) swap(values, low++, high--);
    }
    if (place <= high) last = high;
    else if (place >= low) first = low;
    else return;
  }
}

function swap(values: Float64Array, i: number, j: number): void {
  const value = values[i]!;
  values[i] = values[j]!;
  values[j] = value;
}

/** Below, the engine's own sort is as fast. */
const fewSorted = 64;
/** Comparisons for each value to which cells may lead on average; more are in the engine's own sort. */
const mostCompared = 16;

/**
 * All values, ascending, in a fifth of the time of the engine's sort if they are spread out: they are counted into as many cells, then
 * each is moved to its place within its cell.
 *
 * @param values finite
 */
export function ascending(values: ArrayLike<number>): Float64Array {
  const n = values.length;
  const sorted = new Float64Array(values);
  if (n < fewSorted) return sorted.sort();
  let [least, most] = [sorted[0]!, sorted[0]!];
  for (let i = 1; i < n; i++) {
    if (sorted[i]! < least) least = sorted[i]!;
    else if (sorted[i]! > most) most = sorted[i]!;
  }
  const cells = (n - 1) / (most - least);
  // All are equal, or their range is not a number of 64 bits.
  if (!(cells > 0 && cells < Infinity)) return sorted.sort();
  const ends = new Uint32Array(n + 1);
  for (let i = 0; i < n; i++) ends[Math.floor((sorted[i]! - least) * cells)]!++;
  let [squares, before] = [0, 0];
  for (let cell = 0; cell <= n; cell++) {
    const size = ends[cell]!;
    squares += size * size;
    ends[cell] = before;
    before += size;
  }
  if (squares > 4 * mostCompared * n) return sorted.sort();
  for (let i = 0; i < n; i++) sorted[ends[Math.floor((values[i]! - least) * cells)]!++] = values[i]!;
  for (let i = 1; i < n; i++) {
    const value = sorted[i]!;
    let place = i;
    for (; place > 0 && sorted[place - 1]! > value; place--) sorted[place] = sorted[place - 1]!;
    sorted[place] = value;
  }
  return sorted;
}
