/** Shares of a column on one side of many cutoffs: both in order, and gone through once. */
import { countsBelow } from '../statistics/kernels/kernels.js';

/** Share of values `<=` each cutoff, `[cutoffs]`. */
export function sharesAtMost(column: ArrayLike<number>, cutoffs: readonly number[]): Float64Array {
  return shares(column, cutoffs, true);
}

/** Share of values `<` each cutoff, `[cutoffs]`. */
export function sharesBelow(column: ArrayLike<number>, cutoffs: readonly number[]): Float64Array {
  return shares(column, cutoffs, false);
}

function shares(column: ArrayLike<number>, cutoffs: readonly number[], orAt: boolean): Float64Array {
  const ascending = Float64Array.from(cutoffs).sort();
  const counts =
    column instanceof Float32Array ? countsBelow(column, ascending, orAt) : counted(column, ascending, orAt);
  const inOrder = cutoffs.every((cutoff, j) => cutoff === ascending[j]);
  const result = new Float64Array(cutoffs.length);
  for (let j = 0; j < result.length; j++)
    result[j] = counts[inOrder ? j : ascending.indexOf(cutoffs[j]!)]! / column.length;
  return result;
}

/** `countsBelow` of numbers that are no floats of 32 bits. */
function counted(column: ArrayLike<number>, cutoffs: Float64Array, orAt: boolean): Int32Array {
  const values = Float64Array.from(column).sort();
  let count = 0;
  return Int32Array.from(cutoffs, (cutoff) => {
    while (count < values.length && (orAt ? values[count]! <= cutoff : values[count]! < cutoff)) count++;
    return count;
  });
}
