/** Pythons with third-party packages, in an environment that stays beside `node_modules` until the next `npm ci`. */
import { execFileSync, spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as path from 'node:path';

const environment = path.resolve(import.meta.dirname, '../../node_modules/.cache/exports');

const packages = {
  onnx: ['onnx', 'onnxruntime'],
  'saved-model': ['tensorflow-cpu==2.21.0'],
  safetensors: ['safetensors', 'numpy'],
  pandas: ['pandas', 'pyarrow', 'matplotlib'],
} as const;

/** A Python for it, or the reason why there is none. PyTorch is not installed: it is used if Python has it. */
export function pythonWith(
  tool: keyof typeof packages | 'torch',
): { readonly python: string } | { readonly missing: string } {
  if (tool === 'torch') {
    const python = process.env['TORCH_PYTHON'] ?? 'python3';
    const { status } = spawnSync(python, ['-c', 'import torch, numpy'], { stdio: 'ignore' });
    return status === 0 ? { python } : { missing: `${python} has no torch; name one that has in TORCH_PYTHON` };
  }
  const python = path.join(environment, 'bin/python');
  try {
    if (!fs.existsSync(python)) execFileSync('python3', ['-m', 'venv', environment], { stdio: 'pipe' });
    execFileSync(python, ['-m', 'pip', 'install', '-q', '--retries', '1', ...packages[tool]], { stdio: 'pipe' });
    return { python };
  } catch (error) {
    const words = error instanceof Error && 'stderr' in error ? String(error.stderr) : String(error);
    return { missing: words.trim().split('\n').at(-1)! };
  }
}
