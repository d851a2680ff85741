/** Holds what CONTRIBUTING says of imports: they run one way, along the data flow, and only three folders know TensorFlow.js. */
import * as fs from 'node:fs';
import * as path from 'node:path';
import { expect, test } from 'vitest';

const src = path.resolve(import.meta.dirname, '../../src');

/**
 * Folders in the order of the flow: a file imports from its own folder and from those before it. `statistics`, `terminal`
 * and `machine` know nothing of us and are free to all.
 */
const flow = [
  'statistics',
  'terminal',
  'machine',
  'datasets',
  'experiment',
  'runs',
  'import',
  'engine',
  'families',
  'training',
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

/** Files that stand elsewhere in the flow than their folder: the display shows what training tells. */
const exceptions: Readonly<Record<string, string>> = { 'terminal/progress.ts': 'training' };

/** What a folder never imports, though it comes before. */
const forbidden: Readonly<Record<string, readonly string[]>> = {
  // The engine could be a package of its own.
  engine: ['datasets', 'experiment', 'runs'],
  families: ['runs'],
  // Results are read and shown without TensorFlow.
  metrics: ['engine', 'families', 'training'],
  analysis: ['engine', 'families', 'training'],
  report: ['engine', 'families', 'training'],
};

/** Folders that may import TensorFlow.js. */
const tensorFlowFolders = ['engine', 'families', 'training'];

/** Packages that help and version must not wait for. */
const heavy =
  /^(@tensorflow\/|vega|@resvg\/|hyparquet|sharp|tar-stream|yaml$|cli-progress$|cli-table3$|jstat$|fflate$|yauzl$|proper-lockfile$|esbuild$)/;

interface Import {
  /** Relative to src. */
  readonly from: string;
  /** Relative to src for a file of ours, else the package as written. */
  readonly to: string;
  readonly ours: boolean;
  /** Run when the file is loaded: neither a type nor inside a function. */
  readonly atLoad: boolean;
}

const statement = /^(?:import|export)\s+(type\s)?(?:[^'";]*?\sfrom\s+)?'([^']+)'|\bimport\('([^']+)'\)/gm;

function importsOf(file: string): Import[] {
  const text = fs.readFileSync(path.join(src, file), 'utf8');
  return [...text.matchAll(statement)].map(([, type, fixed, dynamic]) => {
    const written = (fixed ?? dynamic)!;
    const ours = written.startsWith('.');
    const to = ours ? path.posix.join(path.posix.dirname(file), written.replace(/\.js$/, '.ts')) : written;
    return { from: file, to, ours, atLoad: type === undefined && dynamic === undefined };
  });
}

const files = fs
  .readdirSync(src, { recursive: true, encoding: 'utf8' })
  .map((file) => file.replaceAll(path.sep, '/'))
  .filter((file) => file.endsWith('.ts'))
  .sort();
const imports = files.flatMap(importsOf);
const ours = imports.filter((each) => each.ours);

function folderOf(file: string): string {
  return exceptions[file] ?? file.split('/')[0]!;
}

function describeImport({ from, to }: Import): string {
  return `src/${from} imports ${to}`;
}

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

/** Rooms of the report, and which of the others each knows; those that are not here put a whole together from all of them. */
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

/** Each cycle once, as `a -> b -> a`; types count, as they are read too. */
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
