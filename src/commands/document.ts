/**
 * The parts of docs/ that are generated from definitions: commands.md, glossary.md, the table of metrics.md. `npm run docs` writes
 * them.
 */
import { fileURLToPath } from 'node:url';
import type { CommandUnknownOpts, Help } from '@commander-js/extra-typings';
import * as prettier from 'prettier';
import { present } from '../machine/present.js';
import { explainedDefaults } from '../experiment/default-reasons.js';
import { commandName } from './examples.js';
import { exampleOf as metricExample, metrics } from '../metrics/index.js';
import { glossary } from '../report/glossary.js';
import { capitalized } from '../terminal/format.js';

const opening = `# Commands
<!-- Written by \`npm run docs\` from the definitions of the commands; changes made here are lost. -->

Each is \`emergence COMMAND\` where the package is installed, and an npm script in a checkout: \`emergence train\` is \`npm run train --\` there.
\`emergence COMMAND --help\` prints the same. A mistake in a command line is reported in one line with exit code 2, a failure of the work with exit code 1.
`;

/** As Markdown. */
export function commandsMarkdown(program: CommandUnknownOpts): Promise<string> {
  const commands = help(program).visibleCommands(program).filter(isDocumented);
  const contents = commands.map((command) => `- [\`${command.name()}\`](#${command.name()}): ${command.description()}`);
  return formatted([opening, ...contents, '', ...commands.flatMap((command) => section(command, 2))].join('\n'));
}

/** docs/glossary.md. */
export function glossaryMarkdown(): Promise<string> {
  const rows = glossary.map(({ term, meaning, page }) => [
    term,
    page === undefined ? meaning : `${meaning} ([more](${page}))`,
  ]);
  const heading =
    '# Glossary\n<!-- Written by `npm run docs` from src/report/glossary.ts; changes made here are lost. -->\n';
  return formatted([heading, ...table(['term', 'meaning'], rows)].join('\n'));
}

/** docs/metrics.md with its table generated from the registry. */
export function withMetricsTable(text: string): Promise<string> {
  const rows = Object.values(metrics).map((metric) => [
    `\`${metricExample(metric)}\``,
    ...[metric.kind, metric.better, metric.unit, metric.units, metric.formula, metric.source],
  ]);
  const lines = table(['metric', 'kind', 'better', 'unit', 'over', 'formula', 'source'], rows);
  return formatted(text.replace(/^\| metric +\|.*\n(?:\|.*\n)*/m, () => `${lines.join('\n')}\n`));
}

/** Formatted as by `npm run format`, so that the pages can be compared exactly. */
async function formatted(markdown: string): Promise<string> {
  const config = await prettier.resolveConfig(fileURLToPath(new URL('../../docs/commands.md', import.meta.url)));
  return prettier.format(markdown, { ...config, parser: 'markdown' });
}

function isDocumented(command: CommandUnknownOpts): boolean {
  return command.name() !== 'help';
}

function help(command: CommandUnknownOpts): Help {
  return command.createHelp();
}

/** A command, followed by its subcommands. */
function section(command: CommandUnknownOpts, level: number): string[] {
  const tool = help(command);
  const options = tool.visibleOptions(command).filter(({ long }) => long !== '--help');
  const parts = tool.visibleCommands(command).filter(isDocumented);
  const described = tool.visibleArguments(command);
  const words = described.map((argument) => [
    `\`${tool.argumentTerm(argument)}\``,
    literal(tool.argumentDescription(argument)),
  ]);
  const rows = options.map((option) => [`\`${tool.optionTerm(option)}\``, literal(tool.optionDescription(option))]);
  return [
    `${'#'.repeat(level)} \`${commandName(command)}\``,
    `    ${tool.commandUsage(command)}`,
    '',
    sentence(command.description()),
    '',
    ...(words.length === 0 ? [] : [...table(['argument', 'what'], words), '']),
    ...(rows.length === 0 ? [] : [...table(['option', 'what'], rows), '']),
    ...(command.name() === 'train'
      ? [...table(['option', 'why the default is so, and what to try'], defaultRows()), '']
      : []),
    ...exampleOf(command),
    '',
    ...parts.flatMap((part) => section(part, level + 1)),
  ];
}

function defaultRows(): string[][] {
  return explainedDefaults().map(([flag, reason]) => [`\`${flag}\``, reason]);
}

function sentence(text: string): string {
  return literal(`${capitalized(text)}${text.endsWith('?') ? '' : '.'}`);
}

/** In file names a star is a star, not emphasis. */
function literal(text: string): string {
  return text.replaceAll('*', '\\*');
}

function table(heading: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(heading), line(heading.map(() => '---')), ...rows.map(line)];
}

/** The end of the help text: `Example:` and a command line, or several. */
function exampleOf(command: CommandUnknownOpts): string[] {
  let printed = '';
  const print = (text: string) => void (printed += text);
  const before = command.configureOutput();
  command.configureOutput({ writeOut: print, getOutHelpWidth: () => 1000, getOutHasColors: () => false });
  command.outputHelp();
  command.configureOutput(before);
  const at = printed.search(/^Examples?:$/m);
  if (at < 0) return [];
  const [title, ...lines] = printed.slice(at).trimEnd().split('\n');
  return [present(title), '', ...lines.map((line) => `    ${line.trim().replace(/^\$ /, '')}`)];
}
