/** Tables that fit where they are printed: no line is longer than the terminal, and every cell is still below its heading. */
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { textTable } from '../../../../src/report/tables/text-table.js';

const heading = ['curve', 'scales', 'emergence (Eq 1)', 'largest step / range', 'bow', 'best fit (line above)'];
const lines = [
  ['opt-2digit-addition', '8', '19.7 [10.5, 154]', '0.541 [0.497, 0.585]', '0.397 [0.383, 0.412]', 'quadratic (3.4)'],
  ['accuracy', '6', '6.26 [4.66, 8.6]', '0.354 [0.289, 0.416]', '-0.162 [-0.195, -0.118]', '-'],
];

test('at 80 columns the remaining columns follow below, repeating the first', () => {
  expect(`\n${textTable(heading, lines, ['curve'], 80)}\n`).toBe(`
curve                scales  emergence (Eq 1)  largest step / range
opt-2digit-addition       8  19.7 [10.5, 154]  0.541 [0.497, 0.585]
accuracy                  6  6.26 [4.66, 8.6]  0.354 [0.289, 0.416]

curve                                    bow  best fit (line above)
opt-2digit-addition     0.397 [0.383, 0.412]        quadratic (3.4)
accuracy             -0.162 [-0.195, -0.118]                      -
`);
});

test('in a pipe it is one table, however wide', () => {
  expect(textTable(heading, lines, ['curve'])).toBe(textTable(heading, lines, ['curve'], 1000));
  expect(textTable(heading, lines, ['curve']).split('\n')).toHaveLength(3);
});

test('any table at any width: every cell once, and the first of its row in each part', () => {
  const cell = fc.stringMatching(/^[a-z0-9.[\]]{1,30}$/);
  fc.assert(
    fc.property(
      fc.tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 5 })).chain(([columns, rows]) =>
        fc.array(fc.array(cell, { minLength: columns, maxLength: columns }), {
          minLength: rows + 1,
          maxLength: rows + 1,
        }),
      ),
      fc.integer({ min: 40, max: 120 }),
      ([head, ...rows], room) => {
        const parts = textTable(head!, rows, [], room)
          .split('\n\n')
          .map((part) => part.split('\n').map((line) => line.trim().split(/ {2,}/)));
        for (const part of parts) expect(part).toHaveLength(rows.length + 1);
        [head!, ...rows].forEach((row, i) => {
          expect(parts.map((part) => part[i]![0])).toEqual(parts.map(() => row[0]));
          expect(parts.flatMap((part) => part[i]!.slice(1))).toEqual(row.slice(1));
        });
        // Two cells of 30 and a gap of 2 are the minimum for a part.
        if (room >= 62)
          for (const line of textTable(head!, rows, [], room).split('\n'))
            expect(line.length).toBeLessThanOrEqual(room);
      },
    ),
  );
});
