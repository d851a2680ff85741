/** Checks what CONTRIBUTING says about imports: they run one way, along the data flow, and only three folders know TensorFlow.js. */
import * as fs from 'node:fs';
import * as path from 'node:path';
import ts from 'typescript';
import { expect, test } from 'vitest';

const src = path.resolve(import.meta.dirname, '../../src');

/**
 * Folders in the order of the flow: a file imports from its own folder and from earlier ones. `statistics`, `terminal` and `machine` know
 * nothing of the lab and may be imported by all.
 */
const flow = [
  'statistics',
  'terminal',
  'machine',
  'datasets',
  'experiment',
  'runs',
  'launch',
  'import',
  'install',
  'engine',
  'families',
  'training',
  'export',
  'metrics',
  'analysis',
  'report',
  'library',
  'index.ts',
  'commands',
  'cli.ts',
  'main.ts',
  'bundle.ts',
  'write-docs.ts',
  'write-kernels.ts',
  'write-types.ts',
  'write-package.ts',
];

/** What a folder never imports, although it comes earlier. */
const forbidden: Readonly<Record<string, readonly string[]>> = {
  // The engine could be a package of its own.
  engine: ['datasets', 'experiment', 'runs', 'import', 'install'],
  install: ['datasets', 'experiment', 'runs', 'import'],
  families: ['runs'],
  // Results are read and shown without TensorFlow.
  metrics: ['install', 'engine', 'families', 'training'],
  analysis: ['install', 'engine', 'families', 'training'],
  report: ['install', 'engine', 'families', 'training'],
};

/** Folders that may import TensorFlow.js. */
const tensorFlowFolders = ['engine', 'families', 'training'];

/** Packages that help and version must not wait for. */
const heavy = /^(@tensorflow\/|vega|@resvg\/|hyparquet|sharp|tar-stream|yaml$|cli-table3$|fflate$|yauzl$|esbuild$)/;

interface Import {
  /** Relative to src. */
  readonly from: string;
  /** Relative to src for a file of ours, otherwise the package as written. */
  readonly to: string;
  readonly ours: boolean;
  /** Run when the file is loaded: neither a type nor inside a function. */
  readonly atLoad: boolean;
}

/** Read with the compiler's own parser: imports, re-exports, `import()` and inline type imports. */
function importsOf(file: string): Import[] {
  const source = ts.createSourceFile(file, fs.readFileSync(path.join(src, file), 'utf8'), ts.ScriptTarget.Latest);
  const found: Import[] = [];
  const add = (specifier: ts.Node | undefined, atLoad: boolean): void => {
    if (specifier === undefined || !ts.isStringLiteral(specifier)) return;
    const ours = specifier.text.startsWith('.');
    const joined = path.posix.join(path.posix.dirname(file), specifier.text.replace(/\.js$/, '.ts'));
    found.push({ from: file, to: ours ? joined : specifier.text, ours, atLoad });
  };
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node))
      add(node.moduleSpecifier, node.importClause?.phaseModifier !== ts.SyntaxKind.TypeKeyword);
    else if (ts.isExportDeclaration(node)) add(node.moduleSpecifier, !node.isTypeOnly);
    else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword)
      add(node.arguments[0], false);
    else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) add(node.argument.literal, false);
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

const files = fs
  .readdirSync(src, { recursive: true, encoding: 'utf8' })
  .map((file) => file.replaceAll(path.sep, '/'))
  .filter((file) => file.endsWith('.ts'))
  .sort();
const imports = files.flatMap(importsOf);
const ours = imports.filter((each) => each.ours);

function folderOf(file: string): string {
  return file.split('/')[0]!;
}

function describeImport({ from, to }: Import): string {
  return `src/${from} imports ${to}`;
}

test('imports are classified correctly: at load, later, as a type', () => {
  const of = (from: string, to: string) =>
    imports.find((each) => each.from === from && each.to === to)?.atLoad ?? 'not found';
  expect([
    of('cli.ts', 'commands/train.ts'),
    of('commands/train.ts', 'library/train.ts'),
    of('training/display.ts', 'training/events.ts'),
    of('report/tables/text-table.ts', 'cli-table3'),
    of('index.ts', 'library/train.ts'),
  ]).toEqual([true, false, false, true, true]);
});

test('every folder has its place in the flow', () => {
  expect(files.filter((file) => !flow.includes(folderOf(file)))).toEqual([]);
});

test('imports run one way along the flow', () => {
  const backward = ours.filter(({ from, to }) => flow.indexOf(folderOf(to)) > flow.indexOf(folderOf(from)));
  expect(
    backward.map((each) => `${describeImport(each)}, which comes later in the flow: ${flow.join(' -> ')}`),
  ).toEqual([]);
});

test('no folder imports what it must not know', () => {
  const wrong = ours.filter(({ from, to }) => forbidden[folderOf(from)]?.includes(folderOf(to)));
  expect(
    wrong.map((each) => `${describeImport(each)}, and ${folderOf(each.from)} must not know ${folderOf(each.to)}`),
  ).toEqual([]);
});

/** Rooms of the report, and which of the others each knows; files outside these rooms combine all of them. */
const rooms: Readonly<Record<string, readonly string[]>> = { figures: [], tables: ['figures'], watch: [] };

test('rooms of the report know only those below them', () => {
  const roomOf = (file: string) => /^report\/(\w+)\//.exec(file)?.[1];
  const wrong = ours.filter(({ from, to }) => {
    const [own, other] = [roomOf(from), roomOf(to)];
    return own !== undefined && other !== undefined && own !== other && rooms[own]?.includes(other) === false;
  });
  expect(wrong.map(describeImport)).toEqual([]);
});

test('only the engine, the families and training know TensorFlow.js', () => {
  const wrong = imports.filter(
    ({ from, to }) => to.startsWith('@tensorflow/') && !tensorFlowFolders.includes(from.split('/')[0]!),
  );
  expect(wrong.map((each) => `${describeImport(each)}; only ${tensorFlowFolders.join(', ')} may`)).toEqual([]);
});

test('CONTRIBUTING draws the imports between folders: exactly the arrows that do not follow from others', () => {
  const below = new Map(files.map((file) => [folderOf(file), new Set<string>()]));
  for (const { from, to } of ours) if (folderOf(from) !== folderOf(to)) below.get(folderOf(from))!.add(folderOf(to));
  const reaches = (from: string, to: string): boolean =>
    below.get(from)!.has(to) || [...below.get(from)!].some((between) => reaches(between, to));
  const arrows = [...below].flatMap(([folder, known]) =>
    [...known]
      .filter((each) => ![...known].some((between) => between !== each && reaches(between, each)))
      .filter(() => !folder.endsWith('.ts'))
      .map((each) => `${each} --> ${folder}`),
  );
  const guide = fs.readFileSync(path.join(src, '../CONTRIBUTING.md'), 'utf8');
  const drawn = /^```mermaid\n(.*?)^```/ms
    .exec(guide)![1]!
    .split('\n')
    .flatMap((line) => {
      const folders = line.trim().split(' --> ');
      return folders.slice(1).map((folder, i) => `${folders[i]} --> ${folder}`);
    });
  expect(drawn.sort()).toEqual(arrows.sort());
});

test('no two files import each other, directly or through others', () => {
  expect(cycles()).toEqual([]);
});

test('the command line loads nothing heavy before a command runs', () => {
  const loaded = reachable('main.ts');
  const wrong = imports.filter(({ from, to, atLoad, ours }) => loaded.has(from) && atLoad && !ours && heavy.test(to));
  expect(wrong.map((each) => `${describeImport(each)} as soon as the program is; import it inside the action`)).toEqual(
    [],
  );
});

/** Files that are loaded with one. */
function reachable(start: string): Set<string> {
  const seen = new Set([start]);
  for (const file of seen) for (const { from, to, atLoad } of ours) if (from === file && atLoad) seen.add(to);
  return seen;
}

/** Each cycle once, as `a -> b -> a`; type imports count, as readers follow them too. */
function cycles(): string[] {
  const found: string[] = [];
  const done = new Set<string>();
  const visit = (file: string, trail: readonly string[]): void => {
    if (trail.includes(file)) found.push([...trail.slice(trail.indexOf(file)), file].join(' -> '));
    if (trail.includes(file) || done.has(file)) return;
    for (const { from, to } of ours) if (from === file) visit(to, [...trail, file]);
    done.add(file);
  };
  for (const file of files) visit(file, []);
  return found;
}
