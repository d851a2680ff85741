/** The page's script, bundled from its TypeScript each time a report is made, so that it is never older than what it shares. */
import { fileURLToPath } from 'node:url';
import * as fs from 'node:fs/promises';
import { build, transform } from 'esbuild';

const target = ['chrome110', 'firefox115', 'safari16.4'];

/** Minified, for a script element: nothing in it ends one. */
export async function pageScript(): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL('client/main.ts', import.meta.url))],
    ...{ bundle: true, minify: true, write: false, format: 'iife', platform: 'browser', charset: 'utf8' },
    ...{ target, logLevel: 'silent', legalComments: 'none' },
  });
  return outputFiles[0]!.text.replaceAll('</script', '<\\/script').trim();
}

/** Minified, after `variables`. */
export async function pageStyle(variables: string): Promise<string> {
  const file = fileURLToPath(new URL('client/style.css', import.meta.url));
  const { code } = await transform(`${variables}\n${await fs.readFile(file, 'utf8')}`, {
    loader: 'css',
    minify: true,
    target,
  });
  return code.replaceAll('</style', '<\\/style').trim();
}
