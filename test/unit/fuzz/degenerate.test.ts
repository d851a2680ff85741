/**
 * Every command on families for which metrics and scores are degenerate. Each gives an answer or one line with the
 * reason: no crash, no NaN, no -0, nothing blank and no zero-width interval without a reason.
 */
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { csvParse } from 'd3-dsv';
import { expect, test } from 'vitest';
import { exampleOf, metrics } from '../../../src/metrics/index.js';
import { outcomeKinds } from '../../../src/experiment/architectures.js';
import { runCommand, type Said } from '../../support/command.js';
import { degenerateFamilies, writeDegenerate, type Kind } from '../../support/degenerate.js';
import { fuzzScale } from '../../support/fuzz.js';
import { temporaryFolder } from '../../support/runs.js';

/** The others are for `npm run test:fuzz`: a family takes a second or two. */
const always = [
  'cnn, all right',
  'cnn, all wrong, then all right',
  'cnn, all right, one test example',
  'autoencoder, all images black',
  'autoencoder, some images perfect',
  'transformer, all right from the second on',
];

const families = Object.entries(degenerateFamilies).filter(([name]) => fuzzScale > 1 || always.includes(name));

test('the fixed families are among those tested', () => {
  expect(Object.keys(degenerateFamilies)).toEqual(expect.arrayContaining(always));
});

const columns: Readonly<Record<Kind, readonly string[]>> = {
  cnn: ['correct', 'log_probability', 'brier', 'confidence', 'margin', 'rank', 'label', 'predicted'],
  autoencoder: ['mse', 'psnr', 'ssim', 'max_error'],
  transformer: [
    'correct',
    'log_probability',
    'brier',
    'confidence',
    'margin',
    'rank',
    'label',
    'predicted',
    'sequence',
  ],
};

/** Every registered metric that a family can have, with parameters that fit its test set. */
function metricsFor(arch: Kind, count: number): string[] {
  const units = outcomeKinds[arch] === 'sequences' ? 'sequences' : 'images';
  const column = arch === 'autoencoder' ? 'mse' : 'margin';
  return Object.values(metrics)
    .filter((metric) => metric.units === units)
    .filter(({ needs }) => typeof needs === 'function' || needs.every((name) => columns[arch].includes(name)))
    .map((metric) =>
      exampleOf(metric)
        .replace('column=margin', `column=${column}`)
        .replace('l=8', 'l=3')
        .replace(/k=5$/, `k=${Math.min(5, count)}`),
    );
}

const sweeps: Readonly<Record<Kind, readonly string[]>> = {
  cnn: ['--metric', 'subset-accuracy', '--over', 'k=1..6'],
  autoencoder: ['--metric', 'reconstruction', '--over', 'c=1e-4:1e-1:6:log'],
  transformer: ['--metric', 'sequence-accuracy', '--over', 'l=1..3'],
};

const odd = [/NaN/, /undefined/, /this is a bug/, /(?<![\w.,])-0(\.0*)?(?![\d.e-])/];

/** The reason if there is no answer, otherwise the answer; neither contains nonsense. */
function check({ code, stdout, stderr }: Said, words: readonly string[]): void {
  const where = words.join(' ');
  expect([0, 1, 2], where).toContain(code);
  if (code !== 0) expect(stderr, where).toMatch(/^error: .+\n$/m);
  // Nothing is refused for its arguments: that would not test the family.
  expect(stderr, where).not.toMatch(/--draws/);
  for (const pattern of odd) expect(`${stdout}${stderr}`, where).not.toMatch(pattern);
  // Rounded, two ends may look the same; integers are not rounded.
  expect(stdout, where).not.toMatch(/\[(-?\d|inf), \1\]/);
}

/** Cells of an evaluation that are blank, infinite or claim certainty have a note. */
function checkEvaluation({ code, stdout }: Said): void {
  if (code !== 0) return;
  for (const row of csvParse(stdout)) {
    const isBare = ['value', 'lower', 'upper'].some((name) => row[name] === '' || !Number.isFinite(Number(row[name])));
    if (isBare) expect(row['note'], JSON.stringify(row)).not.toBe('');
    else expect(Number(row['lower']), JSON.stringify(row)).toBeLessThan(Number(row['upper']));
    if (row['standard_error'] !== '') expect(Number(row['standard_error']), JSON.stringify(row)).toBeGreaterThan(0);
  }
}

async function checkPictures(root: string): Promise<void> {
  const files = (await fs.readdir(root, { recursive: true })).filter((file) => file.endsWith('.svg'));
  for (const file of files)
    expect(await fs.readFile(path.join(root, file), 'utf8'), file).not.toMatch(/NaN|Infinity|undefined/);
}

test.each(families)('%s', async (_, family) => {
  const root = await temporaryFolder();
  await writeDegenerate(root, family);
  const { arch } = family;
  const all = metricsFor(arch, family.count);
  const chosen = all.flatMap((metric) => ['--metric', metric]);
  // The smallest allowed number.
  const draws = ['--draws', '100'];
  checkEvaluation(await runCommand(root, ['evaluate', 'odd', ...chosen, ...draws, '--csv']));
  for (const words of [
    ['evaluate', 'odd'],
    ['evaluate', 'odd', ...chosen, ...draws],
    ['evaluate', 'odd', ...chosen, ...draws, '--members'],
    ...all.map((metric) => ['show', 'odd', ...draws, '--metric', metric]),
    ['show', 'odd', ...draws, '--ascii'],
    ['sweep', 'odd', ...sweeps[arch], '--csv'],
    ['sweep', 'odd', ...sweeps[arch], '--by', 'emergence'],
    ...(fuzzScale > 1 ? all : all.slice(0, 2)).map((metric) => [
      ...['sweep', 'odd', '--metric', metric, '--test-sizes', '10,50', '--keep-scales', '2,4', '--draws', '20'],
    ]),
    ['compare', 'odd', ...draws],
    ['compare', 'odd', ...draws, '--json'],
    ['theory', 'odd'],
    ['search', 'odd', ...draws],
    ['quanta', 'odd'],
    ['forecast', 'study', 'odd', ...draws],
    ['forecast', 'seal', 'odd', '--widths', '32', ...draws],
    ...(fuzzScale > 1 ? [['report', 'odd', ...draws]] : []),
  ])
    check(await runCommand(root, words), words);
  await checkPictures(root);
});

test('a metric without a value says why, in the table and in the CSV', async () => {
  const root = await temporaryFolder();
  await writeDegenerate(root, degenerateFamilies['cnn, all right']!);
  const { stdout } = await runCommand(root, ['evaluate', 'odd', '--metric', 'auroc', '--csv']);
  const [row] = csvParse(stdout);
  expect(row).toMatchObject({
    ...{ id: 'cnn-w1-s0', value: '', standard_error: '', lower: '', upper: '' },
    note: 'no image is wrong, or none is right: there is no pair to compare',
  });
  const table = await runCommand(root, ['evaluate', 'odd', '--metric', 'auroc', '--metric', 'accuracy', '--members']);
  expect(table.stdout).toContain('\nauroc: no image is wrong, or none is right: there is no pair to compare\n');
  const theory = await runCommand(root, ['theory', 'odd']);
  expect(theory).toEqual({
    code: 2,
    stdout: '',
    stderr:
      'error: odd: the cross-entropy has no power law: a power law needs finite values above 0, but it has none at width 1, 2, 4 and 2 more, the last 16\n',
  });
});
