import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { linkCusolver, missingCudaLibraries } from '../../../src/install/cuda.js';

let root = '';
beforeEach(() => {
  root = fs.mkdtempSync(path.join(os.tmpdir(), 'emergence-cuda-'));
  fs.mkdirSync(path.join(root, 'made', 'tensorflow'), { recursive: true });
});
afterEach(() => {
  fs.rmSync(root, { recursive: true });
});

/** As laid out in NVIDIA's wheels. */
function addLibrary(wheel: string, name: string): void {
  const folder = path.join(root, 'made', 'nvidia', wheel, 'lib');
  fs.mkdirSync(folder, { recursive: true });
  fs.writeFileSync(path.join(folder, name), name);
}

function addCuda(): void {
  addLibrary('cusolver', 'libcusolver.so.11');
  addLibrary('cublas', 'libcublas.so.12');
}

test('cusolver is also in the folder of cublas, and still is after the whole is renamed', async () => {
  addCuda();
  await linkCusolver(path.join(root, 'made'));
  fs.renameSync(path.join(root, 'made'), path.join(root, 'published'));
  const link = path.join(root, 'published', 'nvidia', 'cublas', 'lib', 'libcusolver.so.11');
  expect(fs.readFileSync(link, 'utf8')).toBe('libcusolver.so.11');
  // Its own run path, $ORIGIN/../../cublas/lib, leads to the same place from the link's folder as from its own.
  expect(fs.existsSync(path.join(path.dirname(link), '../../cublas/lib/libcublas.so.12'))).toBe(true);
});

test('linking a second time changes nothing', async () => {
  addCuda();
  await linkCusolver(path.join(root, 'made'));
  await linkCusolver(path.join(root, 'made'));
  const names = fs.readdirSync(path.join(root, 'made', 'nvidia', 'cublas', 'lib'));
  expect(names).toEqual(['libcublas.so.12', 'libcusolver.so.11']);
});

test('without CUDA there is nothing to link', async () => {
  await linkCusolver(path.join(root, 'made'));
  expect(fs.readdirSync(path.join(root, 'made'))).toEqual(['tensorflow']);
});

test('a library beside TensorFlow or on LD_LIBRARY_PATH is not missing', () => {
  addCuda();
  const own = path.join(root, 'own');
  fs.mkdirSync(own);
  fs.writeFileSync(path.join(own, 'libcufft.so.11'), '');
  const found = ['libcublas.so.12', 'libcusolver.so.11', 'libcufft.so.11'];
  const missing = missingCudaLibraries(path.join(root, 'made', 'tensorflow'), { LD_LIBRARY_PATH: `:${own}` });
  expect(missing.filter((name) => found.includes(name))).toEqual([]);
  // Without that folder it is missing (unless this machine has CUDA itself).
  const without = missingCudaLibraries(path.join(root, 'made', 'tensorflow'), {});
  const ofMachine = missingCudaLibraries(path.join(root, 'nowhere', 'tensorflow'), {});
  expect(without.includes('libcufft.so.11')).toBe(ofMachine.includes('libcufft.so.11'));
});
