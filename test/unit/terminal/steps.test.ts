import { Writable } from 'node:stream';
import { afterEach, expect, test, vi } from 'vitest';
import { withSteps, type StepsOutput } from '../../../src/terminal/steps.js';

afterEach(() => {
  vi.unstubAllEnvs();
});

/** Ten steps of this many seconds each, after `before` seconds of other work; returns what was written. */
async function shown(
  seconds: number,
  { before = 0, ...screen }: { readonly isTTY?: boolean; readonly columns?: number; readonly before?: number } = {},
) {
  vi.stubEnv('TERM', 'xterm');
  const written: string[] = [];
  const stream = new Writable({
    write(chunk, _, done) {
      written.push(String(chunk));
      done();
    },
  });
  let passed = 0;
  const output: StepsOutput = { stderr: Object.assign(stream, screen), now: () => 1000 * passed };
  const result = await withSteps(
    'forecasts',
    (onStep) => {
      passed += before;
      if (before > 0) onStep(0, 10);
      for (let done = 1; done <= 10; done++) {
        passed += seconds;
        onStep(done, 10);
      }
      return 'over';
    },
    output,
  );
  expect(result).toBe('over');
  return written;
}

test('work that finishes at once is not shown', async () => {
  expect(await shown(0.09, { isTTY: true })).toEqual([]);
  expect(await shown(0.9)).toEqual([]);
});

test('lines: the first after ten seconds, then at most one every half minute', async () => {
  // 12, 48, 84 and 120 s after the start; each step takes 12 s.
  expect(await shown(12)).toEqual([
    'forecasts: 1 of 10, ETA 1 min 48 s\n',
    'forecasts: 4 of 10, ETA 1 min 12 s\n',
    'forecasts: 7 of 10, ETA 36 s\n',
    'forecasts: 10 of 10, ETA 0 s\n',
  ]);
});

test('the time left is that of the steps, not of the work before them', async () => {
  expect(await shown(1, { before: 39 })).toEqual(['forecasts: 1 of 10, ETA 9.0 s\n']);
});

test('EMERGENCE_PROGRESS=none: no lines, and no change on a terminal', async () => {
  vi.stubEnv('EMERGENCE_PROGRESS', 'none');
  expect(await shown(12)).toEqual([]);
  expect(await shown(12, { isTTY: true })).toHaveLength(11);
});

test('a terminal: one line, redrawn each time, and removed at the end', async () => {
  const written = await shown(1, { isTTY: true });
  expect(written).toHaveLength(11);
  expect(written[0]).toBe(`\r\u001b[Kforecasts ${'█'.repeat(2)}${'░'.repeat(22)} 1/10  ETA 9.0 s`);
  expect(written[9]).toBe(`\r\u001b[Kforecasts ${'█'.repeat(24)} 10/10  ETA 0 s`);
  expect(written[10]).toBe('\r\u001b[K');
});

test('a narrow terminal: cut off, as a wrapped line could not be redrawn', async () => {
  expect((await shown(1, { isTTY: true, columns: 20 }))[0]).toBe('\r\u001b[Kforecasts ██░░░░░░░░');
});

test('a terminal of unknown width: not cut off', async () => {
  expect((await shown(1, { isTTY: true, columns: 0 }))[0]).toMatch(/forecasts █.*ETA 9\.0 s$/);
});

test('an error passes through, on a line of its own', async () => {
  const written: string[] = [];
  const stream = Object.assign(
    new Writable({
      write(chunk, _, done) {
        written.push(String(chunk));
        done();
      },
    }),
    { isTTY: true },
  );
  let now = 0;
  const failing = withSteps(
    'x',
    (onStep) => {
      now = 5000;
      onStep(1, 2);
      throw new Error('no');
    },
    { stderr: stream, now: () => now },
  );
  await expect(failing).rejects.toThrow('no');
  expect(written.at(-1)).toBe('\r\u001b[K');
});
