/** tfjs-node-gpu's own binding sources, compiled against a TensorFlow of our choice. */
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import * as path from 'node:path';
import { RunError } from '../../terminal/errors.js';
import type { Progress } from './cache.js';

const require = createRequire(import.meta.url);
const packageFolder = (name: string) => path.dirname(require.resolve(`${name}/package.json`));

/** C++ compiler: $CXX, c++, g++ or clang++, or undefined. */
export function findCompiler(environment: NodeJS.ProcessEnv = process.env): string | undefined {
  const own = environment['CXX'];
  const names = own === undefined || own === '' ? ['c++', 'g++', 'clang++'] : [own];
  return names.find((name) => spawnSync(name, ['--version'], { stdio: 'ignore', env: environment }).status === 0);
}

/** Hash of everything that decides the compiled binding besides TensorFlow: its sources, and the N-API of this Node. */
export function bindingFingerprint(): string {
  const folder = path.join(packageFolder('@tensorflow/tfjs-node-gpu'), 'binding');
  const hash = createHash('sha256').update(`${process.platform} ${process.arch} ${process.versions.modules}`);
  for (const name of readdirSync(folder).sort()) hash.update(name).update(readFileSync(path.join(folder, name)));
  return hash.digest('hex').slice(0, 12);
}

export interface TensorflowFiles {
  /** Folder of the two libraries. */
  readonly folder: string;
  readonly framework: string;
  readonly library: string;
}

/**
 * Compiles into `output`. The binding finds TensorFlow by its run path, so no environment variable is needed to load it.
 *
 * @throws RunError without a compiler, or with the compiler's first error
 */
export async function compileBinding(
  { folder, framework, library }: TensorflowFiles,
  output: string,
  progress: Progress,
): Promise<void> {
  const compiler = findCompiler();
  if (compiler === undefined) {
    throw new RunError(
      'a C++ compiler is needed once, to build the binding, and none was found',
      undefined,
      'install one (Debian, Ubuntu: apt install g++; Fedora: dnf install gcc-c++; macOS: xcode-select --install)',
    );
  }
  const sources = path.join(packageFolder('@tensorflow/tfjs-node-gpu'), 'binding');
  const nodeHeaders = path.join(packageFolder('node-api-headers'), 'include');
  progress(`compiling the binding with ${compiler}`);
  const words = [
    ...['-O2', '-std=c++17', '-fPIC', '-shared', '-w', '-DNAPI_VERSION=8', '-DNODE_GYP_MODULE_NAME=tfjs_binding'],
    ...[sources, path.dirname(sources), nodeHeaders, path.join(folder, 'include')].map((include) => `-I${include}`),
    ...['tfjs_backend.cc', 'tfjs_binding.cc'].map((name) => path.join(sources, name)),
    ...[path.join(folder, library), path.join(folder, framework), `-Wl,-rpath,${folder}`],
    // On macOS a bundle's missing symbols, Node's own, must be allowed; elsewhere they are.
    ...(process.platform === 'darwin' ? ['-undefined', 'dynamic_lookup'] : []),
    ...['-o', output],
  ];
  const { code, said } = await runCompiler(compiler, words, progress);
  if (code === 0) return;
  const first = said.split('\n').find((line) => /error/i.test(line)) ?? said.split('\n')[0] ?? '';
  throw new RunError(
    `the binding could not be compiled: ${first.trim()}`,
    compiler,
    'a compiler that knows C++17 is needed; $CXX names another',
  );
}

function runCompiler(
  compiler: string,
  words: string[],
  progress: Progress,
): Promise<{ code: number | null; said: string }> {
  return new Promise((resolve, reject) => {
    const started = performance.now();
    const process = spawn(compiler, words, { stdio: ['ignore', 'ignore', 'pipe'] });
    let said = '';
    process.stderr.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(0, 20_000);
    });
    const alive = setInterval(() => {
      progress(`still compiling (${Math.round((performance.now() - started) / 1000)} s)`);
    }, 5000);
    process.on('error', reject);
    process.on('close', (code) => {
      clearInterval(alive);
      resolve({ code, said });
    });
  });
}
