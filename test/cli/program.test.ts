/** The program as the user sees it: exit codes, one line per mistake, nothing half-written. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { packageJson } from '../../src/machine/installation.js';
import { program, runProgram } from '../support/program.js';

let folder = '';
beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'emergence-cli-'));
});
afterEach(() => {
  fs.rmSync(folder, { recursive: true, maxRetries: 10 });
});

async function run(...words: string[]) {
  return runProgram(folder, words);
}

describe('a mistake is one line on stderr with exit code 2, and leaves nothing behind', () => {
  test.each<[string, string]>([
    ['train --arch cn', 'error: --arch: "cn" is unknown; did you mean cnn? Known: cnn, autoencoder, transformer'],
    [
      'train --arch cnn --run a/b',
      'error: --run: "a/b" is not a name: letters, digits, ".", "_" and "-", starting with a letter or digit, 100 at most',
    ],
    [
      'train --arch cnn --widths',
      "error: option '--widths <list>' argument missing; it is: width of each member, comma-separated (default: 8,16,32,64)",
    ],
    ['train --arch cnn --widht 8', "error: unknown option '--widht'; did you mean --widths?"],
    [
      'train --arch cnn 8',
      "error: too many arguments for 'train'; lists have commas and no spaces (--widths 8,16), and a file its option (--experiment FILE)",
    ],
    [
      'import --run x',
      "error: import: give one of table, timm, logits, lm-eval, helm, inspect, every-eval-ever before '--run'",
    ],
    ['datasets show', "error: unknown command 'show'; known: list, fetch, preview"],
    ['trian', "error: unknown command 'trian'; did you mean train?"],
  ])('%s', async (line, message) => {
    expect(await run(...line.split(' '))).toEqual({ code: 2, stdout: '', stderr: `${message}\n` });
    expect(fs.readdirSync(folder)).toEqual([]);
  });
});

test('running without a command shows the help and counts as a mistake', async () => {
  const { code, stdout, stderr } = await run();
  expect([code, stdout]).toEqual([2, '']);
  expect(stderr).toMatch(/^Usage: npm run COMMAND -- \[options\]\n/);
});

test('every help text ends with an example of its command', async () => {
  const { stdout } = await run('--help');
  const commands = [...stdout.matchAll(/^ {2}([a-z]+) .*/gm)]
    .map(([, name]) => name!)
    .filter((name) => name !== 'help');
  expect(commands).toContain('train');
  for (const command of commands) {
    const help = await run(command, '--help');
    expect([help.code, help.stderr]).toEqual([0, '']);
    expect(help.stdout).toMatch(new RegExp(`Examples?:\\n(.*\\n)*  \\$ npm run ${command}\\b.*\\n$`));
  }
});

test('--version prints the version of the package', async () => {
  const { version } = packageJson();
  expect(await run('--version')).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' });
});

test('a closed output pipe is not an error', async () => {
  const child = spawn(process.execPath, [program, 'train', '--help'], { stdio: ['ignore', 'pipe', 'pipe'] });
  child.stdout.destroy();
  const [stderr] = await Promise.all([text(child.stderr), once(child, 'close')]);
  expect(stderr).toBe('');
});
