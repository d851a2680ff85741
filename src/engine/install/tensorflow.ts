/** A TensorFlow on this machine: fetched into the cache, or one that the user names. */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { UsageError } from '../../terminal/errors.js';
import { cacheFolder, exists, publishFolder, type Progress } from './cache.js';
import type { TensorflowFiles } from './compile.js';
import { downloadWheel } from './pip.js';
import { readFromWheel, unpackWheel } from './unpack.js';
import { cudaRequirements, tensorflowVersion, tensorflowWheel, type RuntimeKind, type WheelSource } from './wheels.js';

export interface Tensorflow extends TensorflowFiles {
  /** `named`: the user's own; whether it has CUDA is not known before it runs. */
  readonly kind: RuntimeKind | 'named';
}

const variable = 'EMERGENCE_TENSORFLOW';

/** Where `setup --tensorflow` writes down which TensorFlow to use. */
const rememberedFile = () => path.join(cacheFolder(), 'named-tensorflow.json');

/** Uses the TensorFlow in `folder` from now on; undefined forgets it. Throws UsageError where there is none. */
export async function rememberTensorflow(folder: string | undefined): Promise<void> {
  if (folder === undefined) return fs.rm(rememberedFile(), { force: true });
  describeTensorflow(path.resolve(folder), '--tensorflow');
  await fs.mkdir(cacheFolder(), { recursive: true });
  await fs.writeFile(rememberedFile(), JSON.stringify({ folder: path.resolve(folder) }));
}

/** The user's own TensorFlow, or undefined where none is named. Throws UsageError where the named folder is none. */
export function namedTensorflow(): Tensorflow | undefined {
  const own = process.env[variable];
  if (own !== undefined && own !== '') return describeTensorflow(path.resolve(own), variable);
  if (!existsSync(rememberedFile())) return undefined;
  const { folder } = JSON.parse(readFileSync(rememberedFile(), 'utf8')) as { folder: string };
  return describeTensorflow(folder, '--tensorflow, as setup wrote it down');
}

function describeTensorflow(folder: string, where: string): Tensorflow {
  const remedy = 'name the package folder of a pip-installed TensorFlow, .../site-packages/tensorflow';
  const names = existsSync(folder) ? readdirSync(folder) : [];
  const [library, framework] = ['libtensorflow_cc', 'libtensorflow_framework'].map((stem) =>
    names.find((name) => isLibrary(name, stem)),
  );
  if (library === undefined || framework === undefined)
    throw new UsageError(`${folder} has no libtensorflow_cc and libtensorflow_framework`, where, remedy);
  if (!existsSync(path.join(folder, 'include', 'tensorflow', 'c', 'c_api.h')))
    throw new UsageError(`${folder} has no include/tensorflow/c/c_api.h`, where, remedy);
  return { folder, library, framework, kind: 'named' };
}

/** `libtensorflow_cc.so.2` on Linux, `libtensorflow_cc.2.dylib` on macOS; not a longer version's name beside it. */
const isLibrary = (name: string, stem: string) => new RegExp(`^${stem}\\.(so\\.\\d+|\\d+\\.dylib)$`).test(name);

/** Folder in the cache of the TensorFlow of this kind. */
export function runtimeFolder(kind: RuntimeKind): string {
  return path.join(
    cacheFolder(),
    'runtime',
    `tensorflow-${tensorflowVersion}-${kind}-${process.platform}-${process.arch}`,
  );
}

/** The TensorFlow of this kind in the cache, or undefined. */
export async function cachedTensorflow(kind: RuntimeKind): Promise<Tensorflow | undefined> {
  return (await exists(runtimeFolder(kind))) ? inCache(kind) : undefined;
}

function inCache(kind: RuntimeKind): Tensorflow {
  return { ...describeTensorflow(path.join(runtimeFolder(kind), 'tensorflow'), runtimeFolder(kind)), kind };
}

/** Fetches TensorFlow, with CUDA's libraries where `wantsGpu`, unless it is there. Throws UsageError, RunError. */
export async function installTensorflow(wantsGpu: boolean, progress: Progress): Promise<Tensorflow> {
  const source = tensorflowWheel(process.platform, process.arch, wantsGpu);
  const downloads = path.join(cacheFolder(), 'downloads', path.basename(runtimeFolder(source.kind)));
  await publishFolder(runtimeFolder(source.kind), progress, async (folder) => {
    await fs.mkdir(downloads, { recursive: true });
    for (const wheel of await downloadAll(source, downloads, progress)) {
      progress(`unpacking and checking ${path.basename(wheel)}`);
      await unpackWheel(wheel, folder, isNeeded);
    }
  });
  await fs.rm(downloads, { recursive: true, force: true });
  return inCache(source.kind);
}

/** TensorFlow's wheel, then those of CUDA that it names itself. */
async function downloadAll(source: WheelSource, downloads: string, progress: Progress): Promise<string[]> {
  const wheel = await downloadWheel(source, downloads, progress);
  if (source.kind === 'cpu') return [wheel];
  const metadata = (await readFromWheel(wheel, '.dist-info/METADATA')) ?? '';
  const cuda: string[] = [];
  for (const requirement of cudaRequirements(metadata))
    cuda.push(await downloadWheel({ ...source, requirement }, downloads, progress));
  return [wheel, ...cuda];
}

/** The C library, its headers, CUDA's libraries where NVIDIA's wheels put them, and what says what they are. */
function isNeeded(name: string): boolean {
  return (
    /^tensorflow\/(libtensorflow_[^/]*|include\/.*)$/.test(name) ||
    /^nvidia\/.*\/(lib|bin|nvvm)\/.*/.test(name) ||
    /^[^/]*\.dist-info\/(RECORD|METADATA|[^/]*LICEN[CS]E[^/]*)$/.test(name)
  );
}

/** Identity of a TensorFlow for what is compiled against it: its place, and the size and time of its library. */
export async function identityOf({ folder, library }: Tensorflow): Promise<string> {
  const { size, mtimeMs } = await fs.stat(path.join(folder, library));
  return createHash('sha256')
    .update(JSON.stringify([folder, size, mtimeMs]))
    .digest('hex')
    .slice(0, 12);
}
