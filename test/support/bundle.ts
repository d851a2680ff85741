/**
 * Runs once before the tests that start the program: bundles it from the current sources. The bundle behaves like the checkout's command,
 * with all of its paths; it only spares each of some hundred processes the half second of translating TypeScript.
 */
import * as fs from 'node:fs';
import * as path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Plugin } from 'esbuild';
import type { TestProject } from 'vitest/node';
import { bundle, withFollowedRequire } from '../../src/bundle.js';
import { labFolder } from '../../src/machine/installation.js';

declare module 'vitest' {
  interface ProvidedContext {
    /** The program's JavaScript. */
    readonly program: string;
  }
}

export default async function setup(project: TestProject): Promise<() => void> {
  // Below node_modules, where packages outside the bundle are found.
  const cache = path.join(labFolder, 'node_modules/.cache');
  fs.mkdirSync(cache, { recursive: true });
  const folder = fs.mkdtempSync(path.join(cache, 'program-'));
  await bundle(folder, [asInCheckout(path.join(folder, 'worker.js'))]);
  project.provide('program', path.join(folder, 'main.js'));
  return () => {
    fs.rmSync(folder, { recursive: true });
  };
}

/** Every file of ours still knows its place in the checkout; only the workers start from the bundle. */
function asInCheckout(worker: string): Plugin {
  return {
    name: 'as-in-checkout',
    setup(builder) {
      builder.onLoad({ filter: /[/\\]src[/\\].*\.ts$/ }, ({ path: file }) => ({
        contents: file.endsWith(path.normalize('/src/training/worker-file.ts'))
          ? `export const workerFile = ${JSON.stringify(worker)};`
          : withFollowedRequire(fs.readFileSync(file, 'utf8')).replaceAll(
              'import.meta.url',
              JSON.stringify(pathToFileURL(file).href),
            ),
        loader: 'ts',
      }));
    },
  };
}
