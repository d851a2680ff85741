/** `emergence setup` stopped midway. pip and the compiler are scripts that would never end. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { text } from 'node:stream/consumers';
import { expect, onTestFinished, test } from 'vitest';
import { isRunning, until } from '../support/processes.js';
import { program } from '../support/program.js';
import { temporaryFolder } from '../support/runs.js';

/** Starts a child process, as a compiler's driver does, and reports it. */
const endless = `#!/bin/sh
case "$*" in *--version*) echo "pip 23.2.1 from here (python 3.11)"; exit 0;; *" -S "*) echo main:; exit 0;; esac
sleep 100000 &
echo $! > "$STARTED.part" && mv "$STARTED.part" "$STARTED"
wait
`;

/** What lookAt() accepts as a TensorFlow. */
const tensorflow = ['libtensorflow_cc.so.2', 'libtensorflow_framework.so.2', 'include/tensorflow/c/c_api.h'];

// What a shell reports for a program ended by the signal: 128 plus its number.
test.each([
  ['pip', 'SIGTERM', 143],
  ['the compiler', 'SIGTERM', 143],
  ['the compiler', 'SIGINT', 130],
] as const)('%s ends at once on %s, with exit code %i and nothing half-made', async (what, signal, exitCode) => {
  const root = await temporaryFolder();
  const [bin, cache, started] = ['bin', 'cache', 'started'].map((name) => path.join(root, name)) as [
    string,
    string,
    string,
  ];
  fs.mkdirSync(bin);
  for (const name of ['python3', 'g++']) fs.writeFileSync(path.join(bin, name), endless, { mode: 0o755 });
  for (const name of tensorflow) {
    const file = path.join(root, 'tensorflow', name);
    fs.mkdirSync(path.dirname(file), { recursive: true });
    fs.writeFileSync(file, '');
  }
  const child = spawn(process.execPath, [program, 'setup', '--device', 'cpu'], {
    cwd: root,
    env: {
      ...process.env,
      ...{ PATH: `${bin}${path.delimiter}${process.env['PATH'] ?? ''}`, CXX: path.join(bin, 'g++'), STARTED: started },
      ...{ EMERGENCE_CACHE_DIR: cache, EMERGENCE_TENSORFLOW: what === 'pip' ? '' : path.join(root, 'tensorflow') },
    },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const said = text(child.stderr);
  const closed = once(child, 'close');
  expect(await until(() => fs.existsSync(started), 60_000)).toBe(true);
  const grandchild = Number(fs.readFileSync(started, 'utf8'));
  onTestFinished(() => {
    if (isRunning(grandchild)) process.kill(grandchild, 'SIGKILL');
  });
  child.kill(signal);
  await closed;
  expect([child.exitCode, (await said).split('\n').at(-2)]).toEqual([
    exitCode,
    'stopped; run the same command again to redo the unfinished part',
  ]);
  expect(await until(() => !isRunning(grandchild), 10_000)).toBe(true);
  const left = fs.readdirSync(cache, { recursive: true, encoding: 'utf8' });
  expect(left.filter((name) => /whl|tmp|lock|incoming|\.node/.test(name))).toEqual([]);
});
