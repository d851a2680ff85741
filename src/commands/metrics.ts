/** `emergence metrics`: every metric that a run can be looked at with. */
import type { Command } from 'commander';
import { addMetricFile, jsonOf, registryOf, type Raw } from './runs.js';
import { examples } from './examples.js';

export function registerMetrics(program: Command): void {
  addMetricFile(program.command('metrics').description('list the metrics: kind, direction, unit, formula and source'))
    .option('--json', 'as one JSON array on stdout')
    .addHelpText('after', examples('metrics'))
    .action(list);
}

async function list(raw: Raw): Promise<void> {
  const { exampleOf } = await import('../metrics/index.js');
  const { styleText } = await import('node:util');
  const registered = Object.values(await registryOf(raw)).map((metric) => {
    const { name, kind, better, unit, units, formula, source, parameters } = metric;
    const example = exampleOf(metric);
    return { name, example, parameters: Object.keys(parameters.shape), kind, better, unit, units, formula, source };
  });
  if (raw['json'] === true) {
    console.log(jsonOf(registered));
    return;
  }
  const paragraphs = registered.map(({ example, kind, better, unit, units, formula, source }) =>
    [
      styleText('bold', example),
      `    ${kind}, ${better} is better${unit === '' ? '' : `, in ${unit}`}; over ${units}`,
      `    ${formula}`,
      `    source: ${source}`,
    ].join('\n'),
  );
  console.log(paragraphs.join('\n\n'));
}
