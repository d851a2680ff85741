/** Where a logarithmic axis has its ticks; for pictures and for the page. */

/** Powers of ten, with 2 and 5 times them where there would be few. */
export function logTicks([least, most]: readonly [number, number]): number[] {
  const exponents = Array.from({ length: 36 }, (_, i) => i - 12);
  const within = (factors: readonly number[]) =>
    exponents
      .flatMap((e) => factors.map((factor) => Number(`${factor}e${e}`)))
      .filter((tick) => tick >= least && tick <= most);
  const decades = within([1]);
  if (decades.length >= 4) return decades;
  const thirds = within([1, 2, 5]);
  return thirds.length >= 2 ? thirds : within([1, 1.5, 2, 3, 4, 5, 6, 7, 8, 9]);
}
