import fc from 'fast-check';
import { expect, test } from 'vitest';
import { batchesOf, batchSize, partOf } from '../../../src/training/test-parts.js';

const tested = fc
  .record({ examples: fc.integer({ min: 1, max: 700 }), pairs: fc.constantFrom(1, 3, 8) })
  .map(({ examples, pairs }) => ({ images: examples * pairs, pairs }));

test('a part has whole examples, ascending, each once, in as few batches as its size needs', () => {
  fc.assert(
    fc.property(tested, fc.double({ min: 0, max: 1, noNaN: true }), ({ images, pairs }, share) => {
      const examples = Math.max(1, Math.round((share * images) / pairs));
      const rows = partOf({ images, pairs }, examples);
      const firsts = [...rows].filter((_, i) => i % pairs === 0);
      expect(rows).toEqual(
        Int32Array.from(firsts.flatMap((first) => Array.from({ length: pairs }, (_, j) => first + j))),
      );
      expect(firsts).toEqual([...new Set(firsts)].sort((a, b) => a - b));
      expect(firsts).toHaveLength(examples);
      expect(firsts.every((first) => first % pairs === 0 && first < images)).toBe(true);
      const size = batchSize({ images, pairs });
      expect(batchesOf(rows, { images, pairs })).toHaveLength(Math.ceil(rows.length / size));
    }),
  );
});

test('every row keeps its place in the batches of the whole set, and is answered once', () => {
  fc.assert(
    fc.property(tested, fc.nat({ max: 699 }), fc.nat({ max: 600 }), ({ images, pairs }, some, behind) => {
      const placesOf = (rows: Int32Array) => {
        const answers = batchesOf(rows, { images, pairs }).flatMap(({ rows: asked, wanted }) =>
          wanted.map(([place, at]) => ({ place, at, row: asked[place]! })),
        );
        const byAt = answers.sort((a, b) => a.at - b.at);
        expect(byAt.map(({ row }) => row)).toEqual([...rows]);
        expect(byAt.map(({ at }) => at)).toEqual([...rows.keys()]);
        return new Map(byAt.map(({ row, place }) => [row, place]));
      };
      const whole = placesOf(Int32Array.from({ length: images }, (_, row) => row));
      const part = placesOf(partOf({ images, pairs }, 1 + (some % (images / pairs))));
      expect([...part]).toEqual([...part.keys()].map((row) => [row, whole.get(row)]));
      placesOf(Int32Array.from({ length: behind * pairs }, (_, i) => images + i));
    }),
  );
});
