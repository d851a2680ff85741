/** Runs once before the tests that start the program: bundles it from the current sources, as the checkout's command does. */
import * as fs from 'node:fs';
import * as path from 'node:path';
import type { TestProject } from 'vitest/node';
import { asInCheckout, bundle } from '../../src/bundle.js';
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
  await bundle(folder, [asInCheckout]);
  project.provide('program', path.join(folder, 'main.js'));
  return () => {
    fs.rmSync(folder, { recursive: true });
  };
}
