/** Checks which of the things training needs are on this machine. Read-only: nothing is fetched, built or changed. */
import { existsSync, statSync } from 'node:fs';
import * as fs from 'node:fs/promises';
import * as os from 'node:os';
import * as path from 'node:path';
import { cacheFolder } from '../machine/folders.js';
import { commandLine, guide, packageJson } from '../machine/installation.js';
import { messageOf } from '../terminal/errors.js';
import { builtBinding } from './binding.js';
import { failureOf, findCompiler, missingCompiler, otherCompiler } from './compile.js';
import { missingCudaLibraries } from './cuda.js';
import { detectGpus, driverIsLoaded, type Gpu } from './gpu.js';
import { findDamage, recordedFiles } from './integrity.js';
import { findPip, oldPipRemedy, pipRemedy } from './pip.js';
import type { Runtime } from './runtime.js';
import { probeBinding } from './probe.js';
import { cachedTensorflow, namedTensorflow, wheelOfThisMachine, type Tensorflow } from './tensorflow.js';
import { tensorflowVersion } from './wheels.js';

export interface Finding {
  /** A problem prevents training. */
  readonly status: 'ok' | 'warning' | 'problem';
  readonly subject: string;
  readonly what: string;
  /** Command that fixes it. */
  readonly remedy?: string;
}

const ok = (subject: string, what: string): Finding => ({ status: 'ok', subject, what });
const warning = (subject: string, what: string, remedy?: string): Finding => ({
  status: 'warning',
  subject,
  what,
  ...(remedy === undefined ? {} : { remedy }),
});
const problem = (subject: string, what: string, remedy: string): Finding => ({
  status: 'problem',
  subject,
  what,
  remedy,
});

/** What a worker has to know about the runtime. */
export type Trainable = Pick<Runtime, 'bindingPath' | 'device'>;

export interface DiagnosisOptions {
  /** Hash TensorFlow's files too. */
  readonly verify: boolean;
  /** Takes one training step on a device and resolves to the reason it failed; undefined if it didn't. */
  readonly training?: (runtime: Trainable) => Promise<string | undefined>;
  /** Findings about datasets, which the engine knows nothing about. */
  readonly datasets?: () => Findings | Promise<Findings>;
  /** Cores that training may use. */
  readonly cores: number;
  /** Memory that training may use. */
  readonly memoryBytes: number;
}

/** Never rejects: whatever can't be examined is reported as a problem, with the reason. */
export async function diagnose({
  verify,
  cores,
  memoryBytes,
  training,
  datasets = () => [],
}: DiagnosisOptions): Promise<Finding[]> {
  const gpus = detectGpus();
  const { tensorflow, broken } = findTensorflow(gpus);
  const built = tensorflow === undefined ? undefined : builtBinding(tensorflow);
  const toFetch = tensorflow === undefined && broken === undefined;
  const answer = gpus.length > 0 && built !== undefined ? askForGpu(built.bindingPath) : undefined;
  const looks: readonly (readonly [subject: string, () => Findings | Promise<Findings>])[] = [
    ['platform', () => platformFinding(tensorflow)],
    ['node', nodeFinding],
    ['runtime', () => broken ?? runtimeFinding(tensorflow, gpus)],
    ['pip', () => pipFinding(toFetch)],
    ['compiler', () => compilerFinding(built === undefined)],
    ['binding', () => bindingFinding(tensorflow, built?.bindingPath)],
    ['integrity', () => (verify && tensorflow !== undefined ? integrity(tensorflow) : [])],
    ['cpu', () => processorFinding(cores, memoryBytes)],
    ['gpu', () => gpuFindings(gpus, answer)],
    ['cuda', () => (gpus.length > 0 && tensorflow !== undefined ? cudaFinding(tensorflow) : [])],
    ['training', () => trainingFindings(built?.bindingPath, answer, training)],
    ['datasets', datasets],
    ['cache', () => diskFinding('cache', cacheFolder(), cacheNeeds(toFetch, gpus, built === undefined))],
    ['checkpoints', () => diskFinding('checkpoints', path.resolve('checkpoints'), 0.2e9)],
  ];
  const findings: Finding[] = [];
  for (const [subject, look] of looks) findings.push(...(await withReason(subject, look)));
  return findings;
}

export type Findings = Finding | readonly Finding[];

async function withReason(subject: string, look: () => Findings | Promise<Findings>): Promise<readonly Finding[]> {
  try {
    return [await look()].flat();
  } catch (error) {
    return [problem(subject, `can't be inspected: ${messageOf(error)}`, 'fix that first')];
  }
}

/** The one `train` would choose; `broken` if the folder named by the user is not a TensorFlow. */
function findTensorflow(gpus: readonly Gpu[]): { tensorflow?: Tensorflow | undefined; broken?: Finding } {
  try {
    const named = namedTensorflow();
    if (named !== undefined) return { tensorflow: named };
    if (gpus.length > 0 && process.platform === 'linux' && process.arch === 'x64')
      return { tensorflow: cachedTensorflow('cuda') ?? cachedTensorflow('cpu') };
    return { tensorflow: cachedTensorflow('cpu') ?? cachedTensorflow('cuda') };
  } catch (error) {
    const remedy = `choose another with \`${commandLine('setup --tensorflow FOLDER')}\`, or drop it with \`${commandLine('setup --forget')}\``;
    return { broken: problem('runtime', messageOf(error), remedy) };
  }
}

function platformFinding(tensorflow: Tensorflow | undefined): Finding {
  try {
    wheelOfThisMachine(false);
    return ok('platform', `${process.platform} ${process.arch}, ${os.release()}`);
  } catch (error) {
    if (tensorflow?.kind === 'named') return warning('platform', messageOf(error));
    return problem('platform', messageOf(error), 'use one of those');
  }
}

function nodeFinding(): Finding {
  const { engines } = packageJson();
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const [needsMajor = 0, needsMinor = 0] = engines.node.replace('>=', '').split('.').map(Number);
  const enough = major > needsMajor || (major === needsMajor && minor >= needsMinor);
  if (enough) return ok('node', `${process.version} (${engines.node} is needed)`);
  return problem('node', `${process.version} is too old`, `install Node ${engines.node}`);
}

async function runtimeFinding(tensorflow: Tensorflow | undefined, gpus: readonly Gpu[]): Promise<Finding> {
  const size = gpus.length > 0 ? 'about 3.4 GB, because there is a GPU' : 'about 0.3 GB';
  if (tensorflow === undefined)
    return warning(
      'runtime',
      `TensorFlow ${tensorflowVersion} is not installed yet`,
      `\`${commandLine('setup')}\` downloads it (${size}), and so does the first \`${commandLine('train')}\``,
    );
  const damage = await findDamage(tensorflow, 'libraries');
  if (damage !== undefined) return problem('runtime', `${damage.file} ${damage.what}`, damage.remedy);
  const where = `in ${tensorflow.folder}`;
  if (tensorflow.kind === 'named') return ok('runtime', `your own TensorFlow ${where}`);
  if (tensorflow.kind === 'cpu' && gpus.length > 0 && process.arch === 'x64')
    return warning(
      'runtime',
      `TensorFlow ${tensorflowVersion} ${where} has no CUDA`,
      `\`${commandLine('setup')}\` downloads the build with CUDA; --device cpu does not need it`,
    );
  return ok('runtime', `TensorFlow ${tensorflowVersion} (${tensorflow.kind}) ${where}`);
}

function pipFinding(needed: boolean): Finding {
  const pip = findPip();
  const mark = needed ? problem : warning;
  if (pip === undefined)
    return mark('pip', `not found; it downloads TensorFlow${needed ? '' : ', which is already installed'}`, pipRemedy);
  const what = `${pip.version}, \`${pip.command.join(' ')}\``;
  return pip.isTooOld ? mark('pip', `${what}, is too old to download TensorFlow`, oldPipRemedy) : ok('pip', what);
}

function compilerFinding(needed: boolean): Finding {
  const compiler = findCompiler();
  const mark = needed ? problem : warning;
  const use = `it builds the binding${needed ? '' : ', which is already built'}`;
  if (compiler === undefined) {
    const { what, remedy } = missingCompiler();
    return mark('compiler', `for C++: ${what}; ${use}`, remedy);
  }
  const failure = failureOf(compiler);
  if (failure === undefined) return ok('compiler', compiler.join(' '));
  return mark('compiler', `${compiler.join(' ')} ${failure}; ${use}`, otherCompiler);
}

/** Loads the binding, as every worker does: libraries it needs may have disappeared since it was built. */
function bindingFinding(tensorflow: Tensorflow | undefined, bindingPath: string | undefined): Findings {
  if (tensorflow === undefined) return [];
  if (bindingPath === undefined)
    return warning(
      'binding',
      'not built yet',
      `\`${commandLine('setup')}\` builds it, and so does the first \`${commandLine('train')}\``,
    );
  const answer = probeBinding(bindingPath, { CUDA_VISIBLE_DEVICES: '-1' });
  if ('failure' in answer)
    return problem('binding', `TensorFlow can't be loaded: ${answer.failure}`, rebuild(bindingPath, tensorflow));
  return ok('binding', `TensorFlow ${answer.version} loads`);
}

function rebuild(bindingPath: string, { kind, folder }: Tensorflow): string {
  const folders = [path.dirname(bindingPath), ...(kind === 'named' ? [] : [path.dirname(folder)])];
  return `\`rm -r ${folders.join(' ')}\` and \`${commandLine('setup')}\``;
}

/** Compares every unpacked file with the RECORD of its wheel. */
async function integrity(tensorflow: Tensorflow): Promise<Finding> {
  if (tensorflow.kind === 'named') return ok('integrity', 'not checked: this TensorFlow is your own');
  const damage = await findDamage(tensorflow, 'everything');
  if (damage !== undefined) return problem('integrity', `${damage.file} ${damage.what}`, damage.remedy);
  const { root, files } = recordedFiles(tensorflow);
  if (files.length === 0)
    return problem(
      'integrity',
      `${root} has no record of its files`,
      `\`rm -r ${root}\` and \`${commandLine('setup')}\``,
    );
  return ok('integrity', `${files.length} files match their wheels`);
}

const gigabytes = (bytes: number) => `${(bytes / 1e9).toFixed(1)} GB`;

function processorFinding(cores: number, memoryBytes: number): Finding {
  const name = os.cpus()[0]?.model.trim() ?? process.arch;
  return ok('cpu', `${name}, ${cores} ${cores === 1 ? 'core' : 'cores'}, ${gigabytes(memoryBytes)} of memory`);
}

/** Decides whether training will use the GPU. */
function askForGpu(bindingPath: string): ReturnType<typeof probeBinding> {
  return probeBinding(bindingPath, { TF_FORCE_GPU_ALLOW_GROWTH: 'true' });
}

const usesGpu = (answer: ReturnType<typeof askForGpu> | undefined) =>
  answer !== undefined && 'usesGpu' in answer && answer.usesGpu;

function gpuFindings(gpus: readonly Gpu[], answer: ReturnType<typeof askForGpu> | undefined): Findings {
  if (gpus.length === 0) return noGpuFinding();
  const found = gpus.map(({ name, memoryBytes, driver }) =>
    ok('gpu', [name, ...(memoryBytes === undefined ? [] : [gigabytes(memoryBytes)]), `driver ${driver}`].join(', ')),
  );
  return answer === undefined ? found : [...found, answerFinding(answer)];
}

function noGpuFinding(): Finding {
  if (!driverIsLoaded()) return ok('gpu', 'no NVIDIA GPU found; training runs on the CPU');
  const hidden = process.env['CUDA_VISIBLE_DEVICES'];
  if (hidden !== undefined)
    return ok('gpu', `CUDA_VISIBLE_DEVICES="${hidden}" hides all GPUs; training runs on the CPU`);
  return warning(
    'gpu',
    "NVIDIA's driver is loaded, but nvidia-smi lists no GPU; training runs on the CPU",
    'run `nvidia-smi`; a container needs the driver capability `utility`',
  );
}

function answerFinding(answer: ReturnType<typeof askForGpu>): Finding {
  if ('failure' in answer)
    return warning(
      'gpu',
      `TensorFlow can't be loaded with it: ${answer.failure}`,
      `${guide('gpu.md')}, "When it doesn't work"`,
    );
  if (answer.usesGpu) return ok('gpu', 'TensorFlow uses it');
  return warning(
    'gpu',
    'TensorFlow does not use it; training runs on the CPU',
    `${guide('gpu.md')}, "When it doesn't work"`,
  );
}

function cudaFinding({ folder }: Tensorflow): Finding {
  const missing = missingCudaLibraries(folder);
  if (missing.length === 0) return ok('cuda', 'all libraries are installed');
  return warning(
    'cuda',
    `${missing.join(', ')} not found: TensorFlow will not use the GPU`,
    `\`${commandLine('setup --device gpu')}\` downloads CUDA with TensorFlow`,
  );
}

/** Training may fail although everything else is fine: only an actual step shows. */
async function trainingFindings(
  bindingPath: string | undefined,
  answer: ReturnType<typeof askForGpu> | undefined,
  training: DiagnosisOptions['training'],
): Promise<Findings> {
  if (training === undefined) return [];
  if (bindingPath === undefined)
    return warning('training', 'not tried yet', `run \`${commandLine('setup')}\`, then doctor again`);
  const devices: Trainable['device'][] = [{ kind: 'cpu', name: 'CPU' }];
  if (usesGpu(answer)) devices.push({ kind: 'gpu', name: 'GPU' });
  const findings: Finding[] = [];
  for (const device of devices) {
    const failure = await training({ bindingPath, device });
    findings.push(
      failure === undefined
        ? ok('training', `a step was traced, compiled and run on the ${device.name}`)
        : problem(
            'training',
            `the first step fails on the ${device.name}: ${failure}`,
            `\`${commandLine('doctor --verify')}\` checks the files of TensorFlow`,
          ),
    );
  }
  return findings;
}

/** Bytes that setup would still write, for the wheel and what is unpacked from it; 0 if nothing. */
function cacheNeeds(toFetch: boolean, gpus: readonly Gpu[], toBuild: boolean): number {
  if (toFetch) return gpus.length > 0 ? 11e9 : 2e9;
  return toBuild ? 0.01e9 : 0;
}

/** Free space where `folder` is or will be. */
async function diskFinding(subject: string, folder: string, needed: number): Promise<Finding> {
  let there = folder;
  while (!existsSync(there)) there = path.dirname(there);
  const elsewhere =
    subject === 'cache'
      ? 'set EMERGENCE_CACHE_DIR to a folder that can be written'
      : 'run the command in a folder that can be written';
  const { bavail, bsize } = await fs.statfs(there);
  const free = bavail * bsize;
  if (needed === 0) return ok(subject, `${folder}, ${gigabytes(free)} free`);
  if (!statSync(there).isDirectory()) return problem(subject, `${there} is a file`, elsewhere);
  if (!(await canWrite(there))) return problem(subject, `${there} can't be written`, elsewhere);
  if (free < needed)
    return problem(subject, `${folder}: ${gigabytes(free)} free`, `free ${gigabytes(needed)}, or ${elsewhere}`);
  return ok(subject, `${folder}, ${gigabytes(free)} free`);
}

async function canWrite(folder: string): Promise<boolean> {
  return fs.access(folder, fs.constants.W_OK).then(
    () => true,
    () => false,
  );
}
