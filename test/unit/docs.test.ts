/**
 * Documentation compared with the lab: links have targets, and every command line on a page has an existing command with valid options and
 * values.
 */
import * as fs from 'node:fs';
import * as path from 'node:path';
import type { CommandUnknownOpts } from '@commander-js/extra-typings';
import { expect, test } from 'vitest';
import { createProgram } from '../../src/cli.js';
import * as library from '../../src/index.js';
import { metrics } from '../../src/metrics/index.js';
import { messageOf } from '../../src/terminal/errors.js';

const root = path.resolve(import.meta.dirname, '../..');
const read = (file: string) => fs.readFileSync(path.join(root, file), 'utf8');
const below = (folder: string, ending: string) =>
  fs
    .readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith(ending))
    .map((name) => path.posix.join(folder, name.replaceAll(path.sep, '/')));

const pages = [
  ...[
    'README.md',
    'CONTRIBUTING.md',
    'checkpoints/README.md',
    'src/README.md',
    'test/gpu/README.md',
    'vendor/README.md',
  ],
  ...['docs', 'datasets', 'experiments'].flatMap((folder) => below(folder, '.md')),
];

/** As GitHub makes anchors from headings; a repeated heading has a number. */
function anchorsOf(markdown: string): string[] {
  const seen = new Map<string, number>();
  const headings = markdown.replaceAll(/^```[\s\S]*?^```/gm, '').match(/^#+ .*$/gm) ?? [];
  return headings.map((heading) => {
    const anchor = heading
      .replace(/^#+ /, '')
      .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}_ -]/gu, '')
      .replaceAll(' ', '-');
    const earlier = seen.get(anchor) ?? 0;
    seen.set(anchor, earlier + 1);
    return earlier === 0 ? anchor : `${anchor}-${earlier}`;
  });
}

/** What is wrong with a link on a page, if anything. */
function broken(page: string, link: string): string | undefined {
  if (/^[a-z]+:/.test(link)) return undefined;
  const [target = '', anchor] = link.split('#');
  const file = target === '' ? page : path.posix.join(path.posix.dirname(page), target);
  if (!fs.existsSync(path.join(root, file))) return `${page}: ${link} leads to no file`;
  if (anchor === undefined || anchorsOf(read(file)).includes(anchor)) return undefined;
  return `${page}: ${file} has no heading #${anchor}`;
}

const program = createProgram();
const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };

/** What is wrong with a command line, `npm run NAME -- ...` or `emergence NAME ...`, if anything. */
function wrong(line: string): string | undefined {
  const parts = /(?:npm run (?:-s )?([a-z][\w:-]*)(?: --(?= |$))?|(?<![\w/.-])emergence (?=[a-z])([\w-]+))(.*)/.exec(
    line,
  );
  if (parts === null) return undefined;
  const name = parts[1] ?? parts[2]!;
  if (parts[1] !== undefined && !(name in scripts)) return `no script ${name}: ${line}`;
  let command: CommandUnknownOpts | undefined = program.commands.find((each) => each.name() === name);
  if (command === undefined) return parts[2] === undefined ? undefined : `no command ${name}: ${line}`;
  // Up to what belongs to the shell: a comment, a pipe, the next command.
  const words = parts[3]!.split(/\s(?:[#|>]|&&)|; /)[0]!.split(/[\s`]+/);
  for (const word of words) command = command.commands.find((each) => each.name() === word) ?? command;
  const known = new Set([...options(command), '--help']);
  const unknown = words.flatMap((word) => /^--[a-z][\w-]*/.exec(word) ?? []).filter((option) => !known.has(option));
  if (unknown.length > 0) return `${command.name()} has no ${unknown.join(', ')}: ${line}`;
  return wrongValue(words, line, command);
}

/** An option's own objection to its value in a line; names of metrics and experiments, which commands look up later, are looked up here. */
function wrongValue(words: readonly string[], line: string, command: CommandUnknownOpts): string | undefined {
  for (const [i, word] of words.entries()) {
    const option = command.options.find(({ long }) => long === word);
    const value = words[i + 1];
    if (option === undefined || option.isBoolean() || value === undefined || !/^[\w.,:=+-]+$/.test(value)) continue;
    try {
      option.parseArg?.(value, undefined as never);
    } catch (error) {
      return `${messageOf(error)}: ${line}`;
    }
    const isMetric = ['--metric', '--standard', '--induced', '--surrogate-of'].includes(word);
    if (isMetric && !line.includes('--metric-file') && !Object.hasOwn(metrics, value.split(':')[0]!))
      return `no metric ${value}: ${line}`;
    if (word === '--experiment' && /^[a-z][\w-]*$/.test(value) && !fs.existsSync(`${root}/experiments/${value}.yaml`))
      return `no experiment ${value}: ${line}`;
  }
  return undefined;
}

/** Long names of a command's options and of its parent commands' options. */
function options(command: CommandUnknownOpts): (string | undefined)[] {
  const own = command.options.map(({ long }) => long);
  return command.parent === null ? own : [...own, ...options(command.parent)];
}

/** Lines of code blocks, indented or fenced, and code within a line. */
function codeOf(markdown: string): string[] {
  const inline = [...markdown.replaceAll(/^```[\s\S]*?^```|^ {4}.*$/gm, '').matchAll(/`([^`]+)`/g)];
  const blocks = [...markdown.matchAll(/^```[\s\S]*?^```|^ {4}.*$/gm)].flatMap(([block]) => block.split('\n'));
  return [...blocks, ...inline.map(([, code]) => code!.replaceAll(/\s+/g, ' '))];
}

test.each(pages)('%s: links lead to existing files and headings', (page) => {
  const text = read(page).replaceAll(/^```[\s\S]*?^```|^ {4}.*$|`[^`\n]*`/gm, '');
  const links = [...text.matchAll(/\]\(<?([^)\s>]+)>?\)/g)].map(([, link]) => link!);
  expect(links.flatMap((link) => broken(page, link) ?? [])).toEqual([]);
});

test.each(pages)('%s: commands and their options exist', (page) => {
  expect(codeOf(read(page)).flatMap((line) => wrong(line) ?? [])).toEqual([]);
});

// Pages about datasets mention files of other repositories.
test.each(pages.filter((page) => !page.startsWith('datasets/')))(
  '%s: the files of the checkout it names exist',
  (page) => {
    const named = codeOf(read(page)).filter((code) => /^(?:src|test|docs|experiments)\/[\w./-]*[\w/]$/.test(code));
    expect(named.filter((file) => !fs.existsSync(path.join(root, file)))).toEqual([]);
  },
);

test('README names every command in its table', () => {
  const table = read('README.md')
    .match(/^\| .*$/gm)!
    .join('\n');
  const missing = program.commands.map((command) => command.name()).filter((name) => !table.includes(`\`${name}\``));
  expect(missing).toEqual([]);
});

test('pages named by the program and its experiments exist, with their headings', () => {
  const files = [...below('src', '.ts'), ...below('experiments', '.yaml')];
  const named = files.flatMap((file) => {
    const text = read(file).replaceAll(/\bguide\('([^']+)'\)/g, 'docs/$1');
    return [...text.matchAll(/\bdocs\/[\w-]+\.md(?:#[\w-]+)?/g)].map(([link]) => ({ file, link }));
  });
  // There are dozens; finding none would mean that the pattern no longer matches how they are named.
  expect(named.length).toBeGreaterThan(5);
  expect(named.flatMap(({ file, link }) => (broken('README.md', link) ? `${file}: ${link}` : []))).toEqual([]);
});

test('a wrong link and a wrong command line are found', () => {
  expect([broken('README.md', 'docs/none.md'), broken('docs/metrics.md', 'glossary.md#none')]).toEqual([
    'README.md: docs/none.md leads to no file',
    'docs/metrics.md: docs/glossary.md has no heading #none',
  ]);
  expect(broken('README.md', 'docs/metrics.md#your-own-metric')).toBeUndefined();
  expect([
    wrong('npm run train -- --widths 8 --colours red'),
    wrong('npm run trian'),
    wrong('emergence forecast seal x --nights 2 # --anything'),
    wrong('npm run forecast -- seal x --widths 2 | jq --anything'),
    wrong('npm run show -- x --metric acuracy'),
    wrong('npm run train -- --experiment nowhere'),
    wrong('npm run evaluate -- x --draws many'),
  ]).toEqual([
    'train has no --colours: npm run train -- --widths 8 --colours red',
    'no script trian: npm run trian',
    'seal has no --nights: emergence forecast seal x --nights 2 # --anything',
    undefined,
    'no metric acuracy: npm run show -- x --metric acuracy',
    'no experiment nowhere: npm run train -- --experiment nowhere',
    '--draws: "many" is not a whole number of at least 100: npm run evaluate -- x --draws many',
  ]);
});

test('docs/library.md names every function of the library', () => {
  const page = read('docs/library.md');
  const functions = Object.entries(library).flatMap(([name, value]) => (typeof value === 'function' ? [name] : []));
  expect(functions).toContain('train');
  expect(functions.filter((name) => !page.includes(`\`${name}\``))).toEqual([]);
});
