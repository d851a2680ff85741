/** `emergence show` as the user sees it, on runs that were never trained. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import * as path from 'node:path';
import { text } from 'node:stream/consumers';
import { beforeEach, describe, expect, test } from 'vitest';
import { runRecord, temporaryFolder, writeSyntheticRun } from '../support/runs.js';
import { program } from '../support/program.js';

let root = '';
beforeEach(async () => {
  root = await temporaryFolder();
  await writeRun('lenet', [1, 2, 4, 8]);
});

async function writeRun(name: string, widths: readonly number[]) {
  const record = { name, dataset: { ...runRecord().dataset, testCount: 200 } };
  const folder = path.join(root, 'checkpoints', name);
  await writeSyntheticRun({ folder, record, widths, seeds: [0, 1], accuracy: ({ width }) => width / 10 });
}

async function start(file: string, words: readonly string[], environment: Record<string, string> = {}) {
  const env = { ...process.env, NO_COLOR: '', TERM: 'xterm', ...environment };
  const child = spawn(file, words, { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  return { code: child.exitCode, stdout, stderr };
}

const run = (...words: string[]) => start(process.execPath, [program, 'show', ...words]);

/** On a terminal of 100 columns: Python's pty, as Node has none. */
function onTerminal(environment: Record<string, string>, ...words: string[]) {
  const script =
    'import pty, os, sys, fcntl, termios, struct\n' +
    'pid, fd = pty.fork()\n' +
    'if pid == 0:\n' +
    '    fcntl.ioctl(1, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 100, 0, 0))\n' +
    '    os.execv(sys.argv[1], sys.argv[1:])\n' +
    'while True:\n' +
    '    try:\n' +
    '        data = os.read(fd, 65536)\n' +
    '    except OSError:\n' +
    '        break\n' +
    '    if not data:\n' +
    '        break\n' +
    '    sys.stdout.buffer.write(data)\n' +
    'sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))\n';
  return start('python3', ['-c', script, process.execPath, program, 'show', ...words], environment);
}

/** Lines of the first plot. */
const plotOf = (stdout: string) => stdout.slice(0, stdout.indexOf('\n\n')).split('\n');

test('in a pipe: braille dots, axes, legend and scores, without colours', async () => {
  const { code, stdout, stderr } = await run('lenet', '--draws', '100');
  expect([code, stderr]).toEqual([0, '']);
  expect(stdout).not.toContain('\u001b');
  expect(stdout).toMatch(/^share\n/);
  expect(stdout).toMatch(/[\u2801-\u28ff]/);
  expect(stdout).toMatch(/^ *● accuracy {3}■ subset accuracy, K = 5$/m);
  expect(stdout).toMatch(/trainable parameters, logarithmic/);
  expect(stdout).toMatch(/^emergence \(Eq 1\) +[\d.]+ \[[\d.]+, \S+\] +/m);
  expect(Math.max(...plotOf(stdout).map((line) => line.length))).toBeLessThanOrEqual(80);
});

test('--ascii prints ASCII; width, height, axis and metrics are as requested', async () => {
  const words = ['lenet', '--draws', '100', '--ascii', '--width', '50', '--height', '14', '--axis', 'width'];
  const { stdout } = await run(...words, '--metric', 'accuracy', '--metric', 'cross-entropy', '--linear');
  expect(Buffer.from(stdout).every((byte) => byte < 128)).toBe(true);
  const [accuracy, loss] = stdout.split('\n\n');
  for (const [panel, title] of [
    [accuracy!, 'share'],
    [loss!, 'nats (lower is better)'],
  ] as const) {
    const lines = panel.split('\n');
    expect([lines.length, lines[0]!.trim()]).toEqual([14, title]);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(50);
    expect(lines.at(-3)).toMatch(/^ +1 +2 +4 +8$/);
    expect(lines.at(-2)!.trim()).toBe('width');
  }
});

test("on a terminal: colours and the terminal's width; NO_COLOR turns colours off", async () => {
  const coloured = await onTerminal({}, 'lenet', '--draws', '100');
  expect([coloured.code, coloured.stderr]).toEqual([0, '']);
  expect(coloured.stdout).toContain('\u001b[34m●\u001b[39m accuracy');
  const plain = await onTerminal({ NO_COLOR: '1' }, 'lenet', '--draws', '100');
  expect(plain.stdout).not.toContain('\u001b');
  const floor = plain.stdout.split(/\r?\n/).find((line) => line.includes('└'));
  expect(floor).toHaveLength(100);
});

describe('bad input is one line with exit code 2', () => {
  test.each([
    [['lenett'], /^error: RUN: "lenett" is neither a run in checkpoints nor .*; did you mean lenet\?/],
    [[], /^error: missing required argument 'runs'/],
    [['lenet', '--metric', 'mse'], /^error: --metric: mse is not available for cnn runs/],
    [['lenet', '--axis', 'widht'], /^error: --axis: "widht" is not an axis; did you mean width\?/],
    [['lenet', '--width', '12'], /^error: --width: "12" is not a whole number of at least 40/],
    [['lenet', '--height', 'x'], /^error: --height: "x" is not a whole number of at least 10/],
    [['lenet', '--width', '100000'], /^error: --width: 100000 is more than 1000/],
    [['lenet', '--draws', '3'], /^error: --draws: "3" is not a whole number of at least 100/],
    [['one'], /^error: one: has one width; a curve needs two; train more with --widths/],
  ])('%j', async (words, line) => {
    await writeRun('one', [1]);
    const { code, stdout, stderr } = await run(...words);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(line);
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
  });
});
