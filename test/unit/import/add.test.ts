/** What outcomes have to agree on with a run they are added to, as far as no file is needed to see it. */
import { expect, test } from 'vitest';
import { compareReading } from '../../../src/import/add.js';
import { Collector } from '../../../src/import/collector.js';
import { type KnownRun } from '../../../src/import/known-run.js';
import type { ImportedRun } from '../../../src/runs/imported.js';

const lmEval = { task: 'arc_easy', filter: 'none', correct: 'acc' };

function runRead(format: string, reading: Record<string, string> | undefined) {
  return { name: 'lm', source: { format, reading } } as unknown as ImportedRun;
}

test.each([
  ['another task', { ...lmEval, task: 'hellaswag' }, '--add: task is hellaswag, but arc_easy in the run lm'],
  ['another metric', { ...lmEval, correct: 'acc_norm' }, '--add: correct is acc_norm, but acc in the run lm'],
  ['another filter', { ...lmEval, filter: 'strict' }, '--add: filter is strict, but none in the run lm'],
  ['an additional score', { ...lmEval, score: 'f1' }, '--add: score is f1, but none in the run lm'],
])('%s of a tool is refused: its columns would look the same but differ in meaning', (_, reading, line) => {
  expect(() => compareReading(runRead('lm-eval', lmEval), { format: 'lm-eval', reading })).toThrow(line);
});

test("files of another tool are refused, a table for a table is not; gaps in an early run's record are reported", () => {
  const run = runRead('lm-eval', lmEval);
  const other = '--add: the run lm was imported from lm-eval, not from';
  expect(() => compareReading(run, { format: 'helm', reading: { scenario: 'x' } })).toThrow(`${other} helm`);
  expect(() => compareReading(run, { format: 'table', reading: undefined })).toThrow(`${other} table`);
  expect(compareReading(run, { format: 'lm-eval', reading: { ...lmEval } })).toBeUndefined();
  expect(compareReading(runRead('table', undefined), { format: 'logits', reading: undefined })).toBeUndefined();
  expect(compareReading(runRead('lm-eval', undefined), { format: 'lm-eval', reading: lmEval })).toContain(
    'does not record its task and metric',
  );
});

function collected(hashes: readonly string[]): Collector {
  const collector = new Collector();
  for (const [i, content] of hashes.entries())
    collector.add({ model: 'm', seed: null, example: String(i), correct: 1, content }, () => `row ${i}`);
  return collector;
}

test('equal ids with different contents are refused, in whatever order', () => {
  const { examples, contents } = collected(['x', 'y', 'z']).finish({ strict: false });
  const onto: KnownRun = {
    ...{ name: 'lm', examples, contents, columns: ['example', 'correct'] },
    ...{ classNames: undefined, label: undefined, group: undefined },
  };
  expect(collected(['x', 'y', 'z']).finish({ strict: true, onto }).examples).toEqual(['0', '1', '2']);
  expect(() => collected(['x', 'z', 'y']).finish({ strict: true, onto })).toThrow(
    '--add: examples of these ids have other contents (by their hashes) than those of the run lm',
  );
  // A file or a run without hashes: there is nothing to compare.
  expect(collected(['x', 'z', 'y']).finish({ strict: true, onto: { ...onto, contents: undefined } }).dropped).toBe(0);
});
