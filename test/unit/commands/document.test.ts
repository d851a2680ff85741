import * as fs from 'node:fs';
import { Command, Option } from '@commander-js/extra-typings';
import { expect, test } from 'vitest';
import { createProgram } from '../../../src/cli.js';
import { commandsMarkdown, glossaryMarkdown, withMetricsTable } from '../../../src/commands/document.js';
import { commandLine } from '../../../src/machine/installation.js';
import { glossary } from '../../../src/report/glossary.js';

test('docs/commands.md is current; else: npm run docs', async () => {
  const file = new URL('../../../docs/commands.md', import.meta.url);
  expect(fs.readFileSync(file, 'utf8')).toBe(await commandsMarkdown(createProgram((line) => commandLine(line, false))));
});

test('docs/glossary.md is current; else: npm run docs; the sections it links to exist', async () => {
  const docs = new URL('../../../docs/', import.meta.url);
  expect(fs.readFileSync(new URL('glossary.md', docs), 'utf8')).toBe(await glossaryMarkdown());
  for (const { page } of glossary) {
    if (page === undefined) continue;
    const [file, anchor] = page.split('#');
    const headings = fs.readFileSync(new URL(file!, docs), 'utf8').match(/^#+ .*$/gm)!;
    const anchors = headings.map((heading) =>
      heading
        .replace(/^#+ /, '')
        .toLowerCase()
        .replaceAll(/[^\w -]/g, '')
        .replaceAll(' ', '-'),
    );
    if (anchor !== undefined) expect(anchors).toContain(anchor);
  }
});

test("docs/metrics.md's table is current; else: npm run docs", async () => {
  const text = fs.readFileSync(new URL('../../../docs/metrics.md', import.meta.url), 'utf8');
  expect(await withMetricsTable(text)).toBe(text);
  const stale = text.replace(/(\| `accuracy` +\| )thresholded/, '$1round');
  expect(stale).not.toBe(text);
  expect(await withMetricsTable(stale)).toBe(text);
});

test('every command is an npm script, and every script that runs one names a command', () => {
  const { scripts } = JSON.parse(fs.readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')) as {
    scripts: Record<string, string>;
  };
  const run = Object.entries(scripts).filter(([, line]) => line.startsWith('node bin/emergence.js '));
  expect(run.map(([name, line]) => [name, line.split(' ')[2]])).toEqual(run.map(([name]) => [name, name]));
  const commands = createProgram().commands.map((command) => command.name());
  expect(run.map(([name]) => name).sort()).toEqual(commands.sort());
});

test('usage, description, options with defaults and choices, examples, subcommands', async () => {
  const program = new Command('emergence').helpCommand('help [command]');
  const group = program
    .command('shop')
    .description('buy or sell')
    .addHelpText('after', '\nExample:\n  $ emergence shop buy');
  group
    .command('buy <things...>')
    .description('buy | things')
    .option('--much <n>', 'how much', '3')
    .addOption(new Option('--in <unit>', 'of what').choices(['kg', 'l']).default('kg'))
    .addOption(new Option('--secret').hideHelp())
    .addHelpText('after', '\nExamples:\n  $ emergence shop buy milk\n  $ emergence shop buy tea');
  const text = await commandsMarkdown(program);
  expect(text.slice(text.indexOf('- ['))).toMatchInlineSnapshot(`
    "- [\`shop\`](#shop): buy or sell

    ## \`shop\`

        emergence shop [options] [command]

    Buy or sell.

    Example:

        emergence shop buy

    ### \`shop buy\`

        emergence shop buy [options] <things...>

    Buy | things.

    | option        | what                                        |
    | ------------- | ------------------------------------------- |
    | \`--much <n>\`  | how much (default: "3")                     |
    | \`--in <unit>\` | of what (choices: "kg", "l", default: "kg") |

    Examples:

        emergence shop buy milk
        emergence shop buy tea
    "
  `);
});

test('earlier output is not included, and nothing is printed', async () => {
  const program = createProgram();
  expect(await commandsMarkdown(program)).toBe(await commandsMarkdown(program));
});
