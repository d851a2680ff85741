import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { cacheFile } from '../../../src/datasets/files/cache.js';
import { runtimeFolder } from '../../../src/install/tensorflow.js';
import { cachedRemovals } from '../../../src/machine/cached.js';
import { freedBy, removeAll } from '../../../src/machine/removal.js';
import { lockFileOf, tryLock } from '../../../src/machine/lock.js';
import { temporaryFolder } from '../../support/runs.js';
import { duBytes, treeOf, writeLeftover } from '../../support/trees.js';

let cache = '';
beforeEach(async () => {
  cache = await temporaryFolder();
  vi.stubEnv('EMERGENCE_CACHE_DIR', cache);
});
afterEach(() => {
  vi.unstubAllEnvs();
});

async function write(file: string, bytes = 1000): Promise<void> {
  await fs.mkdir(path.dirname(file), { recursive: true });
  await fs.writeFile(file, Buffer.alloc(bytes, 1));
}

test("removes the lab's own files, by name; settings and other files stay", async () => {
  await write(path.join(runtimeFolder('cpu'), 'tensorflow', 'libtensorflow_cc.so.2'), 100_000);
  await write(path.join(`${runtimeFolder('cuda')}.${'0'.repeat(8)}-0000-4000-8000-${'0'.repeat(12)}.tmp`, 'half'));
  await write(path.join(cache, 'downloads', path.basename(runtimeFolder('cpu')), 'a.whl'), 50_000);
  await write(path.join(cache, 'binding', 'aaaaaaaaaaaa-bbbbbbbbbbbb', 'tfjs_binding.node'));
  await write(cacheFile({ name: 'mnist' }));
  await writeLeftover(path.join(cache, 'datasets'), 'x.bin');
  const kept = ['named-tensorflow.json', 'notes.txt', 'runtime/mine', 'binding/README', 'datasets/my.bin'];
  for (const name of kept) await write(path.join(cache, name));
  await fs.symlink('/usr', path.join(cache, 'runtime', 'tensorflow-own'));

  const before = duBytes(cache);
  const removals = await cachedRemovals();
  expect(removals.map(({ what }) => what.split(/[,(]/)[0]!.trim())).toEqual([
    'TensorFlow',
    'interrupted downloads of TensorFlow',
    'the binding',
    'prepared datasets',
  ]);
  expect(await removeAll(removals)).toEqual({ left: [], problem: undefined });
  expect(await treeOf(cache)).toEqual(
    [...kept, 'binding', 'datasets', 'downloads', 'runtime', 'runtime/tensorflow-own'].sort(),
  );
  expect(await freedBy(removals)).toBe(before - duBytes(cache));
  expect(await cachedRemovals()).toEqual([]);
});

test('files a process is making are refused', async () => {
  const target = runtimeFolder('cpu');
  await fs.mkdir(path.dirname(target), { recursive: true });
  const lock = await tryLock(lockFileOf(target));
  await expect(cachedRemovals()).rejects.toThrow(
    `${target}: is being built by process ${process.pid}; wait until it has finished`,
  );
  if ('held' in lock) await lock.held.release();
  expect(await cachedRemovals()).toEqual([]);
});

test('a missing cache is not an error', async () => {
  expect(await cachedRemovals(path.join(cache, 'none'))).toEqual([]);
});
