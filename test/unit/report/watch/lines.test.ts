import { describe, expect, test } from 'vitest';
import { newsLines, viewLines } from '../../../../src/report/watch/lines.js';
import type { MemberProgress, RunProgress } from '../../../../src/runs/progress.js';

const member = (id: string, changes: Partial<MemberProgress> = {}): MemberProgress => ({
  id,
  status: 'no epoch done',
  epochsDone: 0,
  loss: null,
  accuracy: null,
  examplesPerSecond: null,
  etaSeconds: null,
  problem: null,
  losses: [],
  trials: null,
  job: null,
  ...changes,
});
const scores = { loss: 0.0366, accuracy: 0.9887, examplesPerSecond: 1900 };
const complete = member('cnn-w8-s0', { ...scores, status: 'complete', epochsDone: 3, etaSeconds: 0 });
const training = member('cnn-w16-s0', { ...scores, status: 'training', epochsDone: 2, etaSeconds: 38 });
const progress: RunProgress = {
  run: 'lenet',
  arch: 'cnn',
  dataset: 'mnist',
  epochs: 3,
  status: 'training',
  complete: 1,
  etaSeconds: 94,
  members: [complete, training, member('cnn-w32-s0')],
};

test('the whole view', () => {
  expect(viewLines(progress, { columns: 100, rows: 24, colour: false }).join('\n')).toMatchInlineSnapshot(`
    "lenet: cnn on mnist, 1 of 3 members complete, training now, about 1 min 34 s left
    cnn-w8-s0  ████████████████████ epoch 3/3  loss 0.0366  accuracy 98.87 %  1.9k ex/s  complete
    cnn-w16-s0 █████████████░░░░░░░ epoch 2/3  loss 0.0366  accuracy 98.87 %  1.9k ex/s  ETA 38 s
    cnn-w32-s0 ░░░░░░░░░░░░░░░░░░░░ no epoch done"
  `);
});

test('a member that is being tuned: how many of its trials are made, and each is news', () => {
  const tuned = (made: number) => ({ ...progress, members: [member('cnn-w8-s0', { trials: { made, of: 7 } })] });
  expect(viewLines(tuned(2), { columns: 100, rows: 24, colour: false })[1]).toContain(
    'no epoch done  2 of 7 trials made',
  );
  expect(newsLines(tuned(3), tuned(3))).toEqual([]);
  expect(newsLines(tuned(3), tuned(2))).toEqual(['cnn-w8-s0  no epoch done  3 of 7 trials made']);
});

test('an autoencoder has no accuracy; damage is reported', () => {
  const members = [
    member('autoencoder-w8-s0', { ...scores, loss: 0.012345, accuracy: null, status: 'training', epochsDone: 1 }),
    member('autoencoder-w8-s1', { status: 'damaged', problem: 'outcomes.parquet is missing' }),
  ];
  const lines = viewLines({ ...progress, members }, { columns: 100, rows: 24, colour: false });
  expect(lines.slice(1).map((line) => line.slice(39))).toEqual([
    'epoch 1/3  loss 0.01235  1.9k ex/s',
    'outcomes.parquet is missing',
  ]);
});

test('validation scores after the epoch are next to it', () => {
  const heldOut = {
    testLoss: 0.5,
    testAccuracy: 0.75,
    testExamples: 100,
    validationLoss: 0.25,
    validationAccuracy: 0.5,
  };
  const [, line] = viewLines(
    { ...progress, members: [{ ...training, ...heldOut }] },
    { columns: 180, rows: 24, colour: false },
  );
  expect(line).toContain(
    'accuracy 98.87 %  1.9k ex/s  ETA 38 s  test loss 0.5000  accuracy 75.00 %  validation loss 0.2500  accuracy 50.00 %',
  );
});

describe('a small terminal', () => {
  const many = { ...progress, members: Array.from({ length: 30 }, (_, i) => ({ ...complete, id: `cnn-w${i}-s0` })) };

  test.each([
    [40, 6],
    [12, 3],
    [80, 24],
  ])('%d columns, %d rows: every line fits, with and without colours', (columns, rows) => {
    for (const shown of [progress, many]) {
      for (const colour of [true, false]) {
        const lines = viewLines(shown, { columns, rows, colour });
        expect(lines.length).toBeLessThan(rows);
        const widths = lines.map((line) => Array.from(line.replaceAll(/\u001b\[\d+m/g, '')).length);
        expect(Math.max(...widths)).toBeLessThanOrEqual(columns);
      }
    }
  });

  test('members in training come before those waiting and complete', () => {
    const members = [...many.members, member('cnn-w99-s0'), training];
    const lines = viewLines({ ...progress, members }, { columns: 100, rows: 5, colour: false });
    expect(lines.slice(1).map((line) => line.split(' ')[0])).toEqual(['cnn-w99-s0', 'cnn-w16-s0', '...']);
    expect(lines.at(-1)).toBe('... 30 complete');
  });
});

test('news: everything first, then only changes', () => {
  expect(newsLines(progress, undefined)).toEqual([
    'lenet: cnn on mnist, 1 of 3 members complete, training now, about 1 min 34 s left',
    'cnn-w8-s0   epoch 3/3  loss 0.0366  accuracy 98.87 %  1.9k ex/s  complete',
    'cnn-w16-s0  epoch 2/3  loss 0.0366  accuracy 98.87 %  1.9k ex/s  ETA 38 s',
  ]);
  expect(newsLines({ ...progress, etaSeconds: 93 }, progress)).toEqual([]);
  const members = [complete, { ...training, epochsDone: 3, etaSeconds: 0 }, progress.members[2]!];
  expect(newsLines({ ...progress, members }, progress)).toEqual([
    'cnn-w16-s0  epoch 3/3  loss 0.0366  accuracy 98.87 %  1.9k ex/s  ETA 0 s',
  ]);
  expect(newsLines({ ...progress, status: 'stopped', etaSeconds: null }, progress)).toEqual([
    'lenet: cnn on mnist, 1 of 3 members complete, stopped: no process is training it',
  ]);
});
