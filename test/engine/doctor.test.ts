/** What doctor says about this machine's real TensorFlow, about broken caches and about a TensorFlow given by the user. */
import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { diagnose, type Finding } from '../../src/install/diagnosis.js';
import { probeBinding } from '../../src/install/probe.js';
import { cachedTensorflow, namedTensorflow, type Tensorflow } from '../../src/install/tensorflow.js';
import { ensureRuntime, runtimeEnvironment } from '../../src/install/runtime.js';
import { withoutInformation } from '../../src/install/log.js';
import { temporaryFolder } from '../support/runs.js';

afterEach(() => {
  vi.unstubAllEnvs();
});

/** As found by `train --device cpu`. */
function ownTensorflow(): Tensorflow {
  return (namedTensorflow() ?? cachedTensorflow('cpu') ?? cachedTensorflow('cuda'))!;
}

const root = path.resolve(import.meta.dirname, '../..');

function doctor(environment: NodeJS.ProcessEnv = {}): { status: number | null; findings: Finding[] } {
  const { status, stdout } = spawnSync(process.execPath, ['bin/emergence.js', 'doctor', '--json'], {
    cwd: root,
    encoding: 'utf8',
    env: { ...process.env, ...environment },
  });
  const { findings } = JSON.parse(stdout) as { findings: Finding[] };
  return { status, findings };
}

const on = (findings: readonly Finding[], subject: string) => findings.filter((each) => each.subject === subject);

test('an invalid binding gives a reason instead of a crash', async () => {
  const file = path.join(await temporaryFolder(), 'tfjs_binding.node');
  await fs.writeFile(file, 'not a library');
  expect(probeBinding(file, {})).toEqual({ failure: `${file}: file too short` });
});

test('with its information lines filtered out, TensorFlow prints nothing while loading', async () => {
  const runtime = await ensureRuntime({ device: 'cpu' });
  const script = 'const m = { exports: {} }; process.dlopen(m, process.argv[1]); process.exit()';
  const { stderr } = spawnSync(process.execPath, ['-e', script, runtime.bindingPath], {
    encoding: 'utf8',
    env: { ...process.env, ...runtimeEnvironment({ runtime, threads: 1 }) },
  });
  expect(withoutInformation(stderr)).toBe('');
});

test('doctor finds no obstacle to training on this machine', () => {
  const { status, findings } = doctor();
  expect(findings.filter((each) => each.status === 'problem')).toEqual([]);
  expect(status).toBe(0);
  expect([...new Set(findings.map(({ subject }) => subject))]).toEqual(
    expect.arrayContaining(['platform', 'node', 'runtime', 'pip', 'compiler', 'binding', 'cpu', 'gpu', 'datasets']),
  );
  expect(on(findings, 'training')).toEqual([
    { status: 'ok', subject: 'training', what: 'a step was traced, compiled and run on the CPU' },
  ]);
});

// Like a Node without the functions that tfjs-node calls: everything is installed, TensorFlow answers, but no op can run.
test('if no training step can run, doctor reports a problem with its reason and exits with code 1', async () => {
  const preload = path.join(await temporaryFolder(), 'preload.cjs');
  const nothing = '{ get: () => undefined, set: () => undefined }';
  await fs.writeFile(preload, `Object.defineProperty(require('node:util'), 'isNullOrUndefined', ${nothing});`);
  const { status, findings } = doctor({ NODE_OPTIONS: `--require ${preload}` });
  expect(status).toBe(1);
  expect(findings.filter((each) => each.status === 'problem')).toEqual([
    {
      status: 'problem',
      subject: 'training',
      what: 'the first step fails on the CPU: (0 , util_1.isNullOrUndefined) is not a function',
      remedy: expect.any(String) as string,
    },
  ]);
});

test('an empty cache is no problem where pip and a compiler are available', async () => {
  vi.stubEnv('EMERGENCE_TENSORFLOW', '');
  vi.stubEnv('EMERGENCE_CACHE_DIR', await temporaryFolder());
  const training = () => Promise.reject(new Error('there is nothing to try'));
  const findings = await diagnose({ verify: true, cores: 1, memoryBytes: 1e9, training });
  expect(on(findings, 'training')).toMatchObject([{ status: 'warning', what: 'not tried yet' }]);
  expect(on(findings, 'runtime')).toMatchObject([{ status: 'warning' }]);
  expect(on(findings, 'pip')).toMatchObject([{ status: 'ok' }]);
  expect(on(findings, 'binding')).toEqual([]);
});

test('an empty cache without pip and a compiler: one problem each, exit code 1', async () => {
  const cache = await temporaryFolder();
  const { status, findings } = doctor({ EMERGENCE_CACHE_DIR: cache, EMERGENCE_TENSORFLOW: '', PATH: '', CXX: '' });
  expect(status).toBe(1);
  expect(findings.filter((each) => each.status === 'problem').map(({ subject }) => subject)).toEqual([
    'pip',
    'compiler',
  ]);
});

test('without pip and a compiler but with everything installed: notes, exit code 0', () => {
  const { status, findings } = doctor({ PATH: '', CXX: '' });
  expect(status).toBe(0);
  expect(findings.filter((each) => each.status === 'warning').map(({ subject }) => subject)).toEqual([
    'pip',
    'compiler',
  ]);
});

test.each(['{', '{"folder": "/nowhere/tensorflow"}'])(
  "setup's file with content %j is a problem, exit code 1",
  async (note) => {
    const cache = await temporaryFolder();
    await fs.writeFile(path.join(cache, 'named-tensorflow.json'), note);
    const { status, findings } = doctor({ EMERGENCE_CACHE_DIR: cache, EMERGENCE_TENSORFLOW: '' });
    expect(status).toBe(1);
    expect(on(findings, 'runtime')).toMatchObject([
      { status: 'problem', remedy: expect.stringContaining('--forget') as string },
    ]);
  },
);

test('a file in place of the cache folder is a problem, not a crash', async () => {
  const file = path.join(await temporaryFolder(), 'cache');
  await fs.writeFile(file, '');
  vi.stubEnv('EMERGENCE_TENSORFLOW', '');
  vi.stubEnv('EMERGENCE_CACHE_DIR', file);
  const findings = await diagnose({ verify: false, cores: 1, memoryBytes: 1e9 });
  expect(on(findings, 'cache')).toMatchObject([{ status: 'problem', what: `${file} is a file` }]);
});

const header = (name: string) => `tensorflow/include/tensorflow/c/${name}`;
const headers = ['c_api.h', 'tf_status.h'].map(header);

/** A cache whose runtime has the real libraries, as links, and copies of two headers; its RECORD lists only these. */
async function smallCache(): Promise<string> {
  const cache = await temporaryFolder();
  const source = path.dirname(ownTensorflow().folder);
  const target = path.join(cache, 'runtime', path.basename(source));
  const info = (await fs.readdir(source)).find((name) => /^tensorflow.*\.dist-info$/.test(name))!;
  await fs.mkdir(path.join(target, info), { recursive: true });
  const record = (await fs.readFile(path.join(source, info, 'RECORD'), 'utf8')).split(/\r?\n/);
  const lines = record.filter((line) => headers.some((name) => line.startsWith(`${name},`)));
  await fs.writeFile(path.join(target, info, 'RECORD'), lines.join('\n'));
  for (const name of headers) await fs.cp(path.join(source, name), path.join(target, name));
  for (const name of await fs.readdir(path.join(source, 'tensorflow')))
    if (name !== 'include')
      await fs.symlink(path.join(source, 'tensorflow', name), path.join(target, 'tensorflow', name));
  return cache;
}

// A user's own TensorFlow has no RECORD known to us.
test.skipIf(namedTensorflow() !== undefined)('--verify finds a flipped byte and a missing file', async () => {
  vi.stubEnv('EMERGENCE_CACHE_DIR', await smallCache());
  const [first, second] = headers.map((name) => path.join(ownTensorflow().folder, '..', name)) as [string, string];
  const integrity = async () => on(await diagnose({ verify: true, cores: 1, memoryBytes: 1e9 }), 'integrity');
  expect(await integrity()).toEqual([{ status: 'ok', subject: 'integrity', what: '2 files match their wheels' }]);

  const bytes = await fs.readFile(first);
  bytes[100]! ^= 1;
  await fs.writeFile(first, bytes);
  expect(await integrity()).toMatchObject([{ status: 'problem', what: `${first} is damaged` }]);

  bytes[100]! ^= 1;
  await fs.writeFile(first, bytes);
  await fs.appendFile(first, '//');
  const size = bytes.length;
  const what = `${first} is damaged (it has ${size + 2} of ${size} bytes)`;
  expect(await integrity()).toMatchObject([{ status: 'problem', what }]);

  await fs.writeFile(first, bytes);
  await fs.rm(second);
  expect(await integrity()).toMatchObject([{ status: 'problem', what: `${second} is missing` }]);
});

test('a TensorFlow given as a link is compiled against and used; nothing is rebuilt the second time', async () => {
  const cache = await temporaryFolder();
  const { folder } = ownTensorflow();
  const link = path.join(cache, 'tensorflow');
  await fs.symlink(folder, link);
  vi.stubEnv('EMERGENCE_CACHE_DIR', cache);
  vi.stubEnv('EMERGENCE_TENSORFLOW', link);
  const said: string[] = [];
  const runtime = await ensureRuntime({ device: 'cpu', onProgress: (line) => said.push(line) });
  expect(runtime.folder).toBe(link);
  expect(said[0]).toMatch(/^compiling the binding with /);
  expect(runtime.bindingPath.startsWith(path.join(cache, 'binding'))).toBe(true);
  const again: string[] = [];
  expect(await ensureRuntime({ device: 'cpu', onProgress: (line) => again.push(line) })).toEqual(runtime);
  expect(again).toEqual([]);
});
