/** `emergence datasets` as its user meets it. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { text } from 'node:stream/consumers';
import sharp from 'sharp';
import { afterEach, beforeEach, expect, test } from 'vitest';

const program = path.resolve(import.meta.dirname, '../../bin/emergence.js');

let folder = '';
beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'emergence-datasets-'));
});
afterEach(() => {
  fs.rmSync(folder, { recursive: true });
});

async function run(...words: string[]) {
  const child = spawn(process.execPath, [program, ...words], {
    cwd: folder,
    env: { ...process.env, EMERGENCE_DATA_DIR: path.join(folder, 'data'), NO_COLOR: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  return { code: child.exitCode, stdout, stderr };
}

test('list says what is here, and what to type for the rest; --json the same for programs', async () => {
  const { code, stdout, stderr } = await run('datasets', 'list');
  expect([code, stderr]).toEqual([0, '']);
  expect(stdout).toContain('✓ mnist: handwritten digits, 28 x 28 grey, 10 classes, 60000 train and 10000 test\n');
  expect(stdout).toContain('not here  cifar-10-binary.tar.gz is missing; type: npm run datasets -- fetch cifar10\n');
  const { stdout: json } = await run('datasets', 'list', '--json');
  const names = (JSON.parse(json) as { name: string }[]).map(({ name }) => name);
  expect(names).toContain('omniglot-small');
  expect(fs.readdirSync(folder)).toEqual([]);
});

test('preview writes the picture and says where', async () => {
  const { code, stdout } = await run('datasets', 'preview', 'shapes', '--image-size', '14', '--colour', 'rgb');
  expect([code, stdout]).toEqual([0, 'preview-shapes.png\n']);
  expect((await sharp(path.join(folder, 'preview-shapes.png')).metadata()).format).toBe('png');
});

test.each<[string, string]>([
  ['datasets preview', "error: missing required argument 'name'"],
  [
    'datasets preview mnits',
    'error: preview: "mnits" is not a dataset; did you mean mnist? Known: mnist, fashion-mnist, cifar10, cifar100, omniglot-small, omniglot, shapes, images:PATH, idx:PATH',
  ],
  ['datasets preview shapes --colour red', 'error: --colour: "red" is unknown; known: grey, rgb'],
  ['datasets fetch idx:x', 'error: fetch: idx:PATH is files of your own; there is nothing to fetch'],
  ['datasets lst', "error: unknown command 'lst'; did you mean list?"],
  [
    'train --arch cnn --dataset cifar10',
    'error: FOLDER/data/cifar10/cifar-10-binary.tar.gz: is not here, and cifar10 needs it; type: npm run datasets -- fetch cifar10 (170 MB), or put https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz there by hand',
  ],
])('%s is one line, exit code 2, and leaves nothing', async (line, message) => {
  const { code, stdout, stderr } = await run(...line.split(' '));
  expect({ code, stdout, stderr: stderr.replaceAll(folder, 'FOLDER') }).toEqual({
    code: 2,
    stdout: '',
    stderr: `${message}\n`,
  });
  expect(fs.readdirSync(folder)).toEqual([]);
});
