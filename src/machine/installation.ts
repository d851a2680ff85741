/**
 * Where the lab's own files are. In a checkout its TypeScript runs, and npm has put the packages of others into node_modules;
 * in the built package (`npm pack`) everything is below its own folder, code in dist/, other packages' files in dist/vendor/.
 */
import { createRequire } from 'node:module';
import * as path from 'node:path';
import { fileURLToPath } from 'node:url';
import * as fs from 'node:fs';

/** Whether TypeScript runs, and not what `npm run build` made of it. */
export const isCheckout = import.meta.url.endsWith('.ts');

/** Folder of package.json. */
export const labFolder = fileURLToPath(new URL(isCheckout ? '../..' : '..', import.meta.url));

/** Folder of what the build made, in the package alone. */
export const builtFolder = path.join(labFolder, 'dist');

/** Folder of a package whose files are read, not run. Throws where it isn't installed. */
export function packageFolder(name: string): string {
  if (!isCheckout) return path.join(builtFolder, 'vendor', name);
  return path.dirname(createRequire(import.meta.url).resolve(`${name}/package.json`));
}

export interface PackageJson {
  readonly version: string;
  readonly engines: { readonly node: string };
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
}

/** package.json, ours. */
export function packageJson(): PackageJson {
  return JSON.parse(fs.readFileSync(path.join(labFolder, 'package.json'), 'utf8')) as PackageJson;
}

/** A page of docs/ as its reader finds it: `docs/gpu.md` in a checkout, its whole path where the package is installed. */
export function guide(name: string): string {
  return isCheckout ? `docs/${name}` : path.join(labFolder, 'docs', name);
}

/** What brings back a file of the lab's own, or of a package's, that is missing or damaged. */
export function restoreCommand(inCheckout: string): string {
  return isCheckout ? inCheckout : 'install the package again: npm install --global TARBALL';
}

/**
 * A command of the lab as its user types it here: `npm run train -- --run x` in a checkout, `emergence train --run x` where the
 * package is installed. Every hint, help text and report has it from here.
 *
 * @param line the command with its options, such as `train --run x`
 */
export function commandLine(line: string, inCheckout = isCheckout): string {
  if (!inCheckout) return `emergence ${line}`;
  const [, name = '', rest = ''] = /^(\S*) *(.*)$/s.exec(line) ?? [];
  return rest === '' ? `npm run ${name}` : `npm run ${name} -- ${rest}`;
}
