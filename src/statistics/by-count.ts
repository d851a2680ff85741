/** A function of a count from 0 to `most`, each value computed when it is first asked for: bootstraps ask for the same ones again. */
export function byCount(of: (count: number) => number, most: number): (count: number) => number {
  const known = new Float64Array(most + 1).fill(NaN);
  return (count) => {
    const value = known[count]!;
    return Number.isNaN(value) ? (known[count] = of(count)) : value;
  };
}
