import { expect, test } from 'vitest';
import { usesColour } from '../../../src/terminal/colour.js';

test.each([
  [{ isTTY: true }, {}, true],
  [{ isTTY: true }, { NO_COLOR: '' }, true],
  [{ isTTY: true }, { NO_COLOR: '1' }, false],
  [{ isTTY: true }, { TERM: 'dumb' }, false],
  [{ isTTY: false }, {}, false],
  [{}, {}, false],
])('%j with %j: %s', (stream, environment, expected) => {
  expect(usesColour(stream, environment)).toBe(expected);
});
