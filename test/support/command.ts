/** Commands run within this process, to test what they print and write. For how the program itself starts and ends, use `program.ts`. */
import { vi } from 'vitest';
import { runCommandLine } from '../../src/cli.js';

export interface Said {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command in a folder to its end, as a program without a terminal would. */
export async function runCommand(folder: string, words: readonly string[]): Promise<Said> {
  const said = { stdout: '', stderr: '' };
  const spies = [
    vi.spyOn(console, 'log').mockImplementation((text: string) => void (said.stdout += `${text}\n`)),
    vi.spyOn(console, 'error').mockImplementation((text: string) => void (said.stderr += `${text}\n`)),
    vi.spyOn(process.stdout, 'write').mockImplementation((text) => Boolean((said.stdout += String(text)))),
    vi.spyOn(process.stderr, 'write').mockImplementation((text) => Boolean((said.stderr += String(text)))),
  ];
  const before = { cwd: process.cwd(), exitCode: process.exitCode };
  process.chdir(folder);
  // Progress lines depend on the clock.
  vi.stubEnv('EMERGENCE_PROGRESS', 'none');
  process.exitCode = undefined;
  try {
    const code = await runCommandLine(words);
    return { code, ...said };
  } finally {
    process.chdir(before.cwd);
    vi.unstubAllEnvs();
    process.exitCode = before.exitCode;
    for (const spy of spies) spy.mockRestore();
  }
}
