/**
 * The TensorFlow that the lab computes with, found or installed on first use: libraries from pip's wheels in the user's cache, and the
 * binding, compiled against them once. Does not load TensorFlow itself.
 */
import * as os from 'node:os';
import { firstOf } from '../machine/present.js';
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
  /** Folder with TensorFlow's libraries. */
  readonly folder: string;
  /** Absolute path of the compiled binding. */
  readonly bindingPath: string;
  /** The device that will compute, as reported by TensorFlow. */
  readonly device: Device;
  /** Memory of the GPU, or of the smallest if there are several; undefined if the driver reports none. */
  readonly gpuMemoryBytes?: number | undefined;
  /** GPUs that members may use, in the form of CUDA_VISIBLE_DEVICES; empty on the CPU. */
  readonly gpus?: readonly string[] | undefined;
}

export interface RuntimeOptions {
  readonly device: DeviceRequest;
  /** Package folder of a TensorFlow that takes precedence over any other. */
  readonly tensorflow?: string | undefined;
  /** Receives a line for each download, compilation or wait; nothing if everything is installed. */
  readonly onProgress?: ReportLine;
  /** Stops downloads and the compiler at once; the promise then rejects with its reason, and nothing incomplete is kept. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * The runtime for the requested device; fetched and compiled if it isn't installed yet.
 *
 * @throws UsageError for `gpu` if there is none, or for a platform without TensorFlow; RunError without pip, compiler, network or disk
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
    const what = `${firstOf(gpus).name} was found, but TensorFlow can't use it: ${refusal}`;
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
 * For planning only: if a GPU is requested on a host without one, such as a login node, it is assumed on the hosts that train. Throws
 * like `ensureRuntime`.
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

/** A suitable cached TensorFlow; else downloads one. */
async function ownTensorflow(wantsGpu: boolean, progress: ReportLine, signal?: AbortSignal): Promise<Tensorflow> {
  const found = wantsGpu ? undefined : (cachedTensorflow('cpu') ?? cachedTensorflow('cuda'));
  return found ?? installTensorflow(wantsGpu, progress, signal);
}

/**
 * Why TensorFlow can't compute on the GPU reported by the driver, or undefined. Checked on every start because drivers change.
 */
function refusalOfGpu(bindingPath: string, { kind }: Tensorflow): string | undefined {
  if (kind === 'cpu') return `its build for ${process.platform} ${process.arch} has no CUDA`;
  const answer = probeBinding(bindingPath, { TF_FORCE_GPU_ALLOW_GROWTH: 'true' });
  if ('failure' in answer) return answer.failure;
  if (answer.usesGpu) return undefined;
  return 'it could not open the CUDA libraries, or the driver is too old for them';
}

function gpu(gpus: readonly Gpu[]): Device {
  return { kind: 'gpu', name: firstOf(gpus).name };
}

function cpu(): Device {
  return { kind: 'cpu', name: os.cpus()[0]?.model.trim() ?? process.arch };
}

/**
 * XLA's own products on a GPU would use TF32, which NVIDIA's variable does not forbid them; and algorithms are not chosen by timing
 * them. That its kernels are deterministic it takes from TF_DETERMINISTIC_OPS.
 */
const xlaFlags = ['--xla_gpu_enable_triton_gemm=false', '--xla_gpu_autotune_level=0'];

/**
 * Environment variables that must be set before a process loads the binding. The number of threads affects the last bits of results,
 * and each of a member's branches has its share of them;
 * on a GPU, kernels are deterministic and float32 means float32, not TF32 (docs/gpu.md).
 */
export function runtimeEnvironment({
  runtime,
  threads,
  branches = 1,
  xla = false,
}: {
  runtime: Pick<Runtime, 'device'>;
  threads: number;
  branches?: number | undefined;
  /** Whether the process compiles with XLA. */
  xla?: boolean | undefined;
}): Record<string, string> {
  const each = String(Math.floor(threads / branches));
  return {
    TF_NUM_INTRAOP_THREADS: each,
    TF_NUM_INTEROP_THREADS: String(branches),
    OMP_NUM_THREADS: each,
    TF_CPP_MIN_LOG_LEVEL: '2',
    TF_FORCE_GPU_ALLOW_GROWTH: 'true',
    TF_DETERMINISTIC_OPS: '1',
    TF_CUDNN_DETERMINISTIC: '1',
    TF_CUDNN_USE_AUTOTUNE: '0',
    NVIDIA_TF32_OVERRIDE: '0',
    ...(xla ? { XLA_FLAGS: [process.env.XLA_FLAGS, ...xlaFlags].filter(Boolean).join(' ') } : {}),
    ...(runtime.device.kind === 'cpu' ? { CUDA_VISIBLE_DEVICES: '-1' } : {}),
  };
}
