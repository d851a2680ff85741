/** `emergence datasets` as the user sees it. */
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import sharp from 'sharp';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { runProgram } from '../support/program.js';

let folder = '';
beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'emergence-datasets-'));
});
afterEach(() => {
  fs.rmSync(folder, { recursive: true, maxRetries: 10 });
});

const run = (...words: string[]) => runIn({ EMERGENCE_CACHE_DIR: path.join(folder, 'cache') }, ...words);

async function runIn(environment: NodeJS.ProcessEnv, ...words: string[]) {
  return runProgram(folder, words, { EMERGENCE_DATA_DIR: path.join(folder, 'data'), ...environment });
}

test('list shows which datasets are here and how to get the rest; --json says the same for programs', async () => {
  const { code, stdout, stderr } = await run('datasets', 'list');
  expect([code, stderr]).toEqual([0, '']);
  expect(stdout).toContain('✓ mnist: handwritten digits, 28 x 28 grey, 10 classes, 60000 train and 10000 test\n');
  expect(stdout).toContain('problem   cifar-10-binary.tar.gz is missing; run: npm run datasets -- fetch cifar10\n');
  const { stdout: json } = await run('datasets', 'list', '--json');
  const names = (JSON.parse(json) as { datasets: { name: string }[] }).datasets.map(({ name }) => name);
  expect(names).toContain('omniglot-small');
  expect(fs.readdirSync(folder)).toEqual([]);
});

test('preview writes the picture and says where it is', async () => {
  const { code, stdout, stderr } = await run('datasets', 'preview', 'shapes', '--image-size', '14', '--colour', 'rgb');
  expect([code, stdout]).toEqual([0, 'reports/preview-shapes.png\n']);
  // A table with a line for each of the eight classes, not a single line with escaped breaks.
  expect(stderr.split('\n').filter((line) => /^ +\d+ +\S.* \d+ +\d+$/.test(line)).length).toBe(8);
  expect((await sharp(path.join(folder, 'reports', 'preview-shapes.png')).metadata()).format).toBe('png');
});

test('images of any size train; skipped files are reported, size and colour recorded', async () => {
  for (const [name, colour] of [
    ['red', 'rgb(200, 20, 20)'],
    ['green', 'rgb(20, 200, 20)'],
  ] as const) {
    fs.mkdirSync(path.join(folder, 'pictures', name), { recursive: true });
    for (let i = 0; i < 10; i++)
      await sharp({ create: { width: 20 + i, height: 30, channels: 3, background: colour } })
        .jpeg()
        .toFile(path.join(folder, 'pictures', name, `${i}.jpg`));
  }
  fs.writeFileSync(path.join(folder, 'pictures/red/notes.txt'), 'no picture');
  const words = '--arch cnn --dataset images:pictures --image-size 16 --widths 2 --epochs 1 --batch-size 4 --threads 1';
  // The runtime is in the real cache; this leaves the same small file there each time.
  const { code, stderr } = await runIn({}, 'train', ...words.split(' '));
  expect(stderr).toContain('pictures: 1 of 21 files skipped: damaged or not images; the first is red/notes.txt (');
  expect(stderr).toContain(
    'pictures: no test folder: 4 of 20 images, about a fifth of each class, become the test set\n',
  );
  expect(code).toBe(0);
  const record = JSON.parse(fs.readFileSync(path.join(folder, 'checkpoints/cnn-images-pictures/run.json'), 'utf8')) as {
    experiment: object;
    dataset: object;
  };
  expect(record.experiment).toMatchObject({ dataset: 'images:pictures', imageSize: 16 });
  expect(record.dataset).toMatchObject({ shape: { height: 16, width: 16, channels: 3 }, trainCount: 16, testCount: 4 });
});

test.each<[string, string]>([
  [
    'datasets preview',
    "error: missing required argument 'name' (a dataset, listed by `npm run datasets -- list`, or files of your own: images:PATH, idx:PATH)",
  ],
  [
    'datasets preview mnits',
    'error: preview: "mnits" is not a dataset; did you mean mnist? Known: mnist, fashion-mnist, cifar10, cifar100, omniglot-small, omniglot, shapes, concepts, images:PATH, idx:PATH',
  ],
  ['datasets preview shapes --colour red', 'error: --colour: "red" is unknown; known: grey, rgb'],
  ['datasets fetch idx:x', 'error: fetch: idx:PATH names your own files; there is nothing to download'],
  ['datasets lst', "error: unknown command 'lst'; did you mean list?"],
  [
    'train --arch cnn --dataset cifar10',
    'error: FOLDER/data/cifar10/cifar-10-binary.tar.gz: is missing, and cifar10 needs it; run: npm run datasets -- fetch cifar10 (170 MB), or copy https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz there yourself',
  ],
])('%s gives one line with exit code 2, and leaves nothing behind', async (line, message) => {
  const { code, stdout, stderr } = await run(...line.split(' '));
  expect({ code, stdout, stderr: stderr.replaceAll(folder, 'FOLDER') }).toEqual({
    code: 2,
    stdout: '',
    stderr: `${message}\n`,
  });
  expect(fs.readdirSync(folder)).toEqual([]);
});
