/**
 * The TensorFlow that the lab computes with, found or made on first use: libraries from pip's wheels in the user's cache, the
 * binding compiled against them once. Loads nothing of TensorFlow itself.
 */
import * as fs from 'node:fs/promises';
import * as os from 'node:os';
import * as path from 'node:path';
import * as z from 'zod';
import { RunError, UsageError } from '../terminal/errors.js';
import { cacheFolder, publishFolder, type Progress } from './install/cache.js';
import { bindingFingerprint, compileBinding } from './install/compile.js';
import { detectGpus, type Gpu } from './install/gpu.js';
import { probeBinding } from './install/probe.js';
import {
  cachedTensorflow,
  identityOf,
  installTensorflow,
  namedTensorflow,
  type Tensorflow,
} from './install/tensorflow.js';

export type DeviceRequest = 'auto' | 'cpu' | 'gpu';

export interface Device {
  readonly kind: 'cpu' | 'gpu';
  /** `AMD EPYC`, `NVIDIA H200`. */
  readonly name: string;
}

export interface Runtime {
  readonly tensorflowVersion: string;
  /** Folder of TensorFlow's libraries. */
  readonly folder: string;
  /** Compiled binding, absolute. */
  readonly bindingPath: string;
  /** What will compute, as TensorFlow itself answered. */
  readonly device: Device;
}

export interface RuntimeOptions {
  readonly device: DeviceRequest;
  /** One line at a time: what is fetched, compiled, waited for. Silent where all is there. */
  readonly onProgress?: Progress;
}

/**
 * The runtime for the device that is asked for; fetched and compiled where it isn't there yet.
 *
 * @throws UsageError for `gpu` where none answers, or a platform without TensorFlow; RunError without pip, compiler,
 * network or disk
 */
export async function ensureRuntime({ device, onProgress = () => undefined }: RuntimeOptions): Promise<Runtime> {
  const gpus = device === 'cpu' ? [] : detectGpus();
  if (device === 'gpu' && gpus.length === 0) {
    throw new UsageError(
      'no NVIDIA GPU answers on this machine',
      '--device gpu',
      'leave the option out to train on the CPU; `emergence doctor` says what was found',
    );
  }
  const tensorflow = await findTensorflow(gpus.length > 0, onProgress);
  const { bindingPath, tensorflowVersion } = await ensureBinding(tensorflow, onProgress);
  const resolved = gpus.length > 0 ? askForGpu(bindingPath, gpus, { device, onProgress }) : cpu();
  return { tensorflowVersion, folder: tensorflow.folder, bindingPath, device: resolved };
}

/** A named one first; then what the cache has that serves; then a download. */
async function findTensorflow(wantsGpu: boolean, progress: Progress): Promise<Tensorflow> {
  const named = namedTensorflow();
  if (named !== undefined) return named;
  const found = wantsGpu ? undefined : ((await cachedTensorflow('cpu')) ?? (await cachedTensorflow('cuda')));
  return found ?? installTensorflow(wantsGpu, progress);
}

const aboutSchema = z.object({ tensorflow: z.string() });

/** The compiled binding for this TensorFlow and this Node, and the version that TensorFlow said it has. */
async function ensureBinding(
  tensorflow: Tensorflow,
  progress: Progress,
): Promise<{ bindingPath: string; tensorflowVersion: string }> {
  const folder = path.join(cacheFolder(), 'binding', `${await identityOf(tensorflow)}-${bindingFingerprint()}`);
  const bindingPath = path.join(folder, 'tfjs_binding.node');
  await publishFolder(folder, progress, async (aside) => {
    const made = path.join(aside, path.basename(bindingPath));
    await compileBinding(tensorflow, made, progress);
    const answer = probeBinding(made, { CUDA_VISIBLE_DEVICES: '-1', TF_CPP_MIN_LOG_LEVEL: '3' });
    if ('failure' in answer)
      throw new RunError(
        `TensorFlow can't be loaded: ${answer.failure}`,
        tensorflow.folder,
        '`emergence doctor` says what is missing',
      );
    await fs.writeFile(
      path.join(aside, 'about.json'),
      JSON.stringify({ tensorflow: answer.version, folder: tensorflow.folder }),
    );
  });
  const about = aboutSchema.parse(JSON.parse(await fs.readFile(path.join(folder, 'about.json'), 'utf8')));
  return { bindingPath, tensorflowVersion: about.tensorflow };
}

/** A driver answers; whether TensorFlow can use it is for TensorFlow to say, on every start: drivers come and go. */
function askForGpu(
  bindingPath: string,
  gpus: readonly Gpu[],
  { device, onProgress }: Required<RuntimeOptions>,
): Device {
  const answer = probeBinding(bindingPath, { TF_CPP_MIN_LOG_LEVEL: '1', TF_FORCE_GPU_ALLOW_GROWTH: 'true' });
  if (!('failure' in answer) && answer.usesGpu) return { kind: 'gpu', name: gpus[0]!.name };
  const why =
    'failure' in answer ? answer.failure : 'it could not open the CUDA libraries, or the driver is too old for them';
  const what = `${gpus[0]!.name} is here, and TensorFlow can't use it: ${why}`;
  if (device === 'gpu')
    throw new UsageError(what, '--device gpu', 'see `emergence doctor`, or leave the option out to train on the CPU');
  onProgress(`${what}. Training on the CPU`);
  return cpu();
}

function cpu(): Device {
  return { kind: 'cpu', name: os.cpus()[0]?.model.trim() ?? process.arch };
}

/**
 * Environment variables that a process needs before it loads the binding. Threads decide the last bits of results; on a GPU
 * the deterministic kernels do, and float32 means float32, not TF32 (docs/gpu.md).
 */
export function runtimeEnvironment({
  runtime,
  threads,
}: {
  runtime: Pick<Runtime, 'device'>;
  threads: number;
}): Record<string, string> {
  return {
    TF_NUM_INTRAOP_THREADS: String(threads),
    TF_NUM_INTEROP_THREADS: '1',
    OMP_NUM_THREADS: String(threads),
    TF_CPP_MIN_LOG_LEVEL: '2',
    TF_FORCE_GPU_ALLOW_GROWTH: 'true',
    TF_DETERMINISTIC_OPS: '1',
    TF_CUDNN_DETERMINISTIC: '1',
    TF_CUDNN_USE_AUTOTUNE: '0',
    NVIDIA_TF32_OVERRIDE: '0',
    ...(runtime.device.kind === 'cpu' ? { CUDA_VISIBLE_DEVICES: '-1' } : {}),
  };
}
