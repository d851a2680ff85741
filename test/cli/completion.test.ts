/** Completion as the shells give it: keys are sent to interactive shells on a terminal of their own. */
import { spawn, spawnSync } from 'node:child_process';
import { text } from 'node:stream/consumers';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { runProgram } from '../support/program.js';
import { temporaryFolder, writeSyntheticRun } from '../support/runs.js';

/** Types a line and a tab into a shell that is ready, and prints the resulting line. */
const terminal = `
import os, pty, signal, sys
signal.alarm(30)
first, keys, shell = sys.argv[1], sys.argv[2], sys.argv[3:]
pid, fd = pty.fork()
if pid == 0:
    os.execvp(shell[0], shell)
seen = b''
def until(mark):
    global seen
    while mark not in seen:
        seen += os.read(fd, 65536)
    before, _, seen = seen.partition(mark)
    return before
os.write(fd, (first + "; shown() { printf 'BEG''IN[%s]EN''D' \\"$*\\"; }; PS1='REA''DY'\\r").encode())
until(b'READY')
os.write(fd, (keys + "\\t\\x01shown \\r").encode())
until(b'BEGIN[')
sys.stdout.buffer.write(until(b']END'))
`;

const scripts: Record<string, string> = {};
beforeAll(async () => {
  for (const shell of ['bash', 'zsh', 'fish']) {
    const { code, stdout } = await runProgram(process.cwd(), ['completion', shell]);
    expect(code).toBe(0);
    scripts[shell] = stdout;
  }
});

async function folderWithRun(): Promise<string> {
  const folder = await temporaryFolder();
  const run = path.join(folder, 'checkpoints', 'lenet-mnist');
  await writeSyntheticRun({ folder: run, widths: [1], seeds: [0], accuracy: () => 0.5 });
  for (const [shell, script] of Object.entries(scripts))
    fs.writeFileSync(path.join(folder, `completion.${shell}`), script);
  return folder;
}

const isHere = (shell: string) => spawnSync(shell, ['--version']).status === 0;

/** The text typed before the tab key, and the line the shell makes of it. */
const completed: readonly (readonly [typed: string, line: string])[] = [
  ['emergence evalu', 'emergence evaluate'],
  ['emergence forecast stu', 'emergence forecast study'],
  ['emergence evaluate --metric-', 'emergence evaluate --metric-file'],
  ['emergence evaluate len', 'emergence evaluate lenet-mnist'],
  ['emergence evaluate lenet-mnist --metric balanced', 'emergence evaluate lenet-mnist --metric balanced-accuracy'],
  ['emergence train --arch auto', 'emergence train --arch autoencoder'],
  ['emergence train --experiment lenet-fig', 'emergence train --experiment lenet-figure-10'],
  ['emergence search lenet-mnist --by lin', 'emergence search lenet-mnist --by linearity'],
  ['emergence datasets fetch fash', 'emergence datasets fetch fashion-mnist'],
  ['emergence completion ba', 'emergence completion bash'],
];

describe.each(['bash', 'zsh'])('%s', (shell) => {
  const start = {
    bash: ['--norc', '--noprofile', '-i'],
    zsh: ['-f', '-i'],
  }[shell]!;

  test.skipIf(!isHere(shell)).each(completed)('%s', async (typed, line) => {
    const cwd = await folderWithRun();
    const words = ['-c', terminal, `source ./completion.${shell}`, typed, shell, ...start];
    const child = spawn('python3', words, {
      cwd,
      // npm sets an editor, after which zsh uses that editor's keys.
      env: { ...process.env, TERM: 'xterm', EDITOR: '', VISUAL: '' },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    expect((await text(child.stdout)).trim()).toBe(line);
  });
});

test.skipIf(!isHere('fish')).each(completed)('fish: %s', async (typed, line) => {
  const cwd = await folderWithRun();
  const { stdout } = spawnSync('fish', ['--no-config', '-c', 'source completion.fish; complete -C $argv[1]', typed], {
    cwd,
    encoding: 'utf8',
  });
  const [first = ''] = stdout.split('\n');
  expect(`${typed.replace(/\S*$/, '')}${first.split('\t')[0]!}`).toBe(line);
});
