/** `evaluate` with and without forgetting: the same numbers and notes, and columns that are let go. */
import * as path from 'node:path';
import { expect, test } from 'vitest';
import { evaluate } from '../../../src/library/evaluate.js';
import { openRun } from '../../../src/library/run-and-metrics.js';
import { membersAtOnce } from '../../../src/runs/opened.js';
import { runRecord, temporaryFolder, writeSyntheticRun } from '../../support/runs.js';

/** A folder with the run `lenet`: four widths, two seeds, 40 test images. */
async function eightMembers(): Promise<string> {
  const root = await temporaryFolder();
  await writeSyntheticRun({
    folder: path.join(root, 'lenet'),
    record: { dataset: { ...runRecord().dataset, testCount: 40 } },
    widths: [4, 8, 16, 32],
    seeds: [0, 1],
    accuracy: ({ width }) => width / 40,
  });
  return root;
}

test('what evaluate forgets is what nothing needs any more, and changes no number and no note', async () => {
  const root = await eightMembers();
  // Flat, so that the range of its column is told at the end.
  const metrics = ['accuracy', 'cross-entropy', 'brier', 'below:column=margin,c=-9'];
  const [kept, forgotten] = [false, true].map(async (forget) => {
    const notes: string[] = [];
    const found = await evaluate('lenet', { root, metrics, draws: 50, forget, note: (line) => notes.push(line) });
    return { ...found, notes };
  });
  const [all, few] = [await kept!, await forgotten!];
  expect(few.metrics.map(({ members, scales }) => ({ members, scales }))).toEqual(
    all.metrics.map(({ members, scales }) => ({ members, scales })),
  );
  expect(few.notes).toEqual(all.notes);
  expect(few.notes.join('\n')).toContain('margin');
  const columns = ({ run }: typeof few) => run.members.map(({ outcomes }) => Object.keys(outcomes).sort());
  const whole = columns(all)[0]!;
  expect(whole).toEqual(expect.arrayContaining(['brier', 'correct', 'label', 'log_probability', 'margin']));
  expect(columns(all).every((each) => each.join() === whole.join())).toBe(true);
  const left = whole.filter((name) => name !== 'brier' && name !== 'log_probability');
  expect(columns(few)).toEqual([whole, ...Array.from({ length: 7 }, () => left)]);
});

test('members of several batches forget batch by batch, and no later one misses a column', async () => {
  const root = await eightMembers();
  const opened = await openRun('lenet', { root });
  // The same files as more seeds.
  const run = {
    ...opened,
    complete: opened.complete.flatMap((member) =>
      Array.from({ length: 75 }, (_, k) => ({ ...member, seed: 2 * k + member.seed })),
    ),
  };
  expect(run.complete.length).toBeGreaterThan(membersAtOnce);
  const metrics = ['accuracy', 'cross-entropy', 'below:column=margin,c=-9'];
  const [kept, forgotten] = [false, true].map((forget) => evaluate(run, { metrics, draws: 10, forget }));
  const [all, few] = [await kept!, await forgotten!];
  expect(few.metrics.map(({ members, scales }) => ({ members, scales }))).toEqual(
    all.metrics.map(({ members, scales }) => ({ members, scales })),
  );
  const withLoss = few.run.members.filter(({ outcomes }) => outcomes.log_probability !== undefined);
  expect(withLoss).toHaveLength(1);
});
