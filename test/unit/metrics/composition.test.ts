import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { attributeAccuracy, attributeProduct, combinationAccuracy } from '../../../src/metrics/composition.js';
import { metrics, parseMetric, withNames } from '../../../src/metrics/index.js';

interface Image {
  readonly label: number;
  readonly distance: number;
  /** Whether each of three attributes is right. */
  readonly right: readonly boolean[];
}

function outcomesOf(images: readonly Image[]) {
  const bits = images.map(({ right }) => right.reduce((sum, hit, i) => sum + (hit ? 0 : 2 ** i), 0));
  return {
    label: Int32Array.from(images, ({ label }) => label),
    distance: Int32Array.from(images, ({ distance }) => distance),
    attributes_wrong: Int32Array.from(bits),
    correct: Uint8Array.from(bits, (each) => Number(each === 0)),
  };
}

const image = (label: number, distance: number, ...right: boolean[]): Image => ({ label, distance, right });
const few = outcomesOf([
  image(0, 0, true, true, true),
  image(0, 0, false, false, true),
  image(1, 0, true, false, true),
  image(2, 1, true, true, true),
  image(2, 1, true, false, true),
  image(2, 1, false, true, true),
  image(2, 1, true, true, true),
]);

test('by hand', () => {
  // Trained: 1 of 3 images; away: 2 of 4.
  expect(combinationAccuracy.with({ distance: 0 }).measure(few).value).toBeCloseTo(1 / 3, 14);
  expect(combinationAccuracy.with({ distance: 1 }).measure(few).value).toBeCloseTo(1 / 2, 14);
  expect(attributeAccuracy.with({ attribute: 0, distance: 1 }).measure(few).value).toBeCloseTo(3 / 4, 14);
  expect(attributeAccuracy.with({ attribute: 2, distance: 1 }).measure(few).value).toBe(1);
  // Of label 0 (two images) 1/2 * 1/2, of label 1 0: (2/4 + 0) / 3. Of label 2 3/4 * 3/4.
  expect(attributeProduct.with({ distance: 0 }).measure(few).value).toBeCloseTo(1 / 6, 14);
  expect(attributeProduct.with({ distance: 1 }).measure(few).value).toBeCloseTo(9 / 16, 14);
});

test('has the interval of the images at the distance', () => {
  const { lower, upper, standardError } = combinationAccuracy.with({ distance: 1 }).measure(few);
  const own = metrics.accuracy.with({}).measure({ correct: few.correct.subarray(3) });
  expect([lower, upper, standardError]).toBeAllClose([own.lower, own.upper, own.standardError], { rtol: 1e-12 });
});

const anyImages = fc.array(
  fc.record({
    label: fc.integer({ min: 0, max: 3 }),
    distance: fc.constant(2),
    right: fc.tuple(fc.boolean(), fc.boolean(), fc.boolean()),
  }),
  { minLength: 1, maxLength: 20 },
);

test('weights count as copies of an image', () => {
  const weighted = fc.array(
    fc.tuple(
      anyImages.map(([first]) => first!),
      fc.integer({ min: 0, max: 3 }),
    ),
    {
      minLength: 1,
      maxLength: 20,
    },
  );
  fc.assert(
    fc.property(weighted, (images) => {
      fc.pre(images.some(([, weight]) => weight > 0));
      const once = outcomesOf(images.map(([each]) => each));
      const copies = outcomesOf(images.flatMap(([each, weight]) => Array<Image>(weight).fill(each)));
      const weights = images.map(([, weight]) => weight);
      for (const metric of [
        combinationAccuracy.with({ distance: 2 }),
        attributeAccuracy.with({ attribute: 1, distance: 2 }),
        attributeProduct.with({ distance: 2 }),
      ])
        expect(metric.weighted(once).evaluate(weights)).toBeAllClose(metric.measure(copies).value, {
          rtol: 1e-12,
          atol: 1e-15,
        });
    }),
  );
});

test('the product is exact if attributes are wrong equally often in all combinations, and never above the worst attribute', () => {
  const ways = [true, false].flatMap((a) => [true, false].flatMap((b) => [true, false].map((c) => [a, b, c])));
  const even = outcomesOf(ways.map((right) => image(5, 2, ...right)));
  expect(attributeProduct.with({ distance: 2 }).measure(even).value).toBeCloseTo(1 / 8, 14);
  expect(combinationAccuracy.with({ distance: 2 }).measure(even).value).toBeCloseTo(1 / 8, 14);
  fc.assert(
    fc.property(anyImages, (images) => {
      const outcomes = outcomesOf(images);
      const parts = [0, 1, 2].map(
        (attribute) => attributeAccuracy.with({ attribute, distance: 2 }).measure(outcomes).value,
      );
      expect(attributeProduct.with({ distance: 2 }).measure(outcomes).value).toBeLessThan(Math.min(...parts) + 1e-12);
    }),
  );
});

test('a distance without a test image is refused', () => {
  expect(() => combinationAccuracy.with({ distance: 3 }).measure(few)).toThrow(
    expect.objectContaining({
      exitCode: 2,
      message: 'combination-accuracy:distance=3: no test image is 3 from training; there are 0, 1',
    }),
  );
});

describe('an attribute', () => {
  const composition = {
    attributes: [
      { name: 'shape', values: [] },
      { name: 'place', values: [] },
    ],
  };
  const registry = withNames(metrics, { composition });

  test('may be selected by name; the id has its position', () => {
    const metric = parseMetric('attribute-accuracy:attribute=place,distance=1', '--metric', registry);
    expect([metric.id, metric.title]).toEqual([
      'attribute-accuracy:attribute=1,distance=1',
      'place right, 1 attribute from training',
    ]);
    expect(parseMetric(metric.id, '--metric', registry).id).toBe(metric.id);
  });

  test.each([
    ['plaec', registry, 'attribute is plaec; did you mean place? Known: shape, place'],
    ['2', registry, 'attribute is 2; known: shape, place'],
    [
      'place',
      metrics,
      'attribute is place; give a place from 0; only runs on a dataset of combinations know names of attributes',
    ],
  ])('%s', (text, of, line) => {
    const asked = `attribute-accuracy:attribute=${text},distance=0`;
    expect(() => parseMetric(asked, '--metric', of)).toThrow(`--metric "${asked}": ${line}`);
  });
});
