/** Every file in experiments/: is it valid, can it be planned, does it describe itself. */
import * as fs from 'node:fs';
import * as path from 'node:path';
import { expect, test } from 'vitest';
import { parseDatasetName } from '../../../src/datasets/index.js';
import { loadExperiment } from '../../../src/experiment/load.js';
import { runNameOf } from '../../../src/experiment/options.js';
import { planFamily } from '../../../src/experiment/plan.js';
import { resolveExperiment } from '../../../src/experiment/schema.js';
import { families } from '../../../src/families/index.js';
import { memberId } from '../../../src/runs/record.js';
import { membersOf } from '../../../src/runs/run.js';

const folder = path.resolve(import.meta.dirname, '../../../experiments');
const names = fs.readdirSync(folder).filter((name) => /\.ya?ml$/.test(name));

test.each(names)('%s validates and plans', async (name) => {
  const file = await loadExperiment(path.join(folder, name));
  expect(runNameOf({}, file)).toBe(path.basename(name, '.yaml'));
  const experiment = resolveExperiment(file.values);
  parseDatasetName(experiment.dataset);
  const family = families[experiment.arch];
  for (const width of experiment.widths) expect(family.refuses?.(width, experiment)).toBeUndefined();
  // The images' size changes the cost of a step, not what there is to plan.
  const task = { height: 28, width: 28, channels: 1, classes: 10, meanPixel: 0.25 };
  const keys = membersOf(experiment);
  const plan = planFamily({
    members: keys.map((key) => ({
      id: memberId(key),
      width: key.width,
      seed: key.seed,
      arch: experiment.arch,
      flopsPerStep: family.model(key.width, task, experiment).flops.training * experiment.batchSize,
      steps: 100,
    })),
    cores: 2,
    device: 'cpu',
  });
  expect(plan.members.map(({ id }) => id).sort()).toEqual(keys.map(memberId).sort());
  expect(plan.estimatedSeconds).toBeGreaterThan(0);
});

test.each(names)('%s begins with its schema and says how to run it', (name) => {
  const [first, ...header] = fs.readFileSync(path.join(folder, name), 'utf8').split('\n');
  for (const heading of ['Takes:', 'Shows:']) expect(header.join('\n')).toContain(`# ${heading}  `);
  expect(first).toBe('# yaml-language-server: $schema=schema.json');
  expect(header).toContain(`# Run:    npm run train -- --experiment experiments/${name}`);
});

test('README.md lists exactly the existing experiments', () => {
  const readme = fs.readFileSync(path.join(folder, 'README.md'), 'utf8');
  const listed = [...readme.matchAll(/^\| \[([^\]]+)\]\(([^)]+)\) +\|/gm)];
  expect(listed.map(([, text]) => text).sort()).toEqual([...names].sort());
  for (const [, text, link] of listed) expect(link).toBe(text);
});
