/** Checks what vendor/README.md says: files as on npm, and nothing that runs when a user installs. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { expect, test } from 'vitest';

const root = path.resolve(import.meta.dirname, '../..');
const folder = path.join(root, 'vendor/tfjs-node-gpu');
const ours = ['LICENSE', 'SHA256SUMS', 'package.json'];

test("tfjs-node's files are those on npm, byte for byte, and no others", () => {
  // Made from the package whose integrity npm had checked; sha256sum -c reads it too.
  const recorded = fs.readFileSync(path.join(folder, 'SHA256SUMS'), 'utf8');
  const found = fs
    .readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => !ours.includes(name) && fs.statSync(path.join(folder, name)).isFile())
    .map((name) => `${sha256(path.join(folder, name))}  ${name.replaceAll(path.sep, '/')}`);
  expect(found.sort(byName)).toEqual(recorded.trimEnd().split('\n').sort(byName));
});

function sha256(file: string): string {
  return createHash('sha256').update(fs.readFileSync(file)).digest('hex');
}

function byName(a: string, b: string): number {
  return a.slice(66) < b.slice(66) ? -1 : 1;
}

test("the core's gradients are those of the installed core: `npm run vendor` writes them", () => {
  const { scripts } = JSON.parse(fs.readFileSync(path.join(root, 'package.json'), 'utf8')) as {
    scripts: { vendor: string };
  };
  const [program, ...words] = scripts.vendor.split(' ');
  const output = '--outfile=vendor/tfjs/gradients.js';
  expect([program, words.at(-1)]).toEqual(['esbuild', output]);
  // Without an output file it prints.
  const made = execFileSync(path.join(root, 'node_modules/.bin/esbuild'), words.slice(0, -1), {
    cwd: root,
    encoding: 'utf8',
  });
  expect(fs.readFileSync(path.join(root, output.slice('--outfile='.length)), 'utf8') === made).toBe(true);
});

interface Lock {
  readonly packages: Readonly<Record<string, { readonly dev?: boolean; readonly hasInstallScript?: boolean }>>;
}

test('no package that users install runs a script, and of ours only esbuild does, to check its own binary', () => {
  const lock = JSON.parse(fs.readFileSync(path.join(root, 'package-lock.json'), 'utf8')) as Lock;
  const scripts = Object.entries(lock.packages).filter(([, { hasInstallScript }]) => hasInstallScript);
  expect(scripts.map(([name, { dev }]) => [name, dev])).toEqual([['node_modules/esbuild', true]]);
});
