/** A forecast of width 8 by the members of widths 1, 2 and 4 of a synthetic run. */
import type { Seal } from '../../src/runs/forecasts.js';
import { digestOfRun, type RunRecord } from '../../src/runs/record.js';
import { memberFolder, readMemberRecord } from '../../src/runs/run.js';

export type SealChanges = Partial<Omit<Seal, 'digest'>>;

export async function sealFor(
  { folder, run }: { readonly folder: string; readonly run: RunRecord },
  changes: SealChanges = {},
): Promise<Omit<Seal, 'digest'>> {
  const evidence = await Promise.all(
    [1, 2, 4].map(async (width) => {
      const record = (await readMemberRecord(memberFolder(folder, { arch: 'cnn', width, seed: 0 })))!;
      return { member: record.id, parameters: record.parameters, outcomes: record.files['outcomes.parquet']! };
    }),
  );
  return {
    format: 1,
    name: 'lenet-1',
    run: 'lenet',
    number: 1,
    sealed: '2026-03-01T00:00:00.000Z',
    previous: null,
    lab: '0.1.0',
    gitCommit: null,
    experiment: digestOfRun(run),
    fingerprint: run.dataset.fingerprint,
    evidence,
    targets: [{ width: 8, parameters: 20522, trainingFlops: 1e9 }],
    seeds: [0],
    metricFile: null,
    levels: [0.5],
    draws: 100,
    metrics: [],
    ...changes,
  };
}
