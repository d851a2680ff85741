/** `--precision auto`: the pilot in TensorFlow, and how a run uses it. */
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { resolveExperiment } from '../../src/experiment/schema.js';
import { ensureRuntime } from '../../src/install/runtime.js';
import { train } from '../../src/library/train.js';
import { readRunRecord } from '../../src/runs/run.js';
import { askPilot } from '../../src/training/ask.js';
import { comparePrecisions } from '../../src/training/precision-pilot.js';
import { childrenOf, until } from '../support/processes.js';
import { temporaryFolder } from '../support/runs.js';
import { loadTensorFlow } from '../support/tensorflow.js';

let bindingPath = '';
beforeAll(async () => {
  await loadTensorFlow();
  ({ bindingPath } = await ensureRuntime({ device: 'cpu' }));
});

const shared = {
  ...({ arch: 'cnn', dataset: 'shapes' } as const),
  ...{ widths: [4], seeds: [0], trainSize: 64, batchSize: 8, testSize: 20 },
};

test('a pilot takes the same steps in both precisions, and their losses differ by rounding only', async () => {
  const experiment = resolveExperiment({ ...shared, precision: 'auto', epochs: 2 });
  const pilot = await comparePrecisions(
    {
      ...{ width: 4, seed: 0, experiment, digest: '', runFolder: '', dataDir: '', bindingPath, threads: 1 },
      ...{ branches: 1, stack: null, eager: false, tensorboardFolder: null, lock: null },
    },
    bindingPath,
  );
  // Five times the epoch's 8 steps, the most it takes.
  expect(pilot.steps).toBe(40);
  expect(pilot.speedup).toBeGreaterThan(0);
  // A bfloat16 has 8 bits, 0.4 %; a loss, a mean over many products of them, is off by less, but not by zero.
  expect(pilot.lossDifference).toBeGreaterThan(0);
  expect(pilot.lossDifference).toBeLessThan(0.02);
});

test('a run records the choice with its reason, and has the bits of the chosen precision', async () => {
  const root = await temporaryFolder();
  const options = { ...shared, root, device: 'cpu', threads: 1 } as const;
  await train({ ...options, run: 'auto', precision: 'auto', steps: 4 });
  await train({ ...options, run: 'single', precision: 'float32', steps: 4 });
  const record = await readRunRecord(path.join(root, 'auto'));
  const [because] = Object.values(record?.precisions ?? {}).map((each) => each.because);
  // Depends on the processor; a run of 4 steps has no pilot.
  expect(['length', 'processor']).toContain(because);
  expect(record?.experiment.precision).toBe('auto');
  expect(record?.precisions).toEqual({ 'cnn-w4-s0': { precision: 'float32', because } });
  const [auto, single] = await Promise.all(
    ['auto', 'single'].map((run) => fs.readFile(path.join(root, run, 'members', 'cnn-w4-s0', 'weights.safetensors'))),
  );
  expect(auto?.equals(single ?? Buffer.alloc(0))).toBe(true);
});

test('Ctrl-C ends a pilot and its process', async () => {
  const experiment = resolveExperiment({ ...shared, precision: 'auto', epochs: 2000 });
  const stop = new AbortController();
  const job = {
    ...{ width: 4, seed: 0, experiment, digest: '', runFolder: '', dataDir: '', bindingPath, threads: 1 },
    ...{ branches: 1, stack: null, eager: false, tensorboardFolder: null, lock: null },
  };
  const before = childrenOf(process.pid);
  const started = () => childrenOf(process.pid).filter((child) => !before.includes(child));
  const asked = askPilot(job, { note: () => undefined, signal: stop.signal });
  expect(await until(() => started().length > 0, 60_000)).toBe(true);
  stop.abort();
  await expect(asked).rejects.toThrow('aborted');
  expect(started()).toEqual([]);
  await expect(askPilot(job, { note: () => undefined, signal: stop.signal })).rejects.toThrow('aborted');
});

test('a run with recorded choices can be planned for other machines and with further seeds, but not with further widths', async () => {
  const root = await temporaryFolder();
  const options = { ...shared, root, device: 'cpu', threads: 1, run: 'auto', precision: 'auto' } as const;
  await train({ ...options, steps: 4 });
  const planned = await train({ ...options, steps: 4, seeds: [0, 1], planOnly: true });
  expect(planned.planned).toEqual(['cnn-w4-s1']);
  expect(Object.keys((await readRunRecord(path.join(root, 'auto')))?.precisions ?? {})).toHaveLength(2);
  await expect(
    train({ ...options, steps: 4, widths: [4, 8], planOnly: true }),
  ).rejects.toThrowErrorMatchingInlineSnapshot(
    `[UsageError: --precision: auto is chosen by a pilot on the machine that trains; plan another --run NAME with --precision float32 or bfloat16]`,
  );
});

test('a plan for other machines must name its precision', async () => {
  const root = await temporaryFolder();
  await expect(
    train({ ...shared, root, device: 'cpu', run: 'planned', precision: 'auto', steps: 4, planOnly: true }),
  ).rejects.toThrowErrorMatchingInlineSnapshot(
    `[UsageError: --precision: auto is chosen by a pilot on the machine that trains; give --precision float32 or bfloat16]`,
  );
  await expect(fs.stat(path.join(root, 'planned'))).rejects.toThrow('ENOENT');
});
