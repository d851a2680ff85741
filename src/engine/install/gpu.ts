/** GPUs of this machine, as NVIDIA's driver names them. Nothing of CUDA is loaded here. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

export interface Gpu {
  readonly name: string;
  readonly memoryBytes: number;
  /** Version of the driver: `580.82.07`. */
  readonly driver: string;
}

/** Files that are there when the driver is loaded: Linux, and Windows' subsystem for it. */
const signs = ['/proc/driver/nvidia/version', '/dev/nvidiactl', '/dev/dxg'];

/** Empty without a driver. The files are looked at first: starting nvidia-smi takes up to a second. */
export function detectGpus(): readonly Gpu[] {
  if (!signs.some((file) => existsSync(file))) return [];
  const query = ['--query-gpu=name,memory.total,driver_version', '--format=csv,noheader,nounits'];
  const { status, stdout } = spawnSync('nvidia-smi', query, { encoding: 'utf8', timeout: 15_000 });
  return status === 0 ? parseGpus(stdout) : [];
}

/** Lines such as `NVIDIA H200, 143771, 580.82.07`, memory in MiB. */
export function parseGpus(csv: string): Gpu[] {
  return csv
    .split('\n')
    .map((line) => line.split(',').map((cell) => cell.trim()))
    .filter((cells) => cells.length === 3)
    .map(([name, memory, driver]) => ({ name: name!, memoryBytes: Number(memory) * 2 ** 20, driver: driver! }));
}
