/**
 * One job of the analysis in a process of its own, as a user's command runs it: nothing is warm. Prints a line of JSON with its
 * seconds and peak_mb, the peak of the process's memory. The run in FOLDER, 40 members on 10 000 test images, is made where it
 * is missing.
 *
 *     node --import tsx test/bench/analysis.ts FOLDER read
 *     node --import tsx test/bench/analysis.ts FOLDER sweep
 *     node --import tsx test/bench/analysis.ts FOLDER bootstrap METRIC
 */
import * as fs from 'node:fs';
import * as path from 'node:path';
import { drawMembers } from '../../src/analysis/draws/members.js';
import { sweepGrid } from '../../src/analysis/sweep.js';
import { metrics, parseMetric } from '../../src/metrics/index.js';
import { readColumns } from '../../src/runs/load.js';
import { openRunFolder } from '../../src/runs/open.js';
import { runRecord, writeSyntheticRun } from '../support/runs.js';

const [folder, job, name = 'accuracy'] = process.argv.slice(2) as [string, string, string | undefined];
if (!fs.existsSync(path.join(folder, 'run.json'))) {
  const dataset = { ...runRecord().dataset, testCount: 10_000 };
  const widths = Array.from({ length: 40 }, (_, i) => i + 1);
  await writeSyntheticRun({
    folder,
    record: { dataset },
    widths,
    seeds: [0],
    accuracy: ({ width }) => 0.6 + width / 101,
  });
}
const open = await openRunFolder(folder);
const started = performance.now();
const { members } = await readColumns(open, open.columns);
const read = performance.now();
const values = Array.from({ length: 1000 }, (_, i) => (2 * (i + 1)) / 1001);
const jobs: Record<string, () => unknown> = {
  read: () => undefined,
  sweep: () =>
    sweepGrid({ metric: metrics.below, parameters: { column: 'brier' }, axes: [{ key: 'c', values }], members }),
  bootstrap: () => drawMembers(parseMetric(name, name), members),
};
jobs[job]!();
const seconds = (job === 'read' ? read - started : performance.now() - read) / 1000;
console.log(JSON.stringify({ seconds, peak_mb: process.resourceUsage().maxRSS / 1000 }));
