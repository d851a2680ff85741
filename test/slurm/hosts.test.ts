/** Locks between two hosts, as processes in name spaces of their own, on one disk: a living holder, and a power cut. */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import * as path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { onTestFinished, expect, test } from 'vitest';
import { temporaryFolder } from '../support/runs.js';

const contender = path.resolve(import.meta.dirname, '../support/contender.ts');
const space = ['--uts', '--pid', '--fork', '--mount-proc', '--kill-child=KILL'];
const isPossible = spawnSync('unshare', [...space, 'true']).status === 0;
if (!isPossible) console.error('not tested between hosts: unshare may not make name spaces here');

/** A process on a host of this name that wants the lock and then keeps it, and what it has said so far. */
function host(name: string, file: string, environment: NodeJS.ProcessEnv = {}) {
  const words = [process.execPath, '--import', 'tsx', contender, file];
  const child = spawn('unshare', [...space, 'bash', '-c', 'hostname "$0" && exec "$@"', name, ...words], {
    cwd: path.dirname(contender),
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const said: string[] = [];
  child.stdout.setEncoding('utf8').on('data', (lines: string) => said.push(...lines.trim().split('\n')));
  return { child, said };
}

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await sleep(100);
}

// 45 s are more than a lock needs to be taken from a dead host.
test.skipIf(!isPossible).concurrent.each([0, 45_000, -45_000])(
  'a host whose clock is %d ms off leaves a living lock alone, and takes that of a dead host after the stated time',
  async (ahead) => {
    const file = path.join(await temporaryFolder(), 'member');
    const [holder, other] = [host('node-b', file), host('node-a', file, { CLOCK_AHEAD: String(ahead) })];
    // Either may be the first.
    await until(() => [holder, other].some(({ said }) => said.includes('taken')));
    const [has, wants] = holder.said.includes('taken') ? [holder, other] : [other, holder];
    const from = has === holder ? 'busy node-b' : 'busy node-a';
    // A look every half second, for longer than the 30 s and 10 s after which a silent lock is taken.
    await until(() => wants.said.length > 100 || wants.said.includes('taken'));
    // Before a holder has written who it is, nobody knows.
    expect(new Set(wants.said.filter((line) => line !== 'busy unknown'))).toEqual(new Set(['ready', from]));
    has.child.kill('SIGKILL');
    await once(has.child, 'exit');
    const before = wants.said.length;
    await until(() => wants.said.includes('taken'));
    // Its last sign of life was at most 5 s old.
    expect(wants.said.length - before).toBeGreaterThan(2 * (30 - 5) - 5);
    expect(execFileSync('hostname', { encoding: 'utf8' }).trim()).not.toMatch(/^node-[ab]$/);
  },
);
