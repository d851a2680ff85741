/** TensorFlow's files in the cache, damaged after unpacking: the file is named, not the compiler that trips over it. */
import { createHash } from 'node:crypto';
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { ensureBinding } from '../../../src/install/binding.js';
import { findDamage } from '../../../src/install/integrity.js';
import { cachedTensorflow, runtimeFolder, type Tensorflow } from '../../../src/install/tensorflow.js';
import { temporaryFolder } from '../../support/runs.js';

const contents: Readonly<Record<string, string>> = {
  'tensorflow/libtensorflow_cc.so.2': 'the whole of TensorFlow',
  'tensorflow/libtensorflow_framework.so.2': 'what it stands on',
  'tensorflow/include/tensorflow/c/c_api.h': '// the C API',
};
const library = 'tensorflow/libtensorflow_cc.so.2';

let root: string;
let tensorflow: Tensorflow;
beforeEach(async () => {
  const cache = await temporaryFolder();
  vi.stubEnv('EMERGENCE_CACHE_DIR', cache);
  root = runtimeFolder('cpu');
  for (const [name, text] of Object.entries(contents)) {
    await fs.mkdir(path.dirname(path.join(root, name)), { recursive: true });
    await fs.writeFile(path.join(root, name), text);
  }
  const hash = (text: string) => createHash('sha256').update(text).digest('base64url');
  // The wheel has files that are not unpacked, and its RECORD has no line for itself.
  const lines = Object.entries({ ...contents, 'tensorflow/python/all.py': 'pass' }).map(
    ([name, text]) => `${name},sha256=${hash(text)},${text.length}`,
  );
  await fs.mkdir(path.join(root, 'tensorflow_cpu-2.21.0.dist-info'));
  await fs.writeFile(path.join(root, 'tensorflow_cpu-2.21.0.dist-info', 'RECORD'), lines.join('\n'));
  tensorflow = cachedTensorflow('cpu')!;
  // A compiler that starts and then fails, as any does on a truncated library.
  const compiler = path.join(cache, 'c++');
  await fs.writeFile(
    compiler,
    '#!/bin/sh\n[ "$1" = --version ] && exit\ncase " $* " in *" -S "*) echo main; exit;; esac\n' +
      'echo "ld: error: file not recognized" >&2\nexit 1\n',
    {
      mode: 0o755,
    },
  );
  vi.stubEnv('CXX', compiler);
});
afterEach(() => {
  vi.unstubAllEnvs();
});

/** The user's message, and how far it got. */
async function install(): Promise<{ message: string; said: string[] }> {
  const said: string[] = [];
  const error: unknown = await ensureBinding(tensorflow, (line) => said.push(line)).catch((reason: unknown) => reason);
  return { message: (error as Error).message.replaceAll(root, 'ROOT'), said };
}

const remedy = '`rm -r ROOT` and `npm run setup`';

test('a truncated library is named before anything is compiled', async () => {
  await fs.writeFile(path.join(root, library), contents[library]!.slice(0, 9));
  const message = `ROOT/${library}: is damaged (it has 9 of 23 bytes); ${remedy}`;
  expect(await install()).toEqual({ message, said: [] });
});

test.each([library, 'tensorflow/include/tensorflow/c/c_api.h'])(
  '%s with a changed byte is named if the compiler fails',
  async (name) => {
    await fs.writeFile(path.join(root, name), contents[name]!.replace('the', 'thE'));
    const { message, said } = await install();
    expect(message).toBe(`ROOT/${name}: is damaged; ${remedy}`);
    expect(said).toHaveLength(1);
  },
);

test('if all files are whole, the compiler is to blame', async () => {
  const { message } = await install();
  expect(message).toMatch(/: the binding could not be compiled: ld: error: file not recognized; /);
});

test("a user's own TensorFlow is not checked", async () => {
  await fs.writeFile(path.join(root, library), '');
  expect(await findDamage({ ...tensorflow, kind: 'named' }, 'everything')).toBeUndefined();
});
