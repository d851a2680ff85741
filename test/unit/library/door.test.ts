/** What is loaded with the library when it is imported. */
import { execFileSync } from 'node:child_process';
import { build } from 'esbuild';
import * as path from 'node:path';
import { expect, test } from 'vitest';

const root = path.resolve(import.meta.dirname, '../../..');

/** Packages loaded with a file of ours, before one of its functions is called. */
async function loadedWith(entry: string): Promise<string[]> {
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: [entry],
    outdir: 'unwritten',
    ...{ bundle: true, splitting: true, format: 'esm', platform: 'node', write: false, metafile: true },
    packages: 'external',
  });
  const { outputs } = metafile;
  const first = Object.keys(outputs).find((name) => outputs[name]!.entryPoint === entry)!;
  const files = new Set([first]);
  for (const file of files)
    for (const { path: to, kind } of outputs[file]?.imports ?? []) if (kind === 'import-statement') files.add(to);
  return [...files].filter((name) => !(name in outputs) && !name.startsWith('node:')).sort();
}

test('importing the library loads neither TensorFlow nor anything that draws', async () => {
  const packages = await loadedWith('src/index.ts');
  expect(packages).toContain('zod');
  expect(packages.filter((name) => /tensorflow|vega|resvg|sharp/.test(name))).toEqual([]);
});

test('in a separate process it prints nothing and starts nothing', () => {
  const script = "import('./src/index.ts').then((door) => console.log(typeof door.evaluate))";
  const printed = execFileSync(process.execPath, ['--import', 'tsx', '-e', script], { cwd: root, encoding: 'utf8' });
  expect(printed).toBe('function\n');
});
