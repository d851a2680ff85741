/** `emergence report` as its user meets it: files, mistakes, nothing half-written; and without TensorFlow, which this project never starts. */
import * as fs from 'node:fs';
import * as path from 'node:path';
import { csvParse } from 'd3-dsv';
import sharp from 'sharp';
import { beforeEach, describe, expect, test } from 'vitest';
import { labFolder } from '../../src/machine/installation.js';
import { memberFolder } from '../../src/runs/run.js';
import { metrics } from '../../src/metrics/index.js';
import { membersOf, writeFamily, type FamilyShape } from '../support/families.js';
import { runRecord, temporaryFolder, writeSyntheticRun } from '../support/runs.js';
import { runProgram } from '../support/program.js';

const shape: FamilyShape = { arch: 'cnn', widths: [1, 2, 4, 8], seeds: [0, 1], count: 300 };

let root = '';
let folder = '';
beforeEach(async () => {
  root = await temporaryFolder();
  folder = path.join(root, 'reports', 'lenet');
  await writeFamily(path.join(root, 'checkpoints', 'lenet'), shape);
});

async function run(...words: string[]) {
  return runProgram(root, words);
}

const report = (...words: string[]) => run('report', 'lenet', '--draws', '100', ...words);

function filesIn(of: string): string[] {
  return fs
    .readdirSync(of, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(of, path.join(entry.parentPath, entry.name)))
    .sort();
}

test('a folder with page, text, figures of three formats and tables of two; the same bytes each time', async () => {
  const { code, stdout, stderr } = await report();
  expect([code, stderr]).toEqual([0, '']);
  expect(stdout).toMatch(/\nreport {2}reports\/lenet, 24 files\npage {4}reports\/lenet\/report\.html, \d+ kB\n$/);
  expect(filesIn(folder)).toEqual(
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
  const before = filesIn(folder).map((file) => fs.readFileSync(path.join(folder, file)));
  expect((await report()).code).toBe(0);
  expect(filesIn(folder).map((file) => fs.readFileSync(path.join(folder, file)))).toEqual(before);
  expect(fs.readdirSync(path.join(root, 'reports'))).toEqual(['lenet']);
});

test('eight seeds or more of each width are a section with figure and table; the command beneath it draws the same', async () => {
  const seeds = Array.from({ length: 8 }, (_, seed) => seed);
  const many: FamilyShape = { arch: 'cnn', widths: [1, 2, 8], seeds, count: 100 };
  await writeFamily(path.join(root, 'checkpoints', 'many'), many);
  const made = await run('report', 'many', '--draws', '100');
  expect([made.code, made.stderr]).toEqual([0, '']);
  const reported = path.join(root, 'reports', 'many');
  const members = membersOf(many);
  const accuracies = members.map(({ outcomes }) => metrics.accuracy.with({}).measure(outcomes).value);
  const means = many.widths.map((_, i) => accuracies.slice(8 * i, 8 * i + 8).reduce((sum, value) => sum + value) / 8);
  const from = (means[0]! + means[2]!) / 2;
  const rows = csvParse(fs.readFileSync(path.join(reported, 'tables/many-seeds.csv'), 'utf8'));
  expect(rows.map(({ width, mean, success }) => [width, mean, success].map(Number))).toEqual(
    many.widths.map((width, i) => [
      width,
      means[i],
      accuracies.slice(8 * i, 8 * i + 8).filter((value) => value >= from).length / 8,
    ]),
  );
  const text = fs.readFileSync(path.join(reported, 'report.md'), 'utf8');
  expect(text).toContain('\n## Seeds as a distribution\n');
  expect(fs.readFileSync(path.join(reported, 'report.html'), 'utf8')).toContain('Seeds as a distribution');
  const [, words] = /npm run seeds -- (.*)$/m.exec(text) ?? [];
  const again = await run('seeds', ...words!.split(' '), '--output', path.join(root, 'again'));
  expect(again.code).toBe(0);
  const [one, other] = [path.join(root, 'again.svg'), path.join(reported, 'figures/many-seeds.svg')];
  expect(fs.readFileSync(one, 'utf8') === fs.readFileSync(other, 'utf8')).toBe(true);
});

test('figures say 300 dpi, tables have what the metrics say, and no file has a path of this machine', async () => {
  await report('--induced', 'subset-accuracy:k=7');
  const { density, width } = await sharp(path.join(folder, 'figures/lenet-compare.png')).metadata();
  expect(density).toBe(300);
  expect(width).toBeGreaterThan(2000);
  const rows = csvParse(fs.readFileSync(path.join(folder, 'tables/lenet-members.csv'), 'utf8'));
  const metric = metrics['subset-accuracy'].with({ k: 7 });
  expect(rows.map((row) => Number(row['induced']))).toEqual(
    membersOf(shape).map(({ outcomes }) => metric.measure(outcomes).value),
  );
  for (const file of filesIn(folder)) {
    const content = fs.readFileSync(path.join(folder, file), 'latin1');
    expect([file, content.includes(root), content.includes(labFolder)]).toEqual([file, false, false]);
  }
});

test('the commands that are printed draw the same figures', async () => {
  await report();
  const lines = fs
    .readFileSync(path.join(folder, 'report.md'), 'utf8')
    .split('\n')
    .map((line) => line.trim());
  const commands = lines.filter((line) => /^npm run (compare|sweep) -- /.test(line));
  expect(commands).toHaveLength(3);
  for (const [i, name] of ['compare', 'thresholds', 'causes'].entries()) {
    const words = commands[i]!.replace(/^npm run (\w+) -- /, '$1 ').split(' ');
    // The report of this test is made with fewer draws than usual.
    const draws = words[0] === 'compare' ? ['--draws', '100'] : [];
    const { code } = await run(...words, ...draws, '--output', path.join(root, 'again'));
    expect(code).toBe(0);
    const again = fs.readFileSync(path.join(root, name === 'causes' ? 'again-causes.svg' : 'again.svg'), 'utf8');
    expect(again === fs.readFileSync(path.join(folder, `figures/lenet-${name}.svg`), 'utf8')).toBe(true);
  }
});

test('where the dataset is another one than was trained on, the page has no pictures and says why', async () => {
  const other = path.join(root, 'checkpoints', 'other');
  const dataset = { ...runRecord().dataset, testCount: 200 };
  await writeSyntheticRun({
    folder: other,
    record: { name: 'other', dataset },
    widths: [1, 2],
    seeds: [0],
    accuracy: () => 0.5,
  });
  const { code, stderr } = await run('report', 'other', '--draws', '100');
  expect([code, stderr]).toEqual([
    0,
    'no pictures of test examples: mnist has a different fingerprint than in run.json\n',
  ]);
  const page = fs.readFileSync(path.join(root, 'reports/other/report.html'), 'utf8');
  expect(page).toContain(
    '"pictures":"the dataset has changed since the run was trained, so the images would not match."',
  );
});

test('a missing member is named on the way and among the caveats', async () => {
  const member = memberFolder(path.join(root, 'checkpoints/lenet'), { arch: 'cnn', width: 8, seed: 1 });
  fs.rmSync(path.join(member, 'outcomes.parquet'));
  const { code, stderr } = await report();
  expect([code, stderr]).toEqual([0, 'not included: cnn-w8-s1 (outcomes.parquet is missing)\n']);
  const story = fs.readFileSync(path.join(folder, 'report.md'), 'utf8');
  expect(story).toContain(
    '- 1 member of the run is missing from this report: cnn-w8-s1 (outcomes.parquet is missing).',
  );
});

test('several runs make one report', async () => {
  await writeFamily(path.join(root, 'checkpoints', 'ae'), { ...shape, arch: 'autoencoder' });
  const { code, stdout } = await run('report', 'lenet', 'ae', '--draws', '100', '--json', '--output', 'both');
  expect(code).toBe(0);
  const { folder: where, runs } = JSON.parse(stdout) as { folder: string; runs: string[] };
  expect([where, runs]).toEqual(['both', ['lenet', 'ae']]);
  const { files } = JSON.parse(fs.readFileSync(path.join(root, 'both/report.json'), 'utf8')) as { files: string[] };
  expect([...files, 'report.json'].sort()).toEqual(filesIn(path.join(root, 'both')));
});

describe('bad input is one line and exit code 2, and leaves nothing behind', () => {
  test.each([
    [['report', 'lenett'], /^error: RUN: "lenett" is neither a run in checkpoints nor .*; did you mean lenet\?/],
    [['report', 'lenet', 'lenet'], /^error: RUN: two runs are named lenet; report on them one at a time/],
    [
      ['report', 'lenet', '--induced', 'accuracy'],
      /^error: --induced: accuracy is no threshold of these runs; they have subset-accuracy/,
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
    const { code, stdout, stderr } = await run(...words);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(line);
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
    expect(fs.readdirSync(root)).toEqual(['checkpoints']);
  });
});

test("a file of the user's in a report's folder is not lost", async () => {
  await report();
  fs.writeFileSync(path.join(folder, 'notes.txt'), 'mine');
  const { code, stderr } = await report();
  expect([code, stderr]).toEqual([
    2,
    "error: --output: reports/lenet/notes.txt is not one of the report's files; move it, or name another folder\n",
  ]);
  expect(fs.readFileSync(path.join(folder, 'notes.txt'), 'utf8')).toBe('mine');
});
