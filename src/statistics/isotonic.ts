/**
 * Isotonic regression by pooling adjacent violators (Ayer et al. 1955): the non-decreasing values with the least
 * weighted squared distance.
 */
export function isotonic(values: ArrayLike<number>, weights: ArrayLike<number>): Float64Array {
  const blocks: { value: number; weight: number; count: number }[] = [];
  for (let i = 0; i < values.length; i++) {
    let block = { value: values[i]!, weight: weights[i]!, count: 1 };
    for (let last = blocks.at(-1); last !== undefined && last.value > block.value; last = blocks.at(-1)) {
      blocks.pop();
      const weight = last.weight + block.weight;
      const value = (last.value * last.weight + block.value * block.weight) / weight;
      block = { value, weight, count: last.count + block.count };
    }
    blocks.push(block);
  }
  return Float64Array.from(blocks.flatMap(({ value, count }) => new Array<number>(count).fill(value)));
}
