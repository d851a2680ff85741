import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { LiveLines } from '../../../src/terminal/live-lines.js';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

/** What a terminal of endless length shows: text, line feeds, carriage returns, and the three escapes in use. */
function screenOf(written: string): string[] {
  const lines = [''];
  let [row, column] = [0, 0];
  for (const [token, up] of written.matchAll(/\u001b\[(\d*)[AKJ]|[^\u001b]/gu)) {
    const line = lines[row] ?? '';
    if (token === '\n') [row, column] = [row + 1, 0];
    else if (token === '\r') column = 0;
    else if (token.endsWith('A') && up !== undefined) row -= Number(up);
    else if (token === '\u001b[K') lines[row] = line.slice(0, column);
    else if (token === '\u001b[J') lines.splice(row, Infinity, line.slice(0, column));
    else lines[row] = line.slice(0, column) + token + line.slice(++column);
    lines[row] ??= '';
  }
  return lines.map((line) => line.trimEnd());
}

function live(terminal: { rows?: number; columns?: number } = {}) {
  const stream = Object.assign(new PassThrough(), { isTTY: true, rows: 24, columns: 80, ...terminal });
  const state = { lines: [] as string[], written: '' };
  stream.on('data', (chunk: Buffer) => (state.written += chunk.toString()));
  return { state, shown: new LiveLines(stream, () => state.lines), screen: () => screenOf(state.written) };
}

test('lines are drawn over the previous ones, messages appear above them, and the cursor waits below', () => {
  const { state, shown, screen } = live();
  state.lines = ['a 0', 'b 0 of many'];
  shown.update();
  vi.runAllTimers();
  expect(screen()).toEqual(['a 0', 'b 0 of many', '']);
  state.lines = ['a 1', 'b 1'];
  shown.say('first');
  shown.say('second\u001b[2J');
  vi.runAllTimers();
  expect(screen()).toEqual(['first', 'second\\u001b[2J', 'a 1', 'b 1', '']);
  // One line fewer: nothing of it stays.
  state.lines = ['b 2'];
  shown.say('third');
  shown.close();
  expect(screen()).toEqual(['first', 'second\\u001b[2J', 'third', 'b 2', '']);
  expect(vi.getTimerCount()).toBe(0);
});

test('many updates are one frame', () => {
  const { state, shown } = live();
  state.lines = ['a'];
  for (let i = 0; i < 100; i++) shown.update();
  vi.runAllTimers();
  expect(state.written.match(/a/g)).toHaveLength(1);
});

test('a line is cut before the edge, and no more lines are drawn than there are rows', () => {
  const { state, shown, screen } = live({ rows: 3, columns: 6 });
  state.lines = ['1', '2', '3 and more'];
  shown.close();
  expect(screen()).toEqual(['2', '3 and', '']);
});

test('without lines, messages are written at once and unchanged', () => {
  const { state, shown } = live();
  shown.say('a note');
  shown.close();
  expect(state.written).toBe('a note\n');
});
