/** CUDA's libraries as laid out by NVIDIA's wheels, beside TensorFlow's folder: `nvidia/cublas/lib/libcublas.so.12`. */
import { existsSync, readdirSync } from 'node:fs';
import * as fs from 'node:fs/promises';
import * as path from 'node:path';

/** What TensorFlow 2.21 must be able to open, by these names, to use a GPU; the last is needed by two others. */
const cudaLibraries = [
  'libcudart.so.12',
  'libcublas.so.12',
  'libcublasLt.so.12',
  'libcufft.so.11',
  'libcusolver.so.11',
  'libcusparse.so.12',
  'libcudnn.so.9',
  'libnvJitLink.so.12',
] as const;

/**
 * Works around TensorFlow 2.21's wheel: libtensorflow_framework opens CUDA's libraries, and its run path has the folder of each except
 * cusolver (which is in libtensorflow_cc's, where it does nothing). So cusolver is linked into the folder of cublas, which is searched.
 * `root` holds `tensorflow` and `nvidia`. Can be removed once a wheel has the right path.
 */
export async function linkCusolver(root: string): Promise<void> {
  const folder = (library: string) => path.join(root, 'nvidia', library, 'lib');
  if (!existsSync(folder('cusolver')) || !existsSync(folder('cublas'))) return;
  for (const name of readdirSync(folder('cusolver')).filter((each) => /^libcusolver\.so\.\d+$/.test(each))) {
    const link = path.join(folder('cublas'), name);
    if (!existsSync(link)) await fs.symlink(path.join('..', '..', 'cusolver', 'lib', name), link);
  }
}

/** Which of `cudaLibraries` are neither beside TensorFlow nor in the machine's own CUDA installation. */
export function missingCudaLibraries(tensorflowFolder: string, environment: NodeJS.ProcessEnv = process.env): string[] {
  const beside = path.join(tensorflowFolder, '..', 'nvidia');
  const folders = [
    ...(existsSync(beside) ? readdirSync(beside).map((name) => path.join(beside, name, 'lib')) : []),
    ...(environment['LD_LIBRARY_PATH'] ?? '').split(':').filter((name) => name !== ''),
    ...['/usr/local/cuda/lib64', '/usr/lib/x86_64-linux-gnu', '/usr/lib64'],
  ];
  return cudaLibraries.filter((name) => !folders.some((folder) => existsSync(path.join(folder, name))));
}
