import { expect, test } from 'vitest';
import { runsTable } from '../../../../src/report/tables/runs.js';
import type { RunSummary } from '../../../../src/runs/inventory.js';

const run: RunSummary = {
  name: 'lenet',
  folder: 'checkpoints/lenet',
  arch: 'cnn',
  dataset: 'mnist',
  created: '2026-01-02T03:04:05.000Z',
  status: 'complete',
  members: { complete: 6, total: 6 },
  missing: [],
  problem: null,
  notes: [],
  sizeBytes: 4_400_000,
};

test('the table, and what each run is missing by reason', () => {
  const ids = ['cnn-w2-s0', 'cnn-w2-s1', 'cnn-w4-s0', 'cnn-w4-s1', 'cnn-w8-s0'];
  const stopped: RunSummary = {
    ...run,
    name: 'deep',
    status: 'stopped',
    members: { complete: 0, total: 6 },
    missing: [{ id: 'cnn-w1-s0', why: '1 of 3 epochs done' }, ...ids.map((id) => ({ id, why: 'no epoch done' }))],
  };
  const none = { arch: null, dataset: null, created: null, members: null, problem: 'run.json is missing' };
  const damaged: RunSummary = { ...run, ...none, name: 'odd', status: 'damaged', sizeBytes: 812 };
  expect(runsTable([run, stopped, damaged])).toMatchInlineSnapshot(`
    "run    architecture  dataset  members  status      on disk  created (UTC)
    lenet  cnn           mnist     6 of 6  complete     4.4 MB  2026-01-02 03:04
    deep   cnn           mnist     0 of 6  stopped      4.4 MB  2026-01-02 03:04
    odd    -             -              -  damaged   812 bytes  -

    deep is missing cnn-w1-s0: 1 of 3 epochs done
    deep is missing cnn-w2-s0, cnn-w2-s1, cnn-w4-s0 and 2 more, the last cnn-w8-s0: no epoch done
    odd: run.json is missing"
  `);
});
