/** `emergence natural`: published curves that a family can be compared with. */
import type { Command } from 'commander';
import { printable } from '../terminal/printable.js';
import { jsonOf, textOf, type Raw } from './runs.js';
import { commandLine } from '../machine/installation.js';
import { examples } from './examples.js';

export function registerNatural(program: Command): void {
  const group = program
    .command('natural')
    .description('published scores of other models against their size, to compare with')
    .helpCommand(false)
    .addHelpText('after', examples('natural list overlay'));
  group
    .command('list [file]')
    .description(
      'the curves of a CSV file, or of a shipped one; without a file those picked for comparison, and the other files',
    )
    .option('--search <text>', 'only curves whose name holds the text')
    .option('--json', 'everything, as JSON on stdout')
    .addHelpText('after', examples('natural list pythia --search lambada'))
    .action(list);
}

const picked = 'overlay';

async function list(file: string | undefined, raw: Raw): Promise<void> {
  const { readNaturalCurves, shippedFiles } = await import('../analysis/natural.js');
  const { textTable } = await import('../report/text-table.js');
  const { formatNumber } = await import('../terminal/format.js');
  const name = file ?? picked;
  const { curves, leftOut } = await readNaturalCurves(name, 'natural list');
  for (const line of leftOut) console.error(`not a curve: ${line}`);
  const wanted = textOf(raw, 'search') ?? '';
  const shown = curves.filter((curve) => curve.name.includes(wanted));
  if (raw['json'] === true) {
    console.log(jsonOf(shown));
    return;
  }
  if (shown.length === 0 && curves.length > 0) {
    console.log(printable(`none of the ${curves.length} curves of ${name} has "${wanted}" in its name`));
    return;
  }
  const range = (values: readonly number[]) =>
    `${formatNumber(Math.min(...values))} to ${formatNumber(Math.max(...values))}`;
  const lines = shown.map((curve) => [
    curve.name,
    String(curve.points.length),
    range(curve.points.map(({ params }) => params)),
    curve.metric,
    range(curve.points.map(({ value }) => value)),
    curve.unit,
  ]);
  const others = (await shippedFiles()).filter((other) => other !== name);
  console.log(
    [
      textTable([`${name}:`, 'sizes', 'parameters', 'metric', 'values', 'unit'], lines, [`${name}:`, 'metric', 'unit']),
      ...(file === undefined
        ? ['', `more curves: ${commandLine('natural list FILE')}, FILE one of ${others.join(', ')} or your own`]
        : []),
    ].join('\n'),
  );
}
