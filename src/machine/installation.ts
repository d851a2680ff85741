/**
 * Where the lab's own files are. In a checkout its TypeScript runs, and npm has installed other packages into node_modules;
 * in the built package (`npm pack`) everything is below its own folder, code in dist/, other packages' files in dist/vendor/.
 */
import { createRequire } from 'node:module';
import * as path from 'node:path';
import { fileURLToPath } from 'node:url';
import * as fs from 'node:fs';

/** Whether TypeScript is running, rather than the output of `npm run build`. */
export const isCheckout = import.meta.url.endsWith('.ts');

/** Folder of package.json. */
export const labFolder = fileURLToPath(new URL(isCheckout ? '../..' : '..', import.meta.url));

/** Folder of the build's output, in the package only. */
export const builtFolder = path.join(labFolder, 'dist');

/** Folder of a package whose files are read, not run. Throws if it is not installed. */
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

/** Our package.json. */
export function packageJson(): PackageJson {
  return JSON.parse(fs.readFileSync(path.join(labFolder, 'package.json'), 'utf8')) as PackageJson;
}

/** The path of a page of docs/ for its reader: `docs/gpu.md` in a checkout, the full path if the package is installed. */
export function guide(name: string): string {
  return isCheckout ? `docs/${name}` : path.join(labFolder, 'docs', name);
}

/** How to restore a missing or damaged file of the lab or of a package. */
export function restoreCommand(inCheckout: string): string {
  return isCheckout ? inCheckout : 'install the package again: npm install --global TARBALL';
}

/**
 * A command of the lab as its user types it here: `npm run train -- --run x` in a checkout, `emergence train --run x` if the
 * package is installed. Every hint, help text and report gets it from here.
 *
 * @param line the command with its options, such as `train --run x`
 */
export function commandLine(line: string, inCheckout = isCheckout): string {
  if (!inCheckout) return `emergence ${line}`;
  const [, name = '', rest = ''] = /^(\S*) *(.*)$/s.exec(line) ?? [];
  return rest === '' ? `npm run ${name}` : `npm run ${name} -- ${rest}`;
}
