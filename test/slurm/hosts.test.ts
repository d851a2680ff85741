/** Locks between two hosts, as processes in separate name spaces, on one disk: a living holder, and a power cut. */
import { execFileSync, spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { onTestFinished, expect, test } from 'vitest';
import { temporaryFolder } from '../support/runs.js';

const contender = path.resolve(import.meta.dirname, '../support/contender.ts');
const space = ['--uts', '--pid', '--fork', '--mount-proc', '--kill-child=KILL'];
const isPossible = spawnSync('unshare', [...space, 'true']).status === 0;
if (!isPossible) console.error('not tested between hosts: unshare may not make name spaces here');

/** A host that does not report in time is a failure, long before the test's own limit. */
const mostMilliseconds = 150_000;

interface Host {
  readonly name: string;
  readonly child: ChildProcess;
  /** Its lines so far, and its errors. */
  readonly said: string[];
  readonly complaint: string[];
}

/** A process on a host of this name that wants the lock and then keeps it. */
function host(name: string, file: string, environment: NodeJS.ProcessEnv = {}): Host {
  const words = [process.execPath, '--import', 'tsx', contender, file];
  const child = spawn('unshare', [...space, 'bash', '-c', 'hostname "$0" && exec "$@"', name, ...words], {
    cwd: path.dirname(contender),
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const linesOf = (stream: Readable) => {
    const lines: string[] = [];
    createInterface(stream).on('line', (line) => lines.push(line));
    return lines;
  };
  return { name, child, said: linesOf(child.stdout), complaint: linesOf(child.stderr) };
}

/** Waits for messages from living hosts; if one of them ends instead, throws with everything they all said. */
async function until(what: string, living: readonly Host[], isSo: () => boolean): Promise<void> {
  const all = () => living.map(({ name, said, complaint }) => [name, ...said, ...complaint].join('\n')).join('\n\n');
  for (let waited = 0; !isSo(); waited += 100) {
    for (const { name, child } of living) {
      const end = child.exitCode ?? child.signalCode;
      if (end !== null) throw new Error(`${name} ended (${end}) before: ${what}\n${all()}`);
    }
    if (waited > mostMilliseconds) throw new Error(`did not come: ${what}\n${all()}`);
    await sleep(100);
  }
}

/**
 * A folder as two hosts see it: SHARED_FOLDERS=/mnt/a,/mnt/b puts it on two mounts of one file server; by default both see one on this
 * disk.
 */
async function sharedFolder(): Promise<readonly [string, string]> {
  const [first, second] = process.env['SHARED_FOLDERS']?.split(',') ?? [];
  if (first === undefined || second === undefined) {
    const folder = await temporaryFolder();
    return [folder, folder];
  }
  const folder = await fs.mkdtemp(path.join(first, 'emergence-test-'));
  onTestFinished(() => fs.rm(folder, { recursive: true }));
  return [folder, path.join(second, path.basename(folder))];
}

/** One host's clock is this many milliseconds ahead of the other's. */
async function contest(ahead: number): Promise<void> {
  const [ours, theirs] = (await sharedFolder()).map((folder) => path.join(folder, 'member')) as [string, string];
  const both = [host('node-b', ours), host('node-a', theirs, { CLOCK_AHEAD: String(ahead) })] as const;
  const has = ({ said }: Host) => said.includes('taken');
  // Either may be the first.
  await until('one has the lock', both, () => both.some(has));
  const [holder, other] = has(both[0]) ? both : [both[1], both[0]];
  // A look every half second, for longer than the 30 s and 10 s after which a silent lock is taken.
  await until('a hundred looks', both, () => other.said.length > 100 || has(other));
  // Until a holder has written who it is, nobody knows.
  expect(new Set(other.said.filter((line) => line !== 'busy unknown'))).toEqual(
    new Set(['ready', `busy ${holder.name}`]),
  );
  const gone = once(holder.child, 'exit');
  holder.child.kill('SIGKILL');
  await gone;
  const since = performance.now();
  await until('the lock of the dead is taken', [other], () => has(other));
  // Its last sign of life was at most 5 s old, and is watched for 10 s after 30; a busy machine delays both.
  expect(performance.now() - since).toBeGreaterThan(1000 * (30 - 5));
}

// Concurrently and in one test: a hook of concurrent tests runs when any of them ends, and kills the hosts of the others.
test.skipIf(!isPossible)(
  "a host with a correct clock, or one 45 s off, leaves a live lock alone and takes a dead host's lock after the stated time",
  async () => {
    // 45 s are more than it takes for a dead host's lock to be taken.
    await Promise.all([0, 45_000, -45_000].map(contest));
    expect(execFileSync('hostname', { encoding: 'utf8' }).trim()).not.toMatch(/^node-[ab]$/);
  },
);
