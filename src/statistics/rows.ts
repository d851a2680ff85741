/** Lists of equal length in one piece of memory: thousands of small ones leave gaps that stay with the process when they go. */
export function emptyRows(count: number, length: number): Float64Array[] {
  const all = new Float64Array(count * length);
  return Array.from({ length: count }, (_, i) => all.subarray(i * length, (i + 1) * length));
}
