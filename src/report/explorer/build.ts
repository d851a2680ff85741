/** Bundles the page's script and style from their sources. Not part of the package, which contains the output. */
import { build, type BuildOptions } from 'esbuild';
import { fileURLToPath } from 'node:url';

const target = ['chrome110', 'firefox115', 'safari16.4'];

export interface PageAssets {
  readonly script: string;
  /** Needs the colours to be defined before it, as custom properties. */
  readonly style: string;
}

export async function buildPage(): Promise<PageAssets> {
  const [script, style] = await Promise.all([
    bundled('main.ts', { format: 'iife', platform: 'browser', charset: 'utf8', legalComments: 'none' }),
    bundled('style.css'),
  ]);
  // Neither contains the closing tag of its element.
  return { script: script.replaceAll('</script', '<\\/script'), style: style.replaceAll('</style', '<\\/style') };
}

/** A file of the client with all that it imports, minified. */
async function bundled(entry: string, options: BuildOptions = {}): Promise<string> {
  const { outputFiles } = await build({
    // Set explicitly: esbuild stays in its first caller's working folder, which may be gone by now.
    absWorkingDir: fileURLToPath(new URL('.', import.meta.url)),
    entryPoints: [fileURLToPath(new URL(`client/${entry}`, import.meta.url))],
    ...{ bundle: true, minify: true, write: false, target, logLevel: 'silent', ...options },
  });
  return outputFiles![0]!.text.trim();
}
