/** How the program's JavaScript is bundled: for the package (`write-package.ts`), and for a checkout's own commands. */
import { build, type BuildOptions, type Metafile, type Plugin } from 'esbuild';
import { existsSync, readFileSync } from 'node:fs';
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { pathToFileURL } from 'node:url';
import { labFolder, packageJson } from './machine/installation.js';
import { temporaryName } from './machine/temporary.js';

/** Loaded in a checkout alone. */
const checkoutOnly = ['esbuild', 'tsx'];

/**
 * Writes the library as index.js, the program as main.js, the worker as worker.js and the thread that reads as reading-thread.js, with what they share beside them, and returns what went in.
 *
 * @param plugins see to `import.meta.url` and to `require`, which differ with where the bundle lies
 */
export async function bundle(
  outdir: string,
  plugins: Plugin[],
  logLevel: BuildOptions['logLevel'] = 'warning',
): Promise<Metafile> {
  const options = {
    absWorkingDir: labFolder,
    entryPoints: {
      index: 'src/index.ts',
      main: 'src/main.ts',
      worker: 'src/training/worker.ts',
      'reading-thread': 'src/runs/reading-thread.ts',
    },
    outdir,
    // All in one folder: labFolder is found from it.
    chunkNames: 'chunk-[hash]',
    ...{ bundle: true, splitting: true, format: 'esm', platform: 'node', target: 'node20.12', charset: 'utf8' },
    // Native ones find the library for a platform themselves.
    external: [...Object.keys(packageJson().dependencies), ...checkoutOnly],
    // Bundled CommonJS requires Node's own modules.
    banner: {
      js: "import { createRequire as requireOf } from 'node:module'; const require = requireOf(import.meta.url);",
    },
    plugins,
    ...{ metafile: true, legalComments: 'none', logLevel },
  } satisfies BuildOptions;
  return (await build(options)).metafile;
}

/** Our own `require`, which modules do not have, becomes one that the bundler follows. */
export function withFollowedRequire(source: string): string {
  return source.replace('const require = createRequire(import.meta.url);', '');
}

/** Modules that say where another entry point of the bundle is: beside them. */
const besideBundle = new Map(
  [
    ['training/worker-file.ts', 'workerFile', 'worker.js'],
    ['runs/reading-thread-file.ts', 'readingThreadFile', 'reading-thread.js'],
  ].map(([module = '', name, file]) => [
    path.join(labFolder, 'src', module),
    `import { fileURLToPath } from 'node:url';
export const ${name} = fileURLToPath(new URL('${file}', import.meta.url));`,
  ]),
);

/** Every file of ours still knows its place in the checkout; only workers and threads start from the bundle. */
export const asInCheckout: Plugin = {
  name: 'as-in-checkout',
  setup(builder) {
    builder.onLoad({ filter: /[/\\]src[/\\].*\.ts$/ }, ({ path: file }) => ({
      contents:
        besideBundle.get(file) ??
        withFollowedRequire(readFileSync(file, 'utf8')).replaceAll(
          'import.meta.url',
          JSON.stringify(pathToFileURL(file).href),
        ),
      loader: 'ts',
    }));
  },
};

/** Processes mark the bundle that they run from every hour. */
const unusedMilliseconds = 48 * 3_600_000;

/**
 * Bundles the checkout's program into `folder`, whose name stands for the sources, and removes bundles of earlier sources from beside it that no
 * process has used for two days. The bundle behaves like the sources, with all of their paths, but starts in a third of the time.
 *
 * @param isWhole whether a folder has all files of a bundle, with the sizes in its sizes.json
 * @param isCurrent whether the sources are still the ones that the folder's name stands for
 * @returns whether it is there: false if it could not be written, or the sources have an error or have changed
 */
export async function bundleCheckout(
  folder: string,
  { isWhole, isCurrent }: { readonly isWhole: (folder: string) => boolean; readonly isCurrent: () => boolean },
): Promise<boolean> {
  const cache = path.dirname(folder);
  const aside = path.join(cache, temporaryName(path.basename(folder)));
  try {
    await fs.mkdir(aside, { recursive: true });
    // Silent: if a source has an error, whoever imports it from the sources says so.
    await bundle(aside, [asInCheckout], 'silent');
    // Node before 20.19 does not see by itself that these are modules.
    await fs.writeFile(path.join(aside, 'package.json'), JSON.stringify({ type: 'module' }));
    const names = await fs.readdir(aside);
    const sizes = names.map(async (name) => [name, (await fs.stat(path.join(aside, name))).size] as const);
    await fs.writeFile(path.join(aside, 'sizes.json'), JSON.stringify(Object.fromEntries(await Promise.all(sizes))));
    // Another process may have been faster, and load parts of its own.
    if (isCurrent() && !isWhole(folder)) {
      if (existsSync(folder)) await removeWhole(folder);
      await fs.rename(aside, folder);
    }
    await removeUnused(cache);
  } catch {
    // The sources can run as they are.
  } finally {
    await fs.rm(aside, { recursive: true, force: true }).catch(() => undefined);
  }
  return isWhole(folder);
}

async function removeUnused(cache: string): Promise<void> {
  for (const name of await fs.readdir(cache)) {
    const folder = path.join(cache, name);
    if (Date.now() - (await lastUse(folder)) >= unusedMilliseconds) await removeWhole(folder);
  }
}

/** When its owner's processes last marked it, or another user's read its sizes, if that is later. */
async function lastUse(folder: string): Promise<number> {
  const { mtimeMs } = await fs.stat(folder);
  const read = await fs.stat(path.join(folder, 'sizes.json')).catch(() => undefined);
  return Math.max(mtimeMs, read?.atimeMs ?? 0);
}

/** Never leaves a part of it under its own name. */
async function removeWhole(folder: string): Promise<void> {
  const aside = path.join(path.dirname(folder), temporaryName(path.basename(folder)));
  await fs.rename(folder, aside);
  await fs.rm(aside, { recursive: true });
}
