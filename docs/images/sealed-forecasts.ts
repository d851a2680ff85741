/**
 * Draws the forecasts of docs/forecasts beside what was measured later: the fans and the known members as sealed, and the measured means
 * over seeds from the table of docs/forecasts.md, as the runs themselves are not in the repository.
 */
import * as fs from 'node:fs/promises';
import { scoreMetric } from '../../src/analysis/forecast/scoring.js';
import { present } from '../../src/machine/present.js';
import { parseMetric } from '../../src/metrics/index.js';
import { writeFigure } from '../../src/report/figures/files.js';
import { scoreFigure } from '../../src/report/figures/forecast.js';
import { usualFigure } from '../../src/report/figures/figure-options.js';
import { readSeal } from '../../src/runs/forecasts.js';

const drawn: Readonly<Record<string, readonly string[]>> = {
  'forecast-autoencoder-2': ['mse', 'reconstruction:c=0.002'],
  'forecast-cnn-2': ['accuracy', 'subset-accuracy:k=10'],
  'forecast-transformer-3': ['image-accuracy', 'sequence-accuracy:l=5'],
};

/** By run and metric: the measured mean at each predicted width. */
async function measuredMeans(): Promise<Map<string, number[]>> {
  const means = new Map<string, number[]>();
  const [table] = (await fs.readFile('docs/forecasts.md', 'utf8')).split('The next table').slice(0, 1);
  let run = '';
  for (const line of present(table).split('\n')) {
    const [, name, metric, , measured] = line.split('|').map((cell) => cell.trim());
    if (name?.startsWith('forecast-') === true) run = name;
    if (run !== '' && metric !== undefined && measured !== undefined)
      means.set(`${run} ${metric}`, measured.split(', ').map(Number));
  }
  return means;
}

const means = await measuredMeans();
for (const [name, metrics] of Object.entries(drawn)) {
  const { seal } = await readSeal(`docs/forecasts/${name}.json`);
  const scores = metrics.map((id) => {
    const sealed = present(seal.metrics.find(({ metric }) => metric === id));
    const truths = present(means.get(`${seal.run} ${id}`)).map((mean) => [mean]);
    return scoreMetric(parseMetric(id), sealed, seal.targets, truths);
  });
  const about = { name, run: `run ${seal.run}`, sealed: seal.sealed.slice(0, 10) };
  const figure = scoreFigure(about, scores);
  await writeFigure(
    `docs/images/${name}`,
    {
      ...figure,
      notes: figure.notes.map((note) =>
        note.replace('Points: seeds.', 'Points: seeds; trained after: means over seeds.'),
      ),
      // Scores are of seeds, and in the table.
      panels: figure.panels.map((panel) => ({ ...panel, notes: panel.notes.slice(0, 1) })),
    },
    { ...usualFigure, formats: ['png'] },
  );
}
