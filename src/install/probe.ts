/** Asks TensorFlow itself, in a separate process: if it fails to load, it must not crash the caller. */
import { spawnSync } from 'node:child_process';
import { withoutInformation } from './log.js';

export interface Probe {
  readonly version: string;
  readonly usesGpu: boolean;
}

const script = `
  const module = { exports: {} };
  process.dlopen(module, process.argv[1]);
  const binding = module.exports;
  console.log(JSON.stringify({ version: binding.TF_Version, usesGpu: binding.isUsingGpuDevice() }));
  process.exit();
`;

/** What a process with this environment sees, or why it could not load the binding. */
export function probeBinding(
  bindingPath: string,
  environment: Readonly<Record<string, string>>,
): Probe | { readonly failure: string } {
  const { status, signal, stdout, stderr, error } = spawnSync(process.execPath, ['-e', script, bindingPath], {
    encoding: 'utf8',
    timeout: 120_000,
    // Options meant for this process's Node (a loader, a debugger) must not reach the other.
    env: { ...process.env, NODE_OPTIONS: '', TF_CPP_MIN_LOG_LEVEL: '3', ...environment },
  });
  const answer = stdout.split('\n').find((line) => line.startsWith('{'));
  if (status === 0 && answer !== undefined) return JSON.parse(answer) as Probe;
  const reason =
    withoutInformation(stderr)
      .split('\n')
      .find((line) => /error|cannot|failed/i.test(line)) ??
    error?.message ??
    (signal === null ? `exit code ${String(status)}` : `killed by ${signal}`);
  return { failure: reason.replace(/^.*Error: /, '').trim() };
}
