import { expect, test } from 'vitest';
import { sizeOf } from '../../../src/terminal/size.js';

test.each([
  [{}, { columns: 80, rows: 24 }],
  [
    { columns: 0, rows: 0 },
    { columns: 80, rows: 24 },
  ],
  [
    { columns: 132, rows: 50 },
    { columns: 132, rows: 50 },
  ],
])('%j is read as %j', (stream, size) => {
  expect(sizeOf(stream)).toEqual(size);
});
