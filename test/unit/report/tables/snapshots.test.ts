import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { describe, expect, test } from 'vitest';
import { sampleCurve, scoreCurve } from '../../../../src/analysis/curves.js';
import { evaluateMetric } from '../../../../src/analysis/evaluate.js';
import { forecastMetric } from '../../../../src/analysis/forecast/forecast.js';
import { extremes } from '../../../../src/analysis/sweep.js';
import { discoveriesOf } from '../../../../src/analysis/discoveries.js';
import { design } from '../../../../src/library/design.js';
import { power } from '../../../../src/library/power.js';
import { report } from '../../../../src/library/report.js';
import { search } from '../../../../src/library/search.js';
import { accuracy, crossEntropy, subsetAccuracy } from '../../../../src/metrics/classification.js';
import { comparisonTable } from '../../../../src/report/tables/compare.js';
import { designTable } from '../../../../src/report/tables/design.js';
import { diffTable } from '../../../../src/report/tables/diff.js';
import { evaluationTable } from '../../../../src/report/tables/evaluate.js';
import { scoreTable, sealedTable, studyTable } from '../../../../src/report/tables/forecast.js';
import { powerTable } from '../../../../src/report/tables/power.js';
import { fitTables, notesOf, sharpLines, turnTable } from '../../../../src/report/tables/quanta.js';
import { collapseTable } from '../../../../src/report/tables/collapse.js';
import { scalingTable } from '../../../../src/report/tables/scaling.js';
import { searchText } from '../../../../src/report/tables/search.js';
import { seedsTable } from '../../../../src/report/tables/seeds.js';
import { showText } from '../../../../src/report/tables/show.js';
import { causesText, extremesText } from '../../../../src/report/tables/sweep.js';
import { fitText, modelText } from '../../../../src/report/tables/theory.js';
import { wordsOver } from '../../../../src/runs/view.js';
import { trainedWords } from '../../../../src/runs/words.js';
import { writeFamily } from '../../../support/families.js';
import {
  causes,
  comparison,
  differences,
  familyOf,
  fitted,
  law,
  collapsed,
  scaled,
  scored,
  seedsOfWidths,
  studied,
  sweptCutoffs,
  turned,
} from '../../../support/figures.js';
import { temporaryFolder } from '../../../support/runs.js';

const images = familyOf('cnn');
const [standard, induced] = [accuracy.with({}), subsetAccuracy.with({ k: 5 })];
const sampling = { of: 'test images', text: '120 test images', note: undefined };

function evaluations(seeds: readonly number[]) {
  return [standard, crossEntropy.with({}), induced].map((metric) =>
    evaluateMetric(metric, familyOf('cnn', seeds), { draws: 100 }),
  );
}

function shown(members = images): string {
  const curves = [standard, induced].map((metric) => {
    const curve = sampleCurve(metric, members, { draws: 100 });
    return { curve, scores: scoreCurve(curve) };
  });
  const look = { width: 80, height: 16, xScale: 'log', characters: 'braille', colour: false } as const;
  return showText(curves, { ...look, words: trainedWords }, sampling);
}

const sweepText = {
  ...({ run: 'autoencoder-shapes', sweep: sweptCutoffs, by: 'bow', leastRange: 0.1 } as const),
  found: extremes(sweptCutoffs.points, 'bow', 0.1),
};

/** Tables that commands print, by the name of their file; those of `train`, `runs` and `import` have separate tests. */
const tables: Readonly<Record<string, () => string>> = {
  compare: () => comparisonTable(comparison, sampling),
  diff: () => diffTable(differences.seeds),
  'diff-members': () => diffTable(differences.members),
  evaluate: () =>
    evaluationTable([{ evaluations: evaluations([0, 1, 2]), curve: undefined }], { byMember: false, sampling }),
  'evaluate-members': () =>
    evaluationTable([{ evaluations: evaluations([0]), curve: undefined }], { byMember: true, sampling }),
  'forecast-sealed': () =>
    sealedTable(
      [
        forecastMetric(
          standard,
          images.filter(({ record: { width } }) => width < 16),
          { targets: [1600], draws: 100 },
        ),
      ],
      [{ width: 16 }],
    ),
  'forecast-score': () => scoreTable(scored),
  'forecast-study': () => studyTable(studied),
  quanta: () =>
    [
      turnTable(turned, trainedWords),
      sharpLines(turned, trainedWords),
      fitTables(turned, trainedWords),
      ...notesOf(turned, trainedWords),
    ].join('\n\n'),
  collapse: () => collapseTable(collapsed, accuracy.with({}), crossEntropy.with({})),
  'scaling-one': () => scalingTable(scaled.one, crossEntropy.with({})),
  'scaling-two': () => scalingTable(scaled.two, crossEntropy.with({})),
  seeds: () => seedsTable(seedsOfWidths),
  show: shown,
  sweep: () =>
    extremesText({
      ...sweepText,
      discoveries: discoveriesOf(
        sweptCutoffs.points.map(({ metric }) => metric),
        familyOf('autoencoder'),
        'bow',
      ),
    }),
  'sweep-untested': () => extremesText({ ...sweepText, discoveries: undefined }),
  causes: () => causesText({ metric: induced.title, ...causes }),
  theory: () => fitText(fitted),
  'theory-model': () => modelText(law, [1, 5]),
};

// Rewrite what changed on purpose with `npx vitest run --project unit test/unit/report/tables --update`.
describe('tables are unchanged', () => {
  test.each(Object.entries(tables))('%s', async (name, text) => {
    await expect(`${text()}\n`).toMatchFileSnapshot(`../snapshots/${name}.txt`);
  });

  test('search, and every table of a report except where it comes from', async () => {
    const root = await temporaryFolder();
    const folder = path.join(root, 'cnn-shapes');
    await writeFamily(folder, { arch: 'cnn', widths: [1, 2, 4, 8], seeds: [0, 1], count: 80 });
    const found = await search(folder, { draws: 50 });
    const text = searchText({ ...found, run: 'cnn-shapes', top: 5, words: trainedWords });
    await expect(`${text}\n`).toMatchFileSnapshot('../snapshots/search.txt');
    const written = await report([folder], { draws: 100, output: path.join(root, 'report') });
    const files = written.files.map(({ file }) => file).filter((file) => file.endsWith('.tex'));
    const contents = await Promise.all(
      files.map(async (file) => `${path.basename(file)}\n${await fs.readFile(file, 'utf8')}`),
    );
    await expect(contents.join('\n')).toMatchFileSnapshot('../snapshots/report-tables.txt');
  });
});

test('the cost of an experiment planned from a pilot: tables are unchanged', async () => {
  const root = await temporaryFolder();
  const folder = path.join(root, 'cnn-shapes');
  await writeFamily(folder, { arch: 'cnn', widths: [1, 2, 4, 8], seeds: [0, 1, 2], count: 80 });
  const planned = await power({ run: folder, effect: 0.1, seeds: [1, 2, 3], scale: 4, simulations: 50 });
  await expect(`${powerTable(planned)}\n`).toMatchFileSnapshot('../snapshots/power.txt');
  const one = await power({ effect: 0.02, accuracy: 0.5, one: true });
  await expect(`${powerTable(one)}\n`).toMatchFileSnapshot('../snapshots/power-one.txt');
  const proposed = await design(folder, {
    ...{ scales: 4, mostSeeds: 3, families: 20 },
    output: path.join(root, 'design.yaml'),
  });
  const table = designTable(proposed.design, { ...proposed.asked, isGiven: proposed.isGiven, cores: 2 });
  await expect(`${table}\n`).toMatchFileSnapshot('../snapshots/design.txt');
  const over = { ...proposed.asked, isGiven: false, cores: 2, words: wordsOver('depth') };
  expect(designTable(proposed.design, over)).toContain('at half of the scales and ends above 0.5');
});

test('show: over a factor that is 0 for some members the axis is linear, and there is no bow', () => {
  const members = images.map(({ record, outcomes }) => {
    return { record: { ...record, parameters: record.width - 1 }, outcomes };
  });
  const text = shown(members);
  expect(text).not.toContain('logarithmic');
  expect(text.split('parameters\n')[0]!.match(/●/g)).toHaveLength(5);
  expect(text).toContain('-: accuracy: a scale of 0 has no logarithm, so there is no bow.');
});
