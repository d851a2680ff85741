/** This machine's GPUs, as listed by NVIDIA's driver. CUDA itself is not loaded here. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

export interface Gpu {
  /** In the form of CUDA_VISIBLE_DEVICES: `0`, `GPU-8932f937-...`, `MIG-...`. */
  readonly id: string;
  readonly name: string;
  /** Undefined if the driver reports none, as for chips that share the machine's memory. */
  readonly memoryBytes: number | undefined;
  /** Driver version: `580.82.07`. */
  readonly driver: string;
}

export interface GpuSearch {
  /** Files of which at least one exists when the driver is loaded. */
  readonly signs?: readonly string[];
  readonly environment?: NodeJS.ProcessEnv;
}

/** On Linux and on Windows Subsystem for Linux. */
const driverSigns = ['/proc/driver/nvidia/version', '/dev/nvidiactl', '/dev/dxg'];

export function driverIsLoaded(signs: readonly string[] = driverSigns): boolean {
  return signs.some((file) => existsSync(file));
}

/**
 * GPUs that a process with this environment may use. Empty without a driver; its files are checked first because nvidia-smi takes up
 * to a second to start.
 */
export function detectGpus({ signs = driverSigns, environment = process.env }: GpuSearch = {}): readonly Gpu[] {
  if (!driverIsLoaded(signs)) return [];
  const query = ['--query-gpu=name,memory.total,driver_version,uuid', '--format=csv,noheader,nounits'];
  const { status, stdout } = spawnSync('nvidia-smi', query, { encoding: 'utf8', timeout: 15_000, env: environment });
  return status === 0 ? visibleGpus(parseGpus(stdout), environment) : [];
}

/** Lines such as `NVIDIA H200, 143771, 580.82.07, GPU-8932f937-...`, memory in MiB or `[N/A]`. */
export function parseGpus(csv: string): ListedGpu[] {
  return csv
    .split('\n')
    .map((line) => line.split(',').map((cell) => cell.trim()))
    .filter((cells) => cells.length === 4)
    .map(([name = '', memory = '', driver = '', uuid = ''], i) => ({
      ...{ id: String(i), name, memoryBytes: bytesOf(memory), driver, uuid },
    }));
}

function bytesOf(mebibytes: string): number | undefined {
  return /^\d+$/.test(mebibytes) ? Number(mebibytes) * 2 ** 20 : undefined;
}

/** A GPU as the driver lists it: by index, and by a globally unique id. */
export interface ListedGpu extends Gpu {
  readonly uuid: string;
}

/**
 * The GPUs selected by CUDA_VISIBLE_DEVICES, in its order. Like CUDA, stops at the first entry that names no GPU; '' and Slurm's value
 * for none select none. A UUID may be abbreviated. A part of a GPU (MIG) counts as a GPU of its own: its name identifies the card only
 * with drivers before 470; with others the first card is assumed.
 */
export function visibleGpus(gpus: readonly ListedGpu[], environment: NodeJS.ProcessEnv): readonly Gpu[] {
  const { CUDA_VISIBLE_DEVICES: list } = environment;
  if (list === undefined) return gpus.map((gpu) => visible(gpu, gpu.id));
  const found = new Map<string, Gpu>();
  for (const id of list.split(',').map((each) => each.trim())) {
    const gpu = namedGpu(gpus, id);
    // CUDA sees no GPU if one is named twice; TensorFlow reports that.
    if (gpu === undefined || found.has(id)) break;
    found.set(id, visible(gpu, id));
  }
  return [...found.values()];
}

function visible({ name, memoryBytes, driver }: ListedGpu, id: string): Gpu {
  return { id, name, memoryBytes, driver };
}

function namedGpu(gpus: readonly ListedGpu[], id: string): ListedGpu | undefined {
  if (/^\d+$/.test(id)) return gpus[Number(id)];
  if (id.startsWith('GPU-')) return gpus.find(({ uuid }) => uuid.startsWith(id));
  if (id.startsWith('MIG-')) return gpus.find(({ uuid }) => id.startsWith(`MIG-${uuid}/`)) ?? gpus[0];
  return undefined;
}
