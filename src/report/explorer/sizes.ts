/** Test-set sizes for the slider: 1, 2 and 5 times powers of ten from 100 on, and all. */
export function testSizes(count: number): number[] {
  const sizes = [1e2, 1e3, 1e4, 1e5, 1e6].flatMap((power) => [power, 2 * power, 5 * power]);
  return [...sizes.filter((size) => size < count), count];
}
