import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import {
  cachedTensorflow,
  installTensorflow,
  isNeeded,
  namedTensorflow,
  rememberTensorflow,
  runtimeFolder,
} from '../../../src/install/tensorflow.js';
import { UsageError } from '../../../src/terminal/errors.js';
import { temporaryFolder } from '../../support/runs.js';

let cache: string;
beforeEach(async () => {
  cache = await temporaryFolder();
  vi.stubEnv('EMERGENCE_CACHE_DIR', cache);
  vi.stubEnv('EMERGENCE_TENSORFLOW', '');
});
afterEach(() => {
  vi.unstubAllEnvs();
});

async function touch(...files: readonly string[]): Promise<void> {
  for (const file of files) {
    await fs.mkdir(path.dirname(file), { recursive: true });
    await fs.writeFile(file, '');
  }
}

const parts = ['libtensorflow_cc.so.2', 'libtensorflow_framework.so.2', 'include/tensorflow/c/c_api.h'];

async function tensorflowIn(folder: string, names: readonly string[] = parts): Promise<string> {
  await touch(...names.map((name) => path.join(folder, name)));
  return folder;
}

const remedy = 'name the package folder of a pip-installed TensorFlow, .../site-packages/tensorflow';

test('EMERGENCE_TENSORFLOW names one; longer versions of its libraries are next to it', async () => {
  const folder = await tensorflowIn(path.join(cache, 'site-packages', 'tensorflow'), [
    ...parts,
    'libtensorflow_cc.so.2.21.0',
  ]);
  vi.stubEnv('EMERGENCE_TENSORFLOW', folder);
  expect(namedTensorflow()).toEqual({
    folder,
    library: 'libtensorflow_cc.so.2',
    framework: 'libtensorflow_framework.so.2',
    kind: 'named',
  });
});

test("macOS's names of the same", async () => {
  const names = ['libtensorflow_cc.2.dylib', 'libtensorflow_framework.2.dylib', 'include/tensorflow/c/c_api.h'];
  const folder = await tensorflowIn(path.join(cache, 'tensorflow'), names);
  expect(namedTensorflow(folder)).toMatchObject({ library: names[0], framework: names[1] });
});

test.each([
  ['is not a folder', []],
  ['has no libtensorflow_cc and libtensorflow_framework', parts.slice(1)],
  ['has no include/tensorflow/c/c_api.h', parts.slice(0, 2)],
])('a given folder that %s', async (what, names) => {
  const folder = await tensorflowIn(path.join(cache, 'tensorflow'), names);
  vi.stubEnv('EMERGENCE_TENSORFLOW', folder);
  expect(() => namedTensorflow()).toThrow(new UsageError(`${folder} ${what}`, 'EMERGENCE_TENSORFLOW', remedy));
});

test('a file is not a folder', () => {
  expect(() => namedTensorflow(import.meta.filename)).toThrow(
    new UsageError(`${import.meta.filename} is not a folder`, '--tensorflow', remedy),
  );
});

test("setup's choice is used until forgotten; --tensorflow and the environment take precedence", async () => {
  const remembered = await tensorflowIn(path.join(cache, 'a', 'tensorflow'));
  const other = await tensorflowIn(path.join(cache, 'b', 'tensorflow'));
  const third = await tensorflowIn(path.join(cache, 'c', 'tensorflow'));
  expect(namedTensorflow()).toBeUndefined();
  await rememberTensorflow(remembered);
  expect(namedTensorflow()?.folder).toBe(remembered);
  vi.stubEnv('EMERGENCE_TENSORFLOW', other);
  expect(namedTensorflow()?.folder).toBe(other);
  expect(namedTensorflow(third)?.folder).toBe(third);
  vi.stubEnv('EMERGENCE_TENSORFLOW', '');
  await rememberTensorflow(undefined);
  expect(namedTensorflow()).toBeUndefined();
  await rememberTensorflow(undefined);
});

test.each(['', '{', '{"folder": 3}', 'null'])("setup's file with content %j", async (text) => {
  const file = path.join(cache, 'named-tensorflow.json');
  await fs.writeFile(file, text);
  expect(() => namedTensorflow()).toThrow(
    new UsageError('is damaged', file, 'name your TensorFlow again, or drop it with `npm run setup -- --forget`'),
  );
});

test('a remembered one that is gone', async () => {
  const folder = await tensorflowIn(path.join(cache, 'a', 'tensorflow'));
  await rememberTensorflow(folder);
  await fs.rm(folder, { recursive: true });
  const file = path.join(cache, 'named-tensorflow.json');
  expect(() => namedTensorflow()).toThrow(
    new UsageError(`${folder} is not a folder`, `${file}, as setup --tensorflow wrote it`, remedy),
  );
});

test('an incomplete one in the cache does not count', async () => {
  expect(cachedTensorflow('cpu')).toBeUndefined();
  await tensorflowIn(path.join(runtimeFolder('cpu'), 'tensorflow'), parts.slice(0, 2));
  expect(cachedTensorflow('cpu')).toBeUndefined();
  const folder = await tensorflowIn(path.join(runtimeFolder('cpu'), 'tensorflow'));
  expect(cachedTensorflow('cpu')).toMatchObject({ folder, kind: 'cpu' });
  expect(cachedTensorflow('cuda')).toBeUndefined();
});

// Names as in the wheels of TensorFlow 2.21 and of CUDA 12.9.
test.each([
  ['tensorflow/libtensorflow_cc.so.2', true],
  ['tensorflow/include/tensorflow/c/c_api.h', true],
  ['tensorflow/python/lib_pywrap_tensorflow_common.so', false],
  ['tensorflow/__init__.py', false],
  ['nvidia/cublas/lib/libcublas.so.12', true],
  ['nvidia/cublas/include/cublas.h', false],
  ['nvidia/cuda_nvcc/bin/ptxas', true],
  ['nvidia/cuda_nvcc/nvvm/libdevice/libdevice.10.bc', true],
  ['nvidia/__init__.py', false],
  ['tensorflow-2.21.0.dist-info/RECORD', true],
  ['nvidia_cublas_cu12-12.9.3.13.dist-info/licenses/License.txt', true],
  ['tensorflow-2.21.0.dist-info/entry_points.txt', false],
])('%s is unpacked: %s', (name, needed) => {
  expect(isNeeded(name)).toBe(needed);
});

test('without a compiler nothing is downloaded: the compiler is checked before pip', async () => {
  vi.stubEnv('CXX', '/nonexistent/g++');
  vi.stubEnv('PATH', '');
  await expect(installTensorflow(false, () => undefined)).rejects.toThrow(
    "a C++ compiler is needed to build the binding: $CXX names one that can't be run: /nonexistent/g++; set CXX to one",
  );
  expect(await fs.readdir(cache, { recursive: true })).toEqual(['runtime']);
});
