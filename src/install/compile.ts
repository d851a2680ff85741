/** tfjs-node-gpu's own binding sources, compiled against a TensorFlow of our choice. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import * as path from 'node:path';
import { present } from '../machine/present.js';
import { RunError } from '../terminal/errors.js';
import { diskIsFull, type ReportLine } from './cache.js';
import { spawnGroup } from './child.js';
import { packageFolder } from '../machine/installation.js';

const compilerRemedy =
  'install one (Debian, Ubuntu: `apt install g++`; Fedora: `dnf install gcc-c++`; macOS: `xcode-select --install`), or name one with $CXX';

/**
 * The command that starts the C++ compiler, in words: $CXX (which may be `ccache g++`, and have quoted words), or c++, g++ or clang++;
 * undefined without one.
 */
export function findCompiler(environment: NodeJS.ProcessEnv = process.env): readonly string[] | undefined {
  const named = (environment['CXX'] ?? '').trim();
  const candidates = named === '' ? usualCompilers : [[named], wordsOf(named)]; // a path may have spaces
  return candidates.find((words) => answers(words, environment));
}

/** Splits like a shell: at spaces outside quotes. */
function wordsOf(text: string): string[] {
  const quoted = /"([^"]*)"|'([^']*)'/g;
  return (text.match(/(?:"[^"]*"|'[^']*'|\S)+/g) ?? []).map((word) => word.replaceAll(quoted, '$1$2'));
}

const usualCompilers = [['c++'], ['g++'], ['clang++']] as const;

function answers([command, ...words]: readonly string[], environment: NodeJS.ProcessEnv): boolean {
  return spawnSync(present(command), [...words, '--version'], { stdio: 'ignore', env: environment }).status === 0;
}

export interface MissingCompiler {
  readonly what: string;
  readonly remedy: string;
}

/** Why `findCompiler` found none: if $CXX is set, that is the reason. */
export function missingCompiler(environment: NodeJS.ProcessEnv = process.env): MissingCompiler {
  const named = (environment['CXX'] ?? '').trim();
  if (named === '') return { what: 'none found', remedy: compilerRemedy };
  const other = usualCompilers.find((words) => answers(words, environment));
  return {
    what: `$CXX names one that can't be run: ${named}`,
    remedy:
      other === undefined
        ? `set CXX to one that works, or unset it and ${compilerRemedy}`
        : `unset CXX to use ${other[0]}, or set it to a compiler that can be run`,
  };
}

/** Needs C++17 of both language and library; compiled to assembly only. */
const trial = '#include <string_view>\nint main() { return static_cast<int>(std::string_view("").size()); }\n';

/** Why a compiler does not work, from a trial that takes a tenth of a second; undefined if it does. */
export function failureOf(
  [command, ...words]: readonly string[],
  environment: NodeJS.ProcessEnv = process.env,
): string | undefined {
  const { status, stdout, stderr } = spawnSync(
    present(command),
    [...words, '-std=c++17', '-x', 'c++', '-', '-S', '-o', '-'],
    { input: trial, encoding: 'utf8', timeout: 60_000, env: { ...environment, LC_ALL: 'C' } },
  );
  if (status === 0 && stdout.includes('main')) return undefined;
  const why = status === 0 ? 'it ends without an error or a result' : firstError(stderr);
  return `does not compile C++17: ${why === '' ? 'it fails without a message' : why}`;
}

export const otherCompiler = 'a compiler that supports C++17 is needed; choose one with $CXX';

/**
 * A compiler that works. Checked before anything is downloaded for it.
 *
 * @throws RunError if there is none, or with its first error
 */
export function usableCompiler(environment: NodeJS.ProcessEnv = process.env): readonly string[] {
  const compiler = findCompiler(environment);
  if (compiler === undefined) {
    const { what, remedy } = missingCompiler(environment);
    throw new RunError(`a C++ compiler is needed to build the binding: ${what}`, undefined, remedy);
  }
  const failure = failureOf(compiler, environment);
  if (failure !== undefined) throw new RunError(failure, compiler.join(' '), otherCompiler);
  return compiler;
}

function firstError(said: string): string {
  const lines = said.split('\n').map((line) => line.trim());
  return lines.find((line) => /error/i.test(line)) ?? lines[0] ?? '';
}

/** Hash of everything that decides the compiled binding besides TensorFlow: its sources, and the N-API of this Node. */
export function bindingFingerprint(): string {
  const folder = path.join(packageFolder('@tensorflow/tfjs-node-gpu'), 'binding');
  const hash = createHash('sha256').update(`${process.platform} ${process.arch} ${process.versions.modules}`);
  for (const name of readdirSync(folder).sort()) hash.update(name).update(readFileSync(path.join(folder, name)));
  return hash.digest('hex').slice(0, 12);
}

export interface TensorflowFiles {
  /** Folder with the two libraries. */
  readonly folder: string;
  readonly framework: string;
  readonly library: string;
}

/**
 * Compiles to `output`. The binding finds TensorFlow through its run path, so no environment variable is needed to load it.
 *
 * @throws RunError without a compiler, or with the compiler's first error
 */
export async function compileBinding(
  { folder, framework, library }: TensorflowFiles,
  output: string,
  progress: ReportLine,
  signal?: AbortSignal,
): Promise<void> {
  const compiler = usableCompiler();
  const sources = path.join(packageFolder('@tensorflow/tfjs-node-gpu'), 'binding');
  const nodeHeaders = path.join(packageFolder('node-api-headers'), 'include');
  progress(`compiling the binding with ${compiler.join(' ')}`);
  const words = [
    ...['-O2', '-std=c++17', '-fPIC', '-shared', '-w', '-DNAPI_VERSION=8', '-DNODE_GYP_MODULE_NAME=tfjs_binding'],
    ...[sources, path.dirname(sources), nodeHeaders, path.join(folder, 'include')].map((include) => `-I${include}`),
    ...['tfjs_backend.cc', 'tfjs_binding.cc'].map((name) => path.join(sources, name)),
    // Not -Wl,-rpath,FOLDER: there a comma in the folder's name would end it.
    ...[path.join(folder, library), path.join(folder, framework), '-Xlinker', '-rpath', '-Xlinker', folder],
    // On macOS a bundle's missing symbols, Node's own, must be allowed; elsewhere they are.
    ...(process.platform === 'darwin' ? ['-undefined', 'dynamic_lookup'] : []),
    ...['-o', output],
  ];
  const { code, said } = await runCompiler([...compiler, ...words], progress, signal);
  signal?.throwIfAborted();
  if (code === 0) return;
  if (said.includes('No space left on device')) throw diskIsFull(output);
  throw new RunError(`the binding could not be compiled: ${firstError(said)}`, compiler.join(' '), otherCompiler);
}

function runCompiler(
  command: readonly string[],
  progress: ReportLine,
  signal: AbortSignal | undefined,
): Promise<{ code: number | null; said: string }> {
  return new Promise((resolve, reject) => {
    const started = performance.now();
    // In English, since we search for its first error.
    const environment = { ...process.env, LC_ALL: 'C' };
    const compiler = spawnGroup(command, { stdio: ['ignore', 'ignore', 'pipe'], env: environment }, signal);
    let said = '';
    present(compiler.stderr ?? undefined)
      .setEncoding('utf8')
      .on('data', (text: string) => {
        said = (said + text).slice(0, 20_000);
      });
    const alive = setInterval(() => {
      progress(`still compiling (${Math.round((performance.now() - started) / 1000)} s)`);
    }, 5000);
    compiler.on('error', (error) => {
      clearInterval(alive);
      reject(error);
    });
    compiler.on('close', (code) => {
      clearInterval(alive);
      resolve({ code, said });
    });
  });
}
