import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Canvas, cellSize, lineDots, type CharacterSet } from '../../../src/terminal/canvas.js';

/** Unicode's numbers of the dots, by column and row, each the bit of its number minus 1: not the table under test. */
const numbers = [
  [1, 2, 3, 7],
  [4, 5, 6, 8],
];

/** Dots of a drawing, `x,y`, read back only from its characters. */
function dotsOf(lines: readonly string[], set: CharacterSet): Set<string> {
  const { wide, high } = cellSize[set];
  const dots = new Set<string>();
  lines.forEach((line, row) => {
    Array.from(line).forEach((character, column) => {
      for (let x = 0; x < wide; x++)
        for (let y = 0; y < high; y++)
          if (isSet(character, set, x, y)) dots.add(`${column * wide + x},${row * high + y}`);
    });
  });
  return dots;
}

function isSet(character: string, set: CharacterSet, x: number, y: number): boolean {
  if (character === ' ') return false;
  if (set === 'ascii') return (y === 0 ? "':" : '.:').includes(character);
  return ((character.codePointAt(0)! - 0x2800) >> (numbers[x]![y]! - 1)) % 2 === 1;
}

/** Checks every dot of the canvas: is it the nearest to the line in its column (or row, if the line is steep)? */
function bruteForce(line: readonly [number, number, number, number], wide: number, high: number): Set<string> {
  const [x0, y0, x1, y1] = line;
  const [dx, dy] = [x1 - x0, y1 - y0];
  const [isFlat, steps] = [Math.abs(dx) >= Math.abs(dy), Math.max(Math.abs(dx), Math.abs(dy))];
  const dots = new Set<string>();
  for (let x = 0; x < wide; x++) {
    for (let y = 0; y < high; y++) {
      const [along, across] = isFlat ? [x - x0, y - y0] : [y - y0, x - x0];
      const [length, rise] = isFlat ? [dx, dy] : [dy, dx];
      const k = along * Math.sign(length);
      if (k < 0 || k > steps) continue;
      // Twice the distance times the steps, an integer: a half is `steps`, and goes to the greater coordinate.
      const off = 2 * (across * steps - k * rise);
      if (steps === 0 ? across === 0 && along === 0 : off > -steps && off <= steps) dots.add(`${x},${y}`);
    }
  }
  return dots;
}

describe.each(['braille', 'ascii'] as const)('%s', (set) => {
  const [columns, rows] = [12, 7];
  const { wide, high } = new Canvas(columns, rows, set).size;
  const coordinate = (most: number) => fc.integer({ min: 0, max: most - 1 });

  test('a line has the dots of a brute-force rasteriser', () => {
    fc.assert(
      fc.property(
        fc.tuple(coordinate(wide), coordinate(high), coordinate(wide), coordinate(high)),
        ([x0, y0, x1, y1]) => {
          const canvas = new Canvas(columns, rows, set);
          canvas.line({ x: x0, y: y0 }, { x: x1, y: y1 }, { style: 0 });
          expect(dotsOf(canvas.lines(), set)).toEqual(bruteForce([x0, y0, x1, y1], wide, high));
        },
      ),
      { numRuns: 2000 },
    );
  });

  test('dots inside are read back, and those outside are ignored', () => {
    const place = fc.record({ x: fc.integer({ min: -5, max: wide + 5 }), y: fc.integer({ min: -5, max: high + 5 }) });
    fc.assert(
      fc.property(fc.array(place, { maxLength: 60 }), (dots) => {
        const canvas = new Canvas(columns, rows, set);
        for (const dot of dots) canvas.dot(dot, 0);
        const inside = dots.filter(({ x, y }) => x >= 0 && x < wide && y >= 0 && y < high);
        expect(dotsOf(canvas.lines(), set)).toEqual(new Set(inside.map(({ x, y }) => `${x},${y}`)));
        expect(canvas.lines().map((line) => Array.from(line).length)).toEqual(Array(rows).fill(columns));
      }),
    );
  });
});

test('a line passes through both ends, one dot per step', () => {
  expect(lineDots({ x: 3, y: 3 }, { x: 3, y: 3 })).toEqual([{ x: 3, y: 3 }]);
  expect(lineDots({ x: 5, y: 0 }, { x: 1, y: 2 })).toEqual([
    { x: 5, y: 0 },
    { x: 4, y: 1 },
    { x: 3, y: 1 },
    { x: 2, y: 2 },
    { x: 1, y: 2 },
  ]);
});

test('dashes leave dots out, a mark hides the dots of its cell, and the last style counts', () => {
  const canvas = new Canvas(4, 1, 'ascii');
  canvas.line({ x: 0, y: 1 }, { x: 3, y: 1 }, { style: 0, dash: [1, 1] });
  canvas.dot({ x: 2, y: 0 }, 1);
  canvas.mark({ x: 3, y: 0 }, 'o', 2);
  expect(canvas.lines()).toEqual(['. :o']);
  expect(canvas.lines((text, style) => `${text}${style}`)).toEqual(['.0 :1o2']);
});
