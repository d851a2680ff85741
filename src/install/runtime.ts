/**
 * The TensorFlow that the lab computes with, found or made on first use: libraries from pip's wheels in the user's cache, the
 * binding compiled against them once. Loads nothing of TensorFlow itself.
 */
import * as os from 'node:os';
import { nth } from '../machine/present.js';
import { UsageError } from '../terminal/errors.js';
import { ensureBinding } from './binding.js';
import type { ReportLine } from './cache.js';
import { detectGpus, driverIsLoaded, type Gpu } from './gpu.js';
import { probeBinding } from './probe.js';
import { cachedTensorflow, installTensorflow, namedTensorflow, type Tensorflow } from './tensorflow.js';
import { commandLine } from '../machine/installation.js';

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
  /** Of the GPU that computes, the smallest of several; undefined if the driver names none. */
  readonly gpuMemoryBytes?: number | undefined;
  /** GPUs that members may have, as CUDA_VISIBLE_DEVICES names each; empty on the CPU. */
  readonly gpus?: readonly string[] | undefined;
}

export interface RuntimeOptions {
  readonly device: DeviceRequest;
  /** Package folder of a TensorFlow to use whatever else is named or cached. */
  readonly tensorflow?: string | undefined;
  /** One line at a time: what is fetched, compiled, waited for. Silent where all is there. */
  readonly onProgress?: ReportLine;
  /** Ends downloads and the compiler at once; the promise then rejects with its reason, and nothing half-made stays. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * The runtime for the device that is asked for; fetched and compiled where it isn't there yet.
 *
 * @throws UsageError for `gpu` where none answers, or a platform without TensorFlow; RunError without pip, compiler,
 * network or disk
 */
export async function ensureRuntime({
  device,
  tensorflow: given,
  onProgress = () => undefined,
  signal,
}: RuntimeOptions): Promise<Runtime> {
  const gpus = device === 'cpu' ? [] : detectGpus();
  if (device === 'gpu' && gpus.length === 0) throw noGpu();
  const tensorflow = namedTensorflow(given) ?? (await ownTensorflow(gpus.length > 0, onProgress, signal));
  const { bindingPath, tensorflowVersion } = await ensureBinding(tensorflow, onProgress, signal);
  const refusal = gpus.length > 0 ? refusalOfGpu(bindingPath, tensorflow) : undefined;
  if (refusal !== undefined) {
    const what = `${nth(gpus, 0).name} was found, but TensorFlow can't use it: ${refusal}`;
    if (device === 'gpu') throw new UsageError(what, '--device gpu', orCpu);
    onProgress(`${what}. Training on the CPU`);
  }
  const usesGpu = gpus.length > 0 && refusal === undefined;
  const found = { tensorflowVersion, folder: tensorflow.folder, bindingPath };
  return usesGpu
    ? { ...found, device: gpu(gpus), gpuMemoryBytes: smallestMemory(gpus), gpus: gpus.map(({ id }) => id) }
    : { ...found, device: cpu() };
}

function smallestMemory(gpus: readonly Gpu[]): number | undefined {
  const known = gpus.flatMap(({ memoryBytes }) => memoryBytes ?? []);
  return known.length === gpus.length ? Math.min(...known) : undefined;
}

/**
 * For a plan alone: where a GPU is asked for on a host without one, as where jobs are submitted, the hosts that train will have it.
 * Throws as `ensureRuntime`.
 */
export async function plannedRuntime(options: RuntimeOptions): Promise<Runtime> {
  if (options.device !== 'gpu' || detectGpus().length > 0) return ensureRuntime(options);
  return { ...(await ensureRuntime({ ...options, device: 'cpu' })), device: { kind: 'gpu', name: 'of another host' } };
}

const orCpu = `see \`${commandLine('doctor')}\`, or leave the option out to train on the CPU`;

function noGpu(): UsageError {
  if (!driverIsLoaded()) return new UsageError('no NVIDIA GPU found on this machine', '--device gpu', orCpu);
  const hidden = process.env['CUDA_VISIBLE_DEVICES'];
  const why =
    hidden === undefined
      ? "NVIDIA's driver is loaded, but nvidia-smi lists no GPU"
      : `NVIDIA's driver is loaded, but CUDA_VISIBLE_DEVICES="${hidden}" hides all GPUs`;
  return new UsageError(why, '--device gpu', orCpu);
}

/** What the cache has that serves; else a download. */
async function ownTensorflow(wantsGpu: boolean, progress: ReportLine, signal?: AbortSignal): Promise<Tensorflow> {
  const found = wantsGpu ? undefined : (cachedTensorflow('cpu') ?? cachedTensorflow('cuda'));
  return found ?? installTensorflow(wantsGpu, progress, signal);
}

/**
 * Why TensorFlow can't compute on the GPU that the driver names, or undefined. It is asked on every start, as drivers come
 * and go.
 */
function refusalOfGpu(bindingPath: string, { kind }: Tensorflow): string | undefined {
  if (kind === 'cpu') return `its build for ${process.platform} ${process.arch} has no CUDA`;
  const answer = probeBinding(bindingPath, { TF_FORCE_GPU_ALLOW_GROWTH: 'true' });
  if ('failure' in answer) return answer.failure;
  if (answer.usesGpu) return undefined;
  return 'it could not open the CUDA libraries, or the driver is too old for them';
}

function gpu(gpus: readonly Gpu[]): Device {
  return { kind: 'gpu', name: nth(gpus, 0).name };
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
