/** GPUs of this machine, as NVIDIA's driver names them. Nothing of CUDA is loaded here. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

export interface Gpu {
  readonly name: string;
  /** Undefined where the driver names none: chips that share the machine's memory. */
  readonly memoryBytes: number | undefined;
  /** Version of the driver: `580.82.07`. */
  readonly driver: string;
}

export interface GpuSearch {
  /** Files any of which is there when the driver is loaded. */
  readonly signs?: readonly string[];
  readonly environment?: NodeJS.ProcessEnv;
}

/** Linux, and Windows' subsystem for it. */
const driverSigns = ['/proc/driver/nvidia/version', '/dev/nvidiactl', '/dev/dxg'];

export function driverIsLoaded(signs: readonly string[] = driverSigns): boolean {
  return signs.some((file) => existsSync(file));
}

/**
 * GPUs that a process with this environment may use. Empty without a driver; its files are looked at first, as starting
 * nvidia-smi takes up to a second.
 */
export function detectGpus({ signs = driverSigns, environment = process.env }: GpuSearch = {}): readonly Gpu[] {
  if (!driverIsLoaded(signs)) return [];
  const query = ['--query-gpu=name,memory.total,driver_version', '--format=csv,noheader,nounits'];
  const { status, stdout } = spawnSync('nvidia-smi', query, { encoding: 'utf8', timeout: 15_000, env: environment });
  return status === 0 ? visibleGpus(parseGpus(stdout), environment) : [];
}

/** Lines such as `NVIDIA H200, 143771, 580.82.07`, memory in MiB or `[N/A]`. */
export function parseGpus(csv: string): Gpu[] {
  return csv
    .split('\n')
    .map((line) => line.split(',').map((cell) => cell.trim()))
    .filter((cells) => cells.length === 3)
    .map(([name = '', memory = '', driver = '']) => ({ name, memoryBytes: bytesOf(memory), driver }));
}

function bytesOf(mebibytes: string): number | undefined {
  return /^\d+$/.test(mebibytes) ? Number(mebibytes) * 2 ** 20 : undefined;
}

/**
 * What CUDA_VISIBLE_DEVICES leaves, in its order: numbers up to the first that names no GPU, as CUDA reads it. UUIDs and
 * parts of a GPU (MIG) stand for one GPU each, of which kind is for TensorFlow to say.
 */
export function visibleGpus(gpus: readonly Gpu[], environment: NodeJS.ProcessEnv): readonly Gpu[] {
  const { CUDA_VISIBLE_DEVICES: list } = environment;
  if (list === undefined) return gpus;
  const visible: Gpu[] = [];
  for (const name of list.split(',').map((each) => each.trim())) {
    const gpu = /^\d+$/.test(name) ? gpus[Number(name)] : /^(GPU|MIG)-/.test(name) ? gpus[0] : undefined;
    if (gpu === undefined) break;
    visible.push(gpu);
  }
  return visible;
}
