/** Bundles the page's script and style from their sources. Not part of the package, which contains the output. */
import { build, transform } from 'esbuild';
import * as fs from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

const target = ['chrome110', 'firefox115', 'safari16.4'];

export interface PageAssets {
  readonly script: string;
  /** Needs the colours to be defined before it, as custom properties. */
  readonly style: string;
}

export async function buildPage(): Promise<PageAssets> {
  const [script, style] = await Promise.all([buildScript(), buildStyle()]);
  return { script, style };
}

/** Minified, and safe inside a script element: it contains no closing tag. */
async function buildScript(): Promise<string> {
  const { outputFiles } = await build({
    // Set explicitly: esbuild stays in its first caller's working folder, which may be gone by now.
    absWorkingDir: fileURLToPath(new URL('.', import.meta.url)),
    entryPoints: [fileURLToPath(new URL('client/main.ts', import.meta.url))],
    ...{ bundle: true, minify: true, write: false, format: 'iife', platform: 'browser', charset: 'utf8' },
    ...{ target, logLevel: 'silent', legalComments: 'none' },
  });
  return outputFiles[0]!.text.replaceAll('</script', '<\\/script').trim();
}

/** Minified. */
async function buildStyle(): Promise<string> {
  const text = await fs.readFile(new URL('client/style.css', import.meta.url), 'utf8');
  const { code } = await transform(text, { loader: 'css', minify: true, target });
  return code.replaceAll('</style', '<\\/style').trim();
}
