import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { expect, test } from 'vitest';
import { detectGpus, parseGpus, visibleGpus, type Gpu } from '../../../src/install/gpu.js';
import { temporaryFolder } from '../../support/runs.js';

const uuids = ['GPU-8932f937-d72c-4106-c12f-20bd9faed9f6', 'GPU-0c1d4b0e-3a67-4a5e-9f0b-3e4f5a6b7c8d'] as const;
const answer = `NVIDIA H200, 143771, 580.82.07, ${uuids[0]}\nNVIDIA GeForce RTX 4090, 24564, 580.82.07, ${uuids[1]}\n`;
const gpus: readonly Gpu[] = [
  { id: '0', name: 'NVIDIA H200', memoryBytes: 143771 * 1048576, driver: '580.82.07' },
  { id: '1', name: 'NVIDIA GeForce RTX 4090', memoryBytes: 24564 * 1048576, driver: '580.82.07' },
];
const listed = gpus.map((gpu, i) => ({ ...gpu, uuid: uuids[i]! }));

test('one line per GPU, memory from MiB', () => {
  expect(parseGpus(answer)).toEqual(listed);
});

test("a chip that shares the machine's memory states none", () => {
  expect(parseGpus('NVIDIA GB10, [N/A], 580.95.05, GPU-1\r\n')).toEqual([
    { id: '0', name: 'NVIDIA GB10', memoryBytes: undefined, driver: '580.95.05', uuid: 'GPU-1' },
  ]);
});

test('output that is not a table has no GPUs', () => {
  expect(parseGpus('')).toEqual([]);
  expect(parseGpus('No devices were found\n')).toEqual([]);
});

const [h200, rtx4090] = gpus as [Gpu, Gpu];
// As CUDA reads the variable: a list of numbers that ends at the first that names no GPU; empty hides all.
test.each<[string | undefined, readonly Gpu[]]>([
  [undefined, gpus],
  ['0', [h200]],
  ['1', [rtx4090]],
  ['1,0', [rtx4090, h200]],
  ['', []],
  ['-1', []],
  ['0,-1,1', [h200]],
  ['7', []],
  ['NoDevFiles', []],
  ['1,1', [rtx4090]],
  [uuids[1], [rtx4090]],
  [`${uuids[1].slice(0, 9)},${uuids[0]}`, [rtx4090, h200]],
  ['GPU-ffffffff', []],
  [`MIG-${uuids[1]}/1/0,MIG-5f8ab5a1-7e1c-5d1c-8a8a-6d0b6d2a4a55`, [rtx4090, h200]],
])('CUDA_VISIBLE_DEVICES=%s', (list, expected) => {
  const ids = list?.split(',') ?? ['0', '1'];
  expect(visibleGpus(listed, { CUDA_VISIBLE_DEVICES: list })).toEqual(
    expected.map((gpu, i) => ({ ...gpu, id: ids[i]! })),
  );
});

/** A folder with our own nvidia-smi and a file that stands for the loaded driver. */
async function machine(script: string): Promise<{ signs: string[]; environment: NodeJS.ProcessEnv }> {
  const folder = await temporaryFolder();
  await fs.writeFile(path.join(folder, 'nvidia-smi'), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  const sign = path.join(folder, 'version');
  await fs.writeFile(sign, '');
  return { signs: [sign], environment: { PATH: `${folder}:${process.env['PATH'] ?? ''}` } };
}

test('nvidia-smi runs if there are signs of the driver', async () => {
  const found = await machine(`printf '${answer.replaceAll('\n', '\\n')}'`);
  expect(detectGpus(found)).toEqual(gpus);
  expect(detectGpus({ ...found, environment: { ...found.environment, CUDA_VISIBLE_DEVICES: '1' } })).toEqual([rtx4090]);
});

test('without signs of the driver nvidia-smi is not started', async () => {
  const { environment } = await machine(`printf '${answer.replaceAll('\n', '\\n')}'`);
  expect(detectGpus({ signs: ['/nowhere/version'], environment })).toEqual([]);
});

test('a failing nvidia-smi names no GPU', async () => {
  expect(
    detectGpus(await machine('echo "Failed to initialize NVML: Driver/library version mismatch"; exit 18')),
  ).toEqual([]);
});
