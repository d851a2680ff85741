/** The package as a new user gets it: packed, installed by an unconfigured npm, and used from an empty folder. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { text } from 'node:stream/consumers';
import { examples } from '../support/examples.js';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';

const root = path.resolve(import.meta.dirname, '../..');
const trial = fs.mkdtempSync(path.join(os.tmpdir(), 'emergence-package-'));
const prefix = path.join(trial, 'prefix');
const program = path.join(prefix, 'bin/emergence');
let tarball = '';
let folder = '';

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** From npm's configuration only where packages come from; `npm run` would pass on more. */
function plainEnvironment(): NodeJS.ProcessEnv {
  const registry = execFileSync('npm', ['config', 'get', 'registry'], { cwd: trial, encoding: 'utf8' }).trim();
  const others = Object.entries(process.env).filter(([name]) => !/^(npm_|NODE_OPTIONS$|NODE_ENV$|VITEST)/i.test(name));
  return {
    ...Object.fromEntries(others),
    npm_config_registry: registry,
    npm_config_userconfig: path.join(trial, 'npmrc'),
    npm_config_cache: path.join(trial, 'cache'),
    npm_config_update_notifier: 'false',
  };
}

async function run(command: string, words: readonly string[], cwd = folder): Promise<Ended> {
  const child = spawn(command, words, { cwd, env: plainEnvironment(), stdio: ['ignore', 'pipe', 'pipe'] });
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  return { code: child.exitCode, stdout, stderr };
}

async function emergence(line: string): Promise<Ended> {
  return run(program, line.split(' '));
}

beforeAll(async () => {
  fs.writeFileSync(path.join(trial, 'npmrc'), '');
  const packed = await run('npm', ['pack', '--pack-destination', trial], root);
  expect([packed.code, packed.stderr]).toEqual([0, expect.stringContaining('Tarball Details')]);
  tarball = path.join(
    trial,
    fs.readdirSync(trial).find((name) => name.endsWith('.tgz'))!,
  );
  const installed = await run('npm', ['install', '--global', '--prefix', prefix, tarball], trial);
  expect([installed.code, installed.stderr]).toEqual([0, '']);
});

beforeEach(() => {
  folder = fs.mkdtempSync(path.join(trial, 'empty-'));
});

afterAll(() => {
  fs.rmSync(trial, { recursive: true, maxRetries: 10 });
});

/** Every installed file, relative to the installation. */
function installedFiles(): string[] {
  const lab = path.join(prefix, 'lib/node_modules');
  return fs.readdirSync(lab, { recursive: true, encoding: 'utf8' }).map((name) => path.join(lab, name));
}

test('no installed package runs a script during installation, and none is a development tool', () => {
  const manifests = installedFiles().filter((name) => /node_modules\/(@[^/]+\/)?[^/]+\/package\.json$/.test(name));
  const scripts = manifests.flatMap((file) => {
    const { scripts = {} } = JSON.parse(fs.readFileSync(file, 'utf8')) as { scripts?: Record<string, string> };
    return ['preinstall', 'install', 'postinstall'].filter((name) => name in scripts).map((name) => `${file}: ${name}`);
  });
  expect(scripts).toEqual([]);
  expect(manifests.length).toBeGreaterThan(2); // at least the lab, sharp and resvg
  const tools = installedFiles().filter((name) =>
    /node_modules\/(tsx|esbuild|typescript|@tensorflow)$|\.ts$/.test(name),
  );
  expect(tools.filter((name) => !name.endsWith('.d.ts'))).toEqual([]);
});

test('trains to the bits of the checkout, and reports', async () => {
  const trained = await emergence('train --experiment smoke');
  expect([trained.code, trained.stdout]).toEqual([0, expect.stringContaining('run      checkpoints/smoke\n')]);
  const checkout = await run(process.execPath, [path.join(root, 'bin/emergence.js'), ...trainSmoke('checkout')]);
  expect(checkout.code).toBe(0);
  expect(outcomesOf('smoke')).toEqual(outcomesOf('checkout'));

  const reported = await emergence('report smoke');
  expect(reported.code).toBe(0);
  const report = path.join(folder, 'reports/smoke');
  const page = fs.readFileSync(path.join(report, 'report.html'), 'utf8');
  const inner = (element: string) => new RegExp(`<${element}>(.*?)</${element}>`, 's').exec(page)?.[1] ?? '';
  // Commands appear there word by word, each in an element; files that a user may share mention them too.
  const words = page.replaceAll(/<script.*?<\/script>|<[^>]*>/gs, '');
  expect([words.includes('emergence train --run smoke'), page.includes('npm run')]).toEqual([true, false]);
  expect([inner('style').includes('prefers-color-scheme'), inner('script').includes('requestAnimationFrame')]).toEqual([
    true,
    true,
  ]);
  // A PNG needs the fonts and resvg.
  expect(fs.readdirSync(report, { recursive: true }).filter((name) => String(name).endsWith('.png'))).not.toEqual([]);
});

function trainSmoke(name: string): string[] {
  return ['train', '--experiment', 'smoke', '--run', name];
}

/** The complete outcomes of each member. */
function outcomesOf(name: string): Record<string, string> {
  const members = path.join(folder, 'checkpoints', name, 'members');
  return Object.fromEntries(
    fs
      .readdirSync(members)
      .map((member) => [member, fs.readFileSync(path.join(members, member, 'outcomes.parquet')).toString('base64')]),
  );
}

test('npm exec runs it and leaves nothing but the run', async () => {
  const ended = await run('npm', ['exec', '--yes', `--package=${tarball}`, '--', 'emergence', ...trainSmoke('exec')]);
  expect([ended.code, ended.stdout]).toEqual([0, expect.stringContaining('run      checkpoints/exec\n')]);
  expect(fs.readdirSync(folder)).toEqual(['checkpoints']);
});

test('finds what comes with the lab: versions, experiments, datasets, published curves, help', async () => {
  const { version } = JSON.parse(fs.readFileSync(path.join(root, 'package.json'), 'utf8')) as { version: string };
  expect(await emergence('--version')).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' });
  const { experiments: listed } = JSON.parse((await emergence('experiments --json')).stdout) as {
    experiments: { name: string; file: string }[];
  };
  const shipped = fs.readdirSync(path.join(root, 'experiments')).filter((name) => name.endsWith('.yaml'));
  expect(listed.map(({ name }) => `${name}.yaml`).sort()).toEqual(shipped.sort());
  expect(listed.every(({ file }) => fs.existsSync(file) && !file.startsWith(root))).toBe(true);
  expect((await emergence('datasets preview mnist')).code).toBe(0);
  expect((await emergence('datasets preview omniglot-small')).code).toBe(0);
  expect((await emergence('natural list overlay')).code).toBe(0);
  expect((await emergence('train --help')).stdout).toMatch(/^Usage: emergence train .*\n(.*\n)*.* \$ emergence train /);
  const doctor = await emergence('doctor');
  expect([doctor.code, doctor.stdout]).toEqual([0, expect.stringContaining('a step was traced, compiled and run')]);
});

test('the library can be imported by its name, and its docstring examples match the shipped types', async () => {
  fs.writeFileSync(path.join(folder, 'package.json'), '{ "name": "user", "type": "module" }');
  expect((await run('npm', ['install', tarball])).code).toBe(0);
  const counted =
    "const { listMetrics } = await import('vision-emergence-lab'); console.log((await listMetrics()).length);";
  const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', counted]);
  expect(Number(stdout)).toBeGreaterThan(10);
  const functions = examples().map(({ of, code }) => `export async function ${of}Example() {\n${code}}\n`);
  const names = examples().map(({ of }) => of);
  const heading = `import { ${names.join(', ')} } from 'vision-emergence-lab';\n`;
  fs.writeFileSync(path.join(folder, 'examples.ts'), heading + functions.join(''));
  const checked = await run(process.execPath, [
    path.join(root, 'node_modules/typescript/bin/tsc'),
    ...['--noEmit', '--strict', '--target', 'es2023', '--module', 'nodenext', '--types', 'node'],
    ...['--typeRoots', path.join(root, 'node_modules/@types'), 'examples.ts'],
  ]);
  expect(checked).toEqual({ code: 0, stdout: '', stderr: '' });
});

test('hints name the installed command, and mistakes are one line', async () => {
  expect((await emergence('runs')).stdout).toContain('emergence train --arch cnn');
  expect(await emergence('train --experiment lenet-mnits')).toEqual({
    code: 2,
    stdout: '',
    stderr: expect.stringMatching(/^error: lenet-mnits: .*; did you mean lenet-mnist\? .*\n$/) as string,
  });
});

test("loads a user's metric in JavaScript, and in TypeScript where Node runs it", async () => {
  expect((await emergence('train --experiment smoke --widths 2')).code).toBe(0);
  const metric = `export default { name: 'mine', kind: 'continuous', better: 'higher', formula: 'x', source: 'us',
    needs: ['correct'], values: ({ correct }) => Array.from(correct, Number) }`;
  fs.writeFileSync(path.join(folder, 'mine.mjs'), metric);
  fs.writeFileSync(path.join(folder, 'mine.ts'), `${metric} satisfies object;\n`);
  const inJavaScript = await emergence('evaluate smoke --metric-file mine.mjs --metric mine --json');
  expect([inJavaScript.code, inJavaScript.stderr]).toEqual([0, '']);
  const inTypeScript = await emergence('evaluate smoke --metric-file mine.ts --metric mine --json');
  const { typescript = false } = process.features as { typescript?: string | false };
  if (typescript !== false) expect(inTypeScript.stdout).toBe(inJavaScript.stdout);
  else
    expect([inTypeScript.code, inTypeScript.stderr]).toEqual([
      2,
      `error: mine.ts: is TypeScript, which Node ${process.version} doesn't run; give a .js file, or use Node 22.18 or newer\n`,
    ]);
});
