import * as fs from 'node:fs';
import { expect, test } from 'vitest';
import { exampleOf, metrics } from '../../../src/metrics/index.js';

test('docs/metrics.md has a line for every metric, as the registry defines it', () => {
  const text = fs.readFileSync('docs/metrics.md', 'utf8');
  const lines = text.split('\n').filter((line) => line.startsWith('| `'));
  const cells = lines.map((line) => line.split(' | ').map((cell) => cell.replace(/^\| | \|$/g, '')));
  expect(cells).toEqual(
    Object.values(metrics).map((metric) => {
      const { kind, better, unit, units, formula, source } = metric;
      return [`\`${exampleOf(metric)}\``, kind, better, unit, units, formula.replaceAll('|', '\\|'), source];
    }),
  );
});
