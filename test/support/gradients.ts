import * as tf from '@tensorflow/tfjs-core';

/** The gradient of a scalar function by central differences, in the coordinates `picked` of its flattened argument. */
export function finiteDifferences(
  f: (x: tf.Tensor) => tf.Scalar,
  x: tf.Tensor,
  picked: readonly number[],
  h: number,
): number[] {
  const values = x.dataSync<'float32'>();
  const at = (index: number, change: number): number =>
    tf.tidy(() => {
      const moved = Float32Array.from(values);
      moved[index]! += change;
      return f(tf.tensor(moved, x.shape)).dataSync()[0]!;
    });
  return picked.map((index) => (at(index, h) - at(index, -h)) / (2 * h));
}
