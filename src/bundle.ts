/** How the program's JavaScript is bundled: for the package (`write-package.ts`), and for the tests that start it often. */
import { build, type BuildOptions, type Metafile, type Plugin } from 'esbuild';
import { labFolder, packageJson } from './machine/installation.js';

/** Loaded in a checkout alone. */
const checkoutOnly = ['esbuild', 'tsx'];

/**
 * Writes the library as index.js, the program as main.js and the worker as worker.js, with what they share beside them, and returns what went in.
 *
 * @param plugins see to `import.meta.url` and to `require`, which differ with where the bundle lies
 */
export async function bundle(outdir: string, plugins: Plugin[]): Promise<Metafile> {
  const options = {
    absWorkingDir: labFolder,
    entryPoints: { index: 'src/index.ts', main: 'src/main.ts', worker: 'src/training/worker.ts' },
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
    ...{ metafile: true, legalComments: 'none', logLevel: 'warning' },
  } satisfies BuildOptions;
  return (await build(options)).metafile;
}

/** Our own `require`, which modules do not have, becomes one that the bundler follows. */
export function withFollowedRequire(source: string): string {
  return source.replace('const require = createRequire(import.meta.url);', '');
}
