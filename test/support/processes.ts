/** Processes seen from outside, and waiting for what they do. */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import * as fs from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** Processes whose parent is `pid`, from Linux's /proc. */
export function childrenOf(pid: number): number[] {
  return fs
    .readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((candidate) => statOf(candidate)?.parent === pid);
}

/** Neither gone nor a zombie that nobody waited for. */
export function isRunning(pid: number): boolean {
  if (process.platform === 'linux') return statOf(pid) !== undefined;
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Undefined for a zombie too. */
function statOf(pid: number): { readonly parent: number } | undefined {
  try {
    const stat = fs.readFileSync(`/proc/${pid}/stat`, 'utf8');
    const [state, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return state === 'Z' ? undefined : { parent: Number(parent) };
  } catch {
    return undefined;
  }
}

/**
 * Whether the condition became true within this many milliseconds of this process's own waiting: it counts looks, not clock time, which
 * runs on while a machine is paused or busy with others.
 */
export async function until(condition: () => boolean, milliseconds: number): Promise<boolean> {
  for (let looks = milliseconds / 20; looks > 0; looks--) {
    if (condition()) return true;
    await sleep(20);
  }
  return condition();
}

/** What a process says next on its stream, a line or part of one; throws if it ends without. */
export async function nextWords(child: ChildProcess, stream: 'stdout' | 'stderr' = 'stdout'): Promise<string> {
  const over = new AbortController();
  const ended = once(child, 'close', over).then(() => {
    throw new Error(`ended (${child.exitCode ?? child.signalCode!}) without a word on ${stream}`);
  });
  try {
    const [words] = (await Promise.race([once(child[stream]!, 'data', over), ended])) as [Buffer | string];
    return words.toString();
  } finally {
    ended.catch(() => undefined);
    over.abort();
  }
}
