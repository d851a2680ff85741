/** The page's script and style. */
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { builtFolder, isCheckout } from '../../machine/installation.js';
import type { PageAssets } from './build.js';

/** Where the build writes them. */
export const assetFiles: Readonly<Record<keyof PageAssets, string>> = {
  script: path.join(builtFolder, 'page.js'),
  style: path.join(builtFolder, 'page.css'),
};

/** In a checkout they are bundled for each report, so that they are never older than the code they share with it. */
export async function pageAssets(): Promise<PageAssets> {
  if (isCheckout) return (await import('./build.js')).buildPage();
  const [script, style] = await Promise.all(
    [assetFiles.script, assetFiles.style].map((file) => fs.readFile(file, 'utf8')),
  );
  return { script: script!, style: style! };
}
