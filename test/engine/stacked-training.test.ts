/** Members trained as one program: each has the results of separate training, whatever happens to the others. */
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { resolveExperiment, type Experiment } from '../../src/experiment/schema.js';
import { ensureRuntime } from '../../src/install/runtime.js';
import { experimentDigest } from '../../src/runs/record.js';
import { decodeSafetensors } from '../../src/runs/safetensors.js';
import type { WorkerJob } from '../../src/training/job.js';
import { openTraining, trainAndEvaluate } from '../../src/training/member.js';
import { StopSignal } from '../../src/training/stop.js';
import { temporaryFolder } from '../support/runs.js';
import { loadTensorFlow } from '../support/tensorflow.js';

let bindingPath = '';
beforeAll(async () => {
  await loadTensorFlow();
  ({ bindingPath } = await ensureRuntime({ device: 'cpu' }));
});

/** After the first steps of each start. */
class AtOnce extends StopSignal {
  override get came(): boolean {
    return true;
  }
}

const shared = { dataset: 'shapes', trainSize: 96, batchSize: 8, testSize: 20, epochs: 2 } as const;
const experiment = resolveExperiment({ ...shared, arch: 'cnn', widths: [2], moments: '5' });

function jobOf(runFolder: string, seed: number, own: Experiment = experiment): WorkerJob {
  return {
    ...{ width: 2, seed, experiment: own, runFolder, dataDir: runFolder, bindingPath, threads: 1 },
    digest: experimentDigest({ experiment: own, fingerprint: '', eager: false }),
    ...{ branches: 1, stack: { size: 3, place: seed }, eager: false, tensorboardFolder: null, lock: null },
  };
}

/** The result of each, as the worker has it: the event's type, or the name or message of what was thrown. */
async function train(jobs: readonly WorkerJob[], stop = new StopSignal()): Promise<string[]> {
  const fates = (await openTraining(jobs, { report: () => undefined, stop })).map(async (opened) => {
    try {
      return (await trainAndEvaluate(opened, { report: () => undefined, stop })).type;
    } catch (error) {
      return (error as Error).name === 'Stopped' ? 'stopped' : (error as Error).message;
    } finally {
      opened.stepper.close();
    }
  });
  return Promise.all(fates);
}

/** A member's files that contain numbers and nothing about the machine. */
async function filesOf(runFolder: string, seed: number): Promise<Record<string, Buffer>> {
  const folder = path.join(runFolder, 'members', `cnn-w2-s${seed}`);
  const names = (await fs.readdir(folder)).filter((name) => /\.(safetensors|parquet)$/.test(name)).sort();
  return Object.fromEntries(
    await Promise.all(names.map(async (name) => [name, await fs.readFile(path.join(folder, name))] as const)),
  );
}

const seeds = [0, 1, 2];
async function stackIn(folder: string): Promise<Record<string, Buffer>[]> {
  expect(await train(seeds.map((seed) => jobOf(folder, seed)))).toEqual(['complete', 'complete', 'complete']);
  return Promise.all(seeds.map((seed) => filesOf(folder, seed)));
}

test('each member has the weights of its own separate training, up to rounding', async () => {
  const [together, alone] = [await temporaryFolder(), await temporaryFolder()];
  const stacked = await stackIn(together);
  for (const seed of seeds) {
    expect(await train([{ ...jobOf(alone, seed), stack: null }])).toEqual(['complete']);
    const own = await filesOf(alone, seed);
    expect(Object.keys(stacked[seed]!)).toEqual(Object.keys(own));
    const weights = (files: Record<string, Buffer>) =>
      decodeSafetensors(files['weights.safetensors']!, 'weights').tensors;
    const [a, b] = [weights(stacked[seed]!), weights(own)];
    // 24 steps of Adam at 0.001 move a weight by at most 0.024; rounding moves it by less than a thousandth of that.
    for (const [name, { data }] of b)
      data.forEach((value, i) => {
        expect(Math.abs(Number(a.get(name)!.data[i]) - value)).toBeLessThan(2.4e-5);
      });
  }
});

test('members stopped within epochs, at different steps, end in the same bits', async () => {
  const [whole, disturbed] = [await temporaryFolder(), await temporaryFolder()];
  const bits = await stackIn(whole);
  const some = (...chosen: number[]) => chosen.map((seed) => jobOf(disturbed, seed));
  // The first two run ahead by a few steps, then the second and the third, and then the third alone.
  expect(await train(some(0, 1), new AtOnce())).toEqual(['stopped', 'stopped']);
  expect(await train(some(2), new AtOnce())).toEqual(['stopped']);
  expect(await train(some(1, 2), new AtOnce())).toEqual(['stopped', 'stopped']);
  expect(await stackIn(disturbed)).toEqual(bits);
});

test('a diverging member and one with a damaged checkpoint leave the others unchanged', async () => {
  const [whole, folder] = [await temporaryFolder(), await temporaryFolder()];
  const at = (learningRate: number) =>
    resolveExperiment({ ...shared, arch: 'cnn', widths: [2], optimizer: 'sgd', weightDecay: 1, learningRate });
  const [calm, wild] = [at(0.01), at(100)];
  expect(await train([jobOf(whole, 0, calm), jobOf(whole, 1, wild)])).toEqual([
    'complete',
    expect.stringContaining('training diverged in epoch 1'),
  ]);
  const member = path.join(folder, 'members', 'cnn-w2-s2');
  await fs.mkdir(member, { recursive: true });
  await fs.writeFile(path.join(member, 'training.safetensors'), 'damaged');
  const fates = await train([jobOf(folder, 2, calm), jobOf(folder, 0, calm), jobOf(folder, 1, wild)]);
  expect(fates[0]).toContain('training.safetensors');
  expect(fates[1]).toBe('complete');
  expect(await filesOf(folder, 0)).toEqual(await filesOf(whole, 0));
});
