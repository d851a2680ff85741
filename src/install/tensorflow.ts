/** A TensorFlow on this machine: in the cache, or named by the user. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import * as z from 'zod';
import { makeFolders } from '../machine/files.js';
import { cacheFolder } from '../machine/folders.js';
import { RunError, UsageError } from '../terminal/errors.js';
import { cacheError, publishFolder, writeCacheFile, type ReportLine } from './cache.js';
import { usableCompiler, type TensorflowFiles } from './compile.js';
import { linkCusolver } from './cuda.js';
import { downloadWheel } from './pip.js';
import { DamagedWheelError, readFromWheel, unpackWheel } from './unpack.js';
import {
  cudaRequirements,
  linuxLibrary,
  tensorflowVersion,
  tensorflowWheel,
  type RuntimeKind,
  type WheelSource,
} from './wheels.js';
import { commandLine } from '../machine/installation.js';

export interface Tensorflow extends TensorflowFiles {
  /** `named`: the user's own; whether it has CUDA is not known before it runs. */
  readonly kind: RuntimeKind | 'named';
}

const variable = 'EMERGENCE_TENSORFLOW';

/** Where `setup --tensorflow` records which TensorFlow to use. */
const rememberedFile = () => path.join(cacheFolder(), 'named-tensorflow.json');

/** Uses the TensorFlow in `folder` from now on; undefined forgets it. Throws UsageError if there is none, RunError. */
export async function rememberTensorflow(folder: string | undefined): Promise<void> {
  if (folder === undefined) {
    await fs.rm(rememberedFile(), { force: true }).catch((error: unknown) => {
      throw cacheError(error, rememberedFile());
    });
    return;
  }
  const absolute = path.resolve(folder);
  describeTensorflow(absolute, '--tensorflow');
  await writeCacheFile(rememberedFile(), JSON.stringify({ folder: absolute }));
}

/**
 * The user's own TensorFlow: `given` (by --tensorflow), or named by the environment, or recorded by setup; undefined if none is named.
 * Throws UsageError if the named folder is not a TensorFlow.
 */
export function namedTensorflow(given?: string): Tensorflow | undefined {
  if (given !== undefined) return describeTensorflow(path.resolve(given), '--tensorflow');
  const own = process.env[variable];
  if (own !== undefined && own !== '') return describeTensorflow(path.resolve(own), variable);
  const file = rememberedFile();
  return existsSync(file)
    ? describeTensorflow(readRemembered(file), `${file}, as setup --tensorflow wrote it`)
    : undefined;
}

function readRemembered(file: string): string {
  try {
    return z.object({ folder: z.string() }).parse(JSON.parse(readFileSync(file, 'utf8'))).folder;
  } catch {
    throw new UsageError(
      'is damaged',
      file,
      `name your TensorFlow again, or drop it with \`${commandLine('setup --forget')}\``,
    );
  }
}

function describeTensorflow(folder: string, where: string): Tensorflow {
  const found = lookAt(folder);
  if (typeof found !== 'string') return { ...found, kind: 'named' };
  const remedy = 'name the package folder of a pip-installed TensorFlow, .../site-packages/tensorflow';
  throw new UsageError(`${folder} ${found}`, where, remedy);
}

/** Also false if a part of the path is a file. */
function isFolder(folder: string): boolean {
  try {
    return statSync(folder).isDirectory();
  } catch {
    return false;
  }
}

/** The files to compile against, or what is missing. */
function lookAt(folder: string): TensorflowFiles | string {
  if (!isFolder(folder)) return 'is not a folder';
  const names = readdirSync(folder);
  const [library, framework] = ['libtensorflow_cc', 'libtensorflow_framework'].map((stem) =>
    names.find((name) => isLibrary(name, stem)),
  );
  if (library === undefined || framework === undefined) return 'has no libtensorflow_cc and libtensorflow_framework';
  if (!existsSync(path.join(folder, 'include', 'tensorflow', 'c', 'c_api.h')))
    return 'has no include/tensorflow/c/c_api.h';
  return { folder, library, framework };
}

/** `libtensorflow_cc.so.2` on Linux, `libtensorflow_cc.2.dylib` on macOS; not a longer version's name beside it. */
const isLibrary = (name: string, stem: string) => new RegExp(`^${stem}\\.(so\\.\\d+|\\d+\\.dylib)$`).test(name);

/** Cache folder of the TensorFlow of this kind. */
export function runtimeFolder(kind: RuntimeKind): string {
  return path.join(
    cacheFolder(),
    'runtime',
    `tensorflow-${tensorflowVersion}-${kind}-${process.platform}-${process.arch}`,
  );
}

/** The cached TensorFlow of this kind, or undefined if it is missing or incomplete. */
export function cachedTensorflow(kind: RuntimeKind): Tensorflow | undefined {
  const found = lookAt(path.join(runtimeFolder(kind), 'tensorflow'));
  return typeof found === 'string' ? undefined : { ...found, kind };
}

/** @throws UsageError if TensorFlow has no wheel for this machine */
export function wheelOfThisMachine(wantsGpu: boolean): WheelSource {
  const { platform, arch } = process;
  return tensorflowWheel(platform, arch, wantsGpu, platform === 'linux' ? linuxLibrary() : undefined);
}

/** Fetches TensorFlow, with CUDA's libraries if `wantsGpu`, unless cached. Throws UsageError, and RunError, also without a compiler. */
export async function installTensorflow(
  wantsGpu: boolean,
  progress: ReportLine,
  signal?: AbortSignal,
): Promise<Tensorflow> {
  const source = wheelOfThisMachine(wantsGpu);
  const target = runtimeFolder(source.kind);
  const downloads = path.join(cacheFolder(), 'downloads', path.basename(target));
  await publishFolder({
    target,
    progress,
    signal,
    isWhole: () => Promise.resolve(cachedTensorflow(source.kind) !== undefined),
    make: async (folder) => {
      // The binding is compiled last; check now, before downloading 274 MB for nothing.
      usableCompiler();
      await makeFolders(downloads);
      for (const wheel of await downloadAll(source, downloads, { progress, signal })) {
        progress(`unpacking and checking ${path.basename(wheel)}`);
        await anewIfDamaged(wheel, () => unpackWheel(wheel, folder, isNeeded, signal));
      }
      const found = lookAt(path.join(folder, 'tensorflow'));
      if (typeof found === 'string') throw new RunError(`the wheel ${found}`, source.requirement);
      await linkCusolver(folder);
      // While the lock is still held: a second process may be about to start.
      await fs.rm(downloads, { recursive: true, force: true });
    },
  });
  const cached = cachedTensorflow(source.kind);
  if (cached === undefined) throw new RunError('was removed meanwhile', target, 'run the command again');
  return cached;
}

/** TensorFlow's wheel, then the CUDA wheels it requires. */
async function downloadAll(
  source: WheelSource,
  downloads: string,
  { progress, signal }: { readonly progress: ReportLine; readonly signal: AbortSignal | undefined },
): Promise<string[]> {
  const wheel = await downloadWheel(source, downloads, progress, signal);
  if (source.kind === 'cpu') return [wheel];
  const metadata = await anewIfDamaged(wheel, () => readFromWheel(wheel, '.dist-info/METADATA'));
  const cuda: string[] = [];
  for (const requirement of cudaRequirements(metadata ?? ''))
    cuda.push(await downloadWheel({ ...source, requirement }, downloads, progress, signal));
  return [wheel, ...cuda];
}

/** Deletes a damaged wheel so that the next attempt fetches it again. */
async function anewIfDamaged<T>(wheel: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof DamagedWheelError) await fs.rm(wheel, { force: true });
    throw error;
  }
}

/** The C library, its headers, CUDA's libraries in the layout of NVIDIA's wheels, and their metadata. */
export function isNeeded(name: string): boolean {
  return (
    /^tensorflow\/(libtensorflow_[^/]*|include\/.*)$/.test(name) ||
    /^nvidia\/[^/]+\/(lib|bin|nvvm)\/.*/.test(name) ||
    /^[^/]*\.dist-info\/(RECORD|METADATA|(.*\/)?[^/]*LICEN[CS]E[^/]*)$/i.test(name)
  );
}
