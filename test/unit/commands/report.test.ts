/**
 * `emergence report` as the user sees it: files, mistakes, nothing half-written; and without TensorFlow, which this test project never
 * starts.
 */
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { csvParse } from 'd3-dsv';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { labFolder } from '../../../src/machine/installation.js';
import { memberFolder } from '../../../src/runs/run.js';
import { metrics } from '../../../src/metrics/index.js';
import { runCommand, type Said } from '../../support/command.js';
import { membersOf, writeFamily, type FamilyShape } from '../../support/families.js';
import { runRecord, writeSyntheticRun } from '../../support/runs.js';

const shape: FamilyShape = { arch: 'cnn', widths: [1, 2, 4, 8], seeds: [0, 1], count: 300 };
const many: FamilyShape = { arch: 'cnn', widths: [1, 2, 8], seeds: [0, 1, 2, 3, 4, 5, 6, 7], count: 100 };

let root = '';
/** Of one run, and of three: one with many seeds, one without a member, one whose dataset has changed since. */
let one: Said;
let three: Said;
beforeAll(async () => {
  root = fs.mkdtempSync(path.join(os.tmpdir(), 'emergence-report-'));
  const checkpoints = path.join(root, 'checkpoints');
  await writeFamily(path.join(checkpoints, 'lenet'), shape);
  await writeFamily(path.join(checkpoints, 'many'), many);
  const missing: FamilyShape = { ...shape, arch: 'autoencoder', count: 100 };
  await writeFamily(path.join(checkpoints, 'ae'), missing);
  const member = memberFolder(path.join(checkpoints, 'ae'), { arch: 'autoencoder', width: 8, seed: 1 });
  fs.rmSync(path.join(member, 'outcomes.parquet'));
  await writeSyntheticRun({
    folder: path.join(checkpoints, 'other'),
    record: { name: 'other', dataset: { ...runRecord().dataset, testCount: 200 } },
    widths: [1, 2],
    seeds: [0],
    accuracy: () => 0.5,
  });
  one = await report();
  three = await run('report', 'many', 'ae', 'other', '--draws', '100', '--json', '--output', 'three');
});
afterAll(() => {
  fs.rmSync(root, { recursive: true });
});

const run = (...words: string[]) => runCommand(root, words);
const report = () => run('report', 'lenet', '--draws', '100', '--induced', 'subset-accuracy:k=7');
const inRoot = (...names: string[]) => path.join(root, ...names);
const folder = () => inRoot('reports', 'lenet');
const read = (...names: string[]) => fs.readFileSync(inRoot(...names), 'utf8');

function filesIn(of: string): string[] {
  return fs
    .readdirSync(of, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(of, path.join(entry.parentPath, entry.name)))
    .sort();
}

test('a folder with page, text, figures in three formats and tables in two; the same bytes each time', async () => {
  expect([one.code, one.stderr]).toEqual([0, '']);
  expect(one.stdout).toMatch(/\nreport {2}reports\/lenet, 24 files\npage {4}reports\/lenet\/report\.html, \d+ kB\n$/);
  expect(filesIn(folder())).toEqual(
    [
      ...['causes', 'compare', 'thresholds'].flatMap((name) =>
        ['png', 'svg', 'vl.json'].map((end) => `figures/lenet-${name}.${end}`),
      ),
      ...['report.html', 'report.json', 'report.md'],
      ...['curves', 'members', 'paired', 'scores', 'smooth', 'thresholds'].flatMap((name) =>
        ['csv', 'tex'].map((end) => `tables/lenet-${name}.${end}`),
      ),
    ].sort(),
  );
  const bytes = () => filesIn(folder()).map((file) => fs.readFileSync(path.join(folder(), file)));
  const before = bytes();
  expect((await report()).code).toBe(0);
  expect(bytes()).toEqual(before);
  expect(fs.readdirSync(inRoot('reports'))).toEqual(['lenet']);
});

test('figures are 300 dpi, tables match the metrics, and no file contains a path of this machine', async () => {
  const { density, width } = await sharp(path.join(folder(), 'figures/lenet-compare.png')).metadata();
  expect(density).toBe(300);
  expect(width).toBeGreaterThan(2000);
  const rows = csvParse(read('reports/lenet/tables/lenet-members.csv'));
  const metric = metrics['subset-accuracy'].with({ k: 7 });
  expect(rows.map((row) => Number(row['induced']))).toEqual(
    membersOf(shape).map(({ outcomes }) => metric.measure(outcomes).value),
  );
  for (const of of ['reports/lenet', 'three'])
    for (const file of filesIn(inRoot(of))) {
      const content = fs.readFileSync(inRoot(of, file), 'latin1');
      expect([file, content.includes(root), content.includes(labFolder)]).toEqual([file, false, false]);
    }
});

test('the printed commands draw the same figures', async () => {
  const lines = read('reports/lenet/report.md')
    .split('\n')
    .map((line) => line.trim());
  const commands = lines.filter((line) => /^npm run (compare|sweep) -- /.test(line));
  expect(commands).toHaveLength(3);
  for (const [i, name] of ['compare', 'thresholds', 'causes'].entries()) {
    const words = commands[i]!.replace(/^npm run (\w+) -- /, '$1 ').split(' ');
    // This test's report uses fewer draws than usual.
    const draws = words[0] === 'compare' ? ['--draws', '100'] : [];
    const { code } = await run(...words, ...draws, '--output', inRoot('again'));
    expect(code).toBe(0);
    const again = read(name === 'causes' ? 'again-causes.svg' : 'again.svg');
    expect(again === read(`reports/lenet/figures/lenet-${name}.svg`)).toBe(true);
  }
});

describe('several runs', () => {
  test('make one report; --json lists its files with their sizes', () => {
    expect(three.code).toBe(0);
    const {
      folder: where,
      runs,
      files,
    } = JSON.parse(three.stdout) as {
      folder: string;
      runs: string[];
      files: { file: string; bytes: number }[];
    };
    expect([where, runs]).toEqual(['three', ['many', 'ae', 'other']]);
    expect(files.map(({ file }) => file).sort()).toEqual(filesIn(inRoot('three')).map((file) => `three/${file}`));
    for (const { file, bytes } of files) expect([file, bytes]).toEqual([file, fs.statSync(inRoot(file)).size]);
    const recorded = JSON.parse(read('three/report.json')) as { files: string[] };
    expect([...recorded.files, 'report.json'].sort()).toEqual(filesIn(inRoot('three')));
  });

  test('eight or more seeds per width get a section with figure and table; the command below it draws the same', async () => {
    const members = membersOf(many);
    const accuracies = members.map(({ outcomes }) => metrics.accuracy.with({}).measure(outcomes).value);
    const means = many.widths.map((_, i) => accuracies.slice(8 * i, 8 * i + 8).reduce((sum, value) => sum + value) / 8);
    const from = (means[0]! + means[2]!) / 2;
    const rows = csvParse(read('three/tables/many-seeds.csv'));
    expect(rows.map(({ width, mean, success }) => [width, mean, success].map(Number))).toEqual(
      many.widths.map((width, i) => [
        width,
        means[i],
        accuracies.slice(8 * i, 8 * i + 8).filter((value) => value >= from).length / 8,
      ]),
    );
    const text = read('three/report.md');
    expect(text.match(/^## .*seeds as a distribution$/gim)).toEqual(['## many: seeds as a distribution']);
    expect(read('three/report.html')).toContain('many: seeds as a distribution');
    const [, words] = /npm run seeds -- (.*)$/m.exec(text) ?? [];
    expect((await run('seeds', ...words!.split(' '), '--output', inRoot('again'))).code).toBe(0);
    expect(read('again.svg') === read('three/figures/many-seeds.svg')).toBe(true);
  });

  test('if the dataset is not the one trained on, the page has no pictures and says why', () => {
    expect(three.stderr).toContain(
      'no pictures of test examples: mnist has a different fingerprint than in run.json\n',
    );
    expect(read('three/report.html')).toContain(
      '"pictures":"the dataset has changed since the run was trained, so the images would not match."',
    );
  });

  test('a missing member is named during the run and among the caveats', () => {
    expect(three.stderr).toContain('not included: autoencoder-w8-s1 (outcomes.parquet is missing)\n');
    expect(read('three/report.md')).toContain(
      '- 1 member of the run is missing from this report: autoencoder-w8-s1 (outcomes.parquet is missing).',
    );
    expect(three.stderr.trimEnd().split('\n')).toHaveLength(2);
  });
});

describe('bad input is one line with exit code 2, and leaves nothing behind', () => {
  test.each([
    [['report', 'lenett'], /^error: RUN: "lenett" is neither a run in checkpoints nor .*; did you mean lenet\?/],
    [['report', 'lenet', 'lenet'], /^error: RUN: two runs are named lenet; report on them one at a time/],
    [
      ['report', 'lenet', '--induced', 'accuracy'],
      /^error: --induced: accuracy is not a threshold metric of these runs; they have subset-accuracy/,
    ],
    [
      ['report', 'lenet', '--induced', 'subset-accuracy:k=301'],
      /^error: subset-accuracy:k=301: the test set has 300 images; 301 are needed/,
    ],
    [['report', 'lenet', '--natural', 'overlay:gpt-5'], /^error: --natural: "gpt-5" is not a curve of overlay/],
    [['report', 'lenet', '--draws', '5'], /^error: --draws: "5" is not a whole number of at least 100/],
    [
      ['report', 'lenet', '--output', 'checkpoints'],
      /^error: --output: checkpoints is a folder with other files in it; name a new or empty one/,
    ],
    [
      ['report', 'lenet', '--output', 'checkpoints/lenet/run.json'],
      /^error: --output: .*run\.json is a file, not a folder/,
    ],
    [['report'], /^error: missing required argument 'runs'/],
  ])('%j', async (words, line) => {
    const before = fs.readdirSync(root, { recursive: true });
    const { code, stdout, stderr } = await run(...words);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(line);
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
    expect(fs.readdirSync(root, { recursive: true })).toEqual(before);
  });
});

test("a user's file in a report's folder is not lost", async () => {
  fs.writeFileSync(inRoot('reports/lenet/notes.txt'), 'mine');
  const { code, stderr } = await report();
  expect([code, stderr]).toEqual([
    2,
    'error: --output: reports/lenet/notes.txt is not one of the files that this command writes; move it, or name another folder\n',
  ]);
  expect(read('reports/lenet/notes.txt')).toBe('mine');
});
