/** Shares of a column on one side of many cutoffs: sorted once, then a search for each. */

/** Share of values `<=` each cutoff, `[cutoffs]`. */
export function sharesAtMost(column: ArrayLike<number>, cutoffs: readonly number[]): Float64Array {
  return shares(column, cutoffs, (value, cutoff) => value <= cutoff);
}

/** Share of values `<` each cutoff, `[cutoffs]`. */
export function sharesBelow(column: ArrayLike<number>, cutoffs: readonly number[]): Float64Array {
  return shares(column, cutoffs, (value, cutoff) => value < cutoff);
}

function shares(
  column: ArrayLike<number>,
  cutoffs: readonly number[],
  isIn: (value: number, cutoff: number) => boolean,
): Float64Array {
  const ascending = column instanceof Float32Array ? column.slice().sort() : Float64Array.from(column).sort();
  return Float64Array.from(cutoffs, (cutoff) => {
    let [low, high] = [0, ascending.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (isIn(ascending[middle]!, cutoff)) low = middle + 1;
      else high = middle;
    }
    return low / ascending.length;
  });
}
