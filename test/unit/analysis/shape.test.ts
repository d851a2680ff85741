import { expect, test } from 'vitest';
import { shapeOf } from '../../../src/analysis/shape.js';
import { Random } from '../../../src/statistics/random.js';

const scales = [1, 2, 4, 8, 16, 32, 64, 128];

function points(value: (x: number) => number, name: string) {
  const random = Random.named(0, 'shape', name);
  return scales.flatMap((scale) =>
    [0, 1, 2].map(() => ({ scale, value: value(Math.log2(scale)) + 0.01 * random.normal() })),
  );
}

test('a line is called one, a late parabola and a sigmoid are not', () => {
  const straight = shapeOf(points((x) => 0.1 + 0.1 * x, 'line'))!;
  // a needless parameter gains more than 4 of AICc in about 1 of 20
  expect(straight.lineAbove).toBeLessThan(4);
  expect(straight.lineWeight).toBeGreaterThan(0.1);
  const late = shapeOf(points((x) => 0.02 * x * x, 'parabola'))!;
  expect(late.preferred).toBe('quadratic');
  const step = shapeOf(points((x) => 1 / (1 + Math.exp(-3 * (x - 4))), 'sigmoid'))!;
  expect(step.preferred).toBe('sigmoid');
  for (const { lineAbove, lineWeight } of [late, step]) {
    expect(lineAbove).toBeGreaterThan(10);
    expect(lineWeight).toBeLessThan(0.01);
  }
});

test('constant curves and two points have no shape', () => {
  expect(shapeOf(scales.map((scale) => ({ scale, value: 0.5 })))).toBeUndefined();
  expect(shapeOf([1, 2].map((scale) => ({ scale, value: scale })))).toBeUndefined();
});

test('too few points for a sigmoid to be judged say nothing, and not a line', () => {
  const values = [0.01, 0.012, 0.02, 0.5, 0.97, 0.98];
  expect(shapeOf(values.map((value, i) => ({ scale: 2 ** i, value })))).toBeUndefined();
});
