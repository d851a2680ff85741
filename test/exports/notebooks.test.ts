/** The notebooks of docs/notebooks, cell by cell, on an exported run: their curves equal the lab's. */
import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { csvParse } from 'd3-dsv';
import { expect, test } from 'vitest';
import { evaluate, exportOutcomes } from '../../src/index.js';
import { exampleFolder } from '../support/examples.js';
import { pythonWith } from './python.js';

const notebooks = path.resolve(import.meta.dirname, '../../docs/notebooks');

async function exported(to: 'parquet' | 'csv') {
  const folder = await exampleFolder();
  const root = path.join(folder, 'checkpoints');
  const { file } = await exportOutcomes('lenet-mnist', { root, to, output: path.join(folder, `table.${to}`) });
  const wanted = ['accuracy', 'subset-accuracy:k=5', 'cross-entropy'];
  const { metrics } = await evaluate('lenet-mnist', { root, metrics: wanted });
  const [accuracy, subset, entropy] = metrics.map(({ scales }) => scales.map(({ value }) => value));
  return { folder, file, expected: [...accuracy!, ...subset!, ...entropy!] };
}

/** The last table a program printed: its columns one after the other. */
function columnsOf(words: readonly string[], { folder, file }: { readonly folder: string; readonly file: string }) {
  const { stdout, stderr, status } = spawnSync(words[0]!, words.slice(1), {
    cwd: folder,
    encoding: 'utf8',
    env: { ...process.env, OUTCOMES: file, MPLBACKEND: 'agg' },
  });
  expect(status, stderr).toBe(0);
  const text = stdout.replaceAll('"', '');
  const rows = csvParse(text.slice(text.lastIndexOf('width,parameters')).trimEnd());
  return ['accuracy', 'subset_accuracy', 'cross_entropy'].flatMap((name) => rows.map((row) => Number(row[name])));
}

test.for(['parquet', 'csv'] as const)('Python, from %s', async (to, { skip }) => {
  const found = pythonWith('pandas');
  if ('missing' in found) return skip(found.missing);
  const run = await exported(to);
  const { cells } = JSON.parse(fs.readFileSync(path.join(notebooks, 'outcomes.ipynb'), 'utf8')) as {
    readonly cells: readonly { readonly cell_type: string; readonly source: readonly string[] }[];
  };
  const code = cells.filter(({ cell_type: type }) => type === 'code').map(({ source }) => source.join(''));
  const script = path.join(run.folder, 'notebook.py');
  fs.writeFileSync(script, [...code, 'print(curve.to_csv(index=False))'].join('\n\n'));
  // Sums of float32 values in another order.
  expect(columnsOf([found.python, script], run)).toBeAllClose(run.expected, { rtol: 1e-6 });
});

test('R, from CSV', async ({ skip }) => {
  if (spawnSync('Rscript', ['--version']).status !== 0) return skip('there is no Rscript here');
  const run = await exported('csv');
  const text = fs.readFileSync(path.join(notebooks, 'outcomes.Rmd'), 'utf8');
  const code = [...text.matchAll(/```\{r\}\n(.*?)```/gs)].map(([, chunk]) => chunk!);
  const script = path.join(run.folder, 'notebook.R');
  fs.writeFileSync(
    script,
    ['options(digits = 15)', 'pdf(NULL)', ...code, 'write.csv(curve, row.names = FALSE)'].join('\n'),
  );
  expect(columnsOf(['Rscript', script], run)).toBeAllClose(run.expected, { rtol: 1e-6 });
});
