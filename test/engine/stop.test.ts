/** A training stopped within epochs, again and again, ends in the bits of an uninterrupted one. */
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { resolveExperiment } from '../../src/experiment/schema.js';
import { ensureRuntime } from '../../src/install/runtime.js';
import { experimentDigest } from '../../src/runs/record.js';
import type { TrainingEvent } from '../../src/training/events.js';
import type { WorkerJob } from '../../src/training/job.js';
import { openTraining, trainAndEvaluate, type OpenedMember } from '../../src/training/member.js';
import { Stopped, StopSignal } from '../../src/training/stop.js';
import { temporaryFolder } from '../support/runs.js';
import { backend } from '../../src/engine/backend.js';
import { loadTensorFlow } from '../support/tensorflow.js';

let bindingPath = '';
beforeAll(async () => {
  await loadTensorFlow();
  ({ bindingPath } = await ensureRuntime({ device: 'cpu' }));
});

/** Stops after the first steps of every start, initially four, and at the end of an epoch. */
class AfterEachCall extends StopSignal {
  #steps = 0;

  override get came(): boolean {
    return this.#steps > 0;
  }

  heard(event: TrainingEvent): void {
    if (event.type === 'progress') this.#steps += 1;
    // Evaluated: nothing more is stopped.
    if (event.type === 'epoch') this.#steps = 0;
  }
}

async function trainIn(
  job: WorkerJob,
  isDisturbed: boolean,
): Promise<{ starts: number; within: number[]; stepsPerEpoch: number }> {
  const within: number[] = [];
  for (let starts = 1; ; starts++) {
    const stop = isDisturbed ? new AfterEachCall() : new StopSignal();
    let [step, stepsPerEpoch] = [0, 0];
    const report = (event: TrainingEvent) => {
      if (event.type === 'started') ({ stepsPerEpoch } = event);
      if (event.type === 'progress') ({ step } = event);
      if (stop instanceof AfterEachCall) stop.heard(event);
    };
    try {
      const [opened] = (await openTraining([job], { report, stop })) as [OpenedMember];
      expect((await trainAndEvaluate(opened, { report, stop })).type).toBe('complete');
      return { starts, within, stepsPerEpoch };
    } catch (error) {
      if (!(error instanceof Stopped)) throw error;
      within.push(step);
    }
  }
}

const shared = { dataset: 'shapes', trainSize: 96, batchSize: 8, testSize: 20, epochs: 2, validationSize: 8 } as const;
const probed = {
  testSequences: 10,
  testSize: 80,
  heldOutClasses: 2,
  probe: 'in-weights,held-out',
  moments: '5',
} as const;

function jobOf(experiment: WorkerJob['experiment'], runFolder: string): WorkerJob {
  return {
    ...{ width: experiment.widths[0]!, seed: 3, experiment, runFolder, dataDir: runFolder, bindingPath, threads: 1 },
    digest: experimentDigest({ experiment, fingerprint: '', eager: false }),
    ...{ branches: 1, stack: null, eager: false, tensorboardFolder: null, lock: null },
  };
}

test.each([
  ['cnn', { arch: 'cnn', widths: [2], augmentRotation: 20, moments: '5' }],
  ['transformer', { arch: 'transformer', widths: [8], pairs: 3, dropout: 0.2, augmentShift: 0.1, ...probed }],
] as const)('%s', async (_, input) => {
  const experiment = resolveExperiment({ ...shared, ...input } as never);
  const files: Record<string, Buffer>[] = [];
  for (const isDisturbed of [false, true]) {
    const runFolder = await temporaryFolder();
    const { starts, within, stepsPerEpoch } = await trainIn(jobOf(experiment, runFolder), isDisturbed);
    expect(starts).toBe(within.length + 1);
    // In the middle of an epoch, and after its last step but before the work that ends an epoch.
    if (isDisturbed) expect(within).toEqual(expect.arrayContaining([4, stepsPerEpoch]));
    const [id] = await fs.readdir(path.join(runFolder, 'members'));
    const folder = path.join(runFolder, 'members', id!);
    const names = (await fs.readdir(folder)).sort();
    const read = names.map(async (name) => [name, await fs.readFile(path.join(folder, name))] as const);
    files.push(Object.fromEntries(await Promise.all(read)));
  }
  const [whole, disturbed] = files as [Record<string, Buffer>, Record<string, Buffer>];
  expect(Object.keys(disturbed)).toEqual(Object.keys(whole));
  for (const name of Object.keys(whole).filter((each) => /\.(safetensors|parquet)$/.test(each)))
    expect(disturbed[name]!.equals(whole[name]!), name).toBe(true);
  // Everything except the machine's timings.
  const losses = (text: Buffer) =>
    text
      .toString()
      .trim()
      .split('\n')
      .map((line) => ({ ...(JSON.parse(line) as object), seconds: 0, examplesPerSecond: 0 }));
  expect(losses(disturbed['history.jsonl']!)).toEqual(losses(whole['history.jsonl']!));
});

test('a failing training frees its TensorFlow memory: state, images and the inputs of its steps', async () => {
  const experiment = resolveExperiment({ ...shared, arch: 'cnn', widths: [2] } as never);
  const report = ({ type }: TrainingEvent) => {
    if (type === 'epoch') throw new Error('the disk is full');
  };
  const left: number[] = [];
  for (let round = 0; round < 3; round++) {
    const stop = new StopSignal();
    const [opened] = (await openTraining([jobOf(experiment, await temporaryFolder())], { report, stop })) as [
      OpenedMember,
    ];
    await expect(trainAndEvaluate(opened, { report, stop })).rejects.toThrow('the disk is full');
    left.push(backend().binding.getNumOfTensors());
  }
  // What is loaded once, such as kernels' constants, is there after the first run.
  expect(left.slice(1)).toEqual([left[0], left[0]]);
});
