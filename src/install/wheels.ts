/** Which Python wheels contain TensorFlow's C library for which machine. The Python that runs pip doesn't matter. */
import { UsageError } from '../terminal/errors.js';

export const tensorflowVersion = '2.21.0';

export type RuntimeKind = 'cpu' | 'cuda';

export interface WheelSource {
  /** PyPI project, with its version. */
  readonly requirement: string;
  /** Values for pip's --platform, any of which will do. */
  readonly platforms: readonly string[];
  /** Whether it comes with CUDA. */
  readonly kind: RuntimeKind;
}

/** TensorFlow's wheels need glibc 2.27, so any wheel for that version or older (PEP 600) runs wherever they do. */
const newestGlibc = 27;
const oldestGlibc = 17;

/** Newest first. pip takes each name literally, whatever machine it runs on. */
function glibc(machine: string): string[] {
  const versions = Array.from({ length: newestGlibc - oldestGlibc + 1 }, (_, i) => newestGlibc - i);
  return [...versions.map((minor) => `manylinux_2_${minor}_${machine}`), `manylinux2014_${machine}`];
}

export type CLibrary = 'glibc' | 'musl';

/** The Linux C library this Node runs on; its report has a glibc version if it is glibc. */
export function linuxLibrary(): CLibrary {
  const { header } = process.report.getReport() as { header: { glibcVersionRuntime?: string } };
  return header.glibcVersionRuntime === undefined ? 'musl' : 'glibc';
}

/** @throws UsageError for a platform that TensorFlow has no wheels for */
export function tensorflowWheel(
  platform: string,
  machine: string,
  wantsGpu: boolean,
  library: CLibrary = 'glibc',
): WheelSource {
  const requirement = (project: string) => `${project}==${tensorflowVersion}`;
  if (platform === 'linux' && library === 'musl')
    throw new UsageError(
      `TensorFlow ${tensorflowVersion} has no build for musl, the C library of Alpine Linux`,
      undefined,
      'use a Linux with glibc, such as Debian or Ubuntu (the container image node:24-slim, not node:24-alpine)',
    );
  switch (`${platform} ${machine}`) {
    case 'linux x64':
      return wantsGpu
        ? { requirement: requirement('tensorflow'), platforms: glibc('x86_64'), kind: 'cuda' }
        : { requirement: requirement('tensorflow-cpu'), platforms: glibc('x86_64'), kind: 'cpu' };
    case 'linux arm64':
      // Built without CUDA.
      return { requirement: requirement('tensorflow'), platforms: glibc('aarch64'), kind: 'cpu' };
    case 'darwin arm64':
      return {
        requirement: requirement('tensorflow'),
        platforms: ['macosx_12_0_arm64', 'macosx_11_0_arm64'],
        kind: 'cpu',
      };
    default:
      throw new UsageError(
        `TensorFlow ${tensorflowVersion} has no build for ${platform} on ${machine}`,
        undefined,
        'linux x64, linux arm64 and macOS arm64 are supported; set EMERGENCE_TENSORFLOW to use your own build',
      );
  }
}

/**
 * NVIDIA's wheels required by a TensorFlow wheel's extra `and-cuda`, as requirements for pip: the same as with
 * `pip install tensorflow[and-cuda]`, the newest within TensorFlow's bounds.
 *
 * @param metadata the wheel's METADATA, e.g. `Requires-Dist: nvidia-cudnn-cu12<10.0,>=9.3.0.75; extra == "and-cuda"`
 */
export function cudaRequirements(metadata: string): string[] {
  return metadata
    .split(/\r?\n/)
    .map((line) =>
      /^Requires-Dist:\s*(nvidia-[A-Za-z0-9._-]+)\s*\(?([^;)]*)\)?\s*;.*extra\s*==\s*['"]and-cuda['"]/.exec(line),
    )
    .filter((match) => match !== null)
    .map(([, name = '', version = '']) => `${name}${version.replaceAll(' ', '')}`);
}
