import fc from 'fast-check';
import { expect, test } from 'vitest';
import { sharesAtMost, sharesBelow } from '../../../src/metrics/cutoffs.js';

test('counts shares on one side of cutoffs as one by one, including infinities and both zeros', () => {
  // Few values, so that many equal a cutoff; and any 32-bit ones.
  const few = fc.constantFrom(0, -0, 1, -1, 0.1, Infinity, -Infinity);
  const lists = fc.oneof(
    fc.array(few, { minLength: 1, maxLength: 30 }),
    fc.array(fc.float({ noNaN: true }), { minLength: 1, maxLength: 200 }),
  );
  const cutoffLists = fc.array(fc.oneof(few, fc.double({ noNaN: true })), { maxLength: 20 });
  fc.assert(
    fc.property(lists, cutoffLists, (list, cutoffs) => {
      const column = Float32Array.from(list);
      const share = (isHit: (value: number) => boolean) => [...column].filter(isHit).length / column.length;
      expect([...sharesBelow(column, cutoffs)]).toEqual(cutoffs.map((c) => share((value) => value < c)));
      expect([...sharesAtMost(column, cutoffs)]).toEqual(cutoffs.map((c) => share((value) => value <= c)));
      expect(column).toEqual(Float32Array.from(list));
    }),
  );
});
