import * as fs from 'node:fs';
import * as path from 'node:path';
import { expect, test } from 'vitest';
import { commandLine, isCheckout, labFolder, packageFolder } from '../../../src/machine/installation.js';

test.each([
  ['runs', 'npm run runs', 'emergence runs'],
  ['train --run x --widths 2,4', 'npm run train -- --run x --widths 2,4', 'emergence train --run x --widths 2,4'],
  ['forecast list', 'npm run forecast -- list', 'emergence forecast list'],
])('%s is suggested as the user has to type it', (line, inCheckout, installed) => {
  expect([commandLine(line, true), commandLine(line, false)]).toEqual([inCheckout, installed]);
});

test('this is a checkout, and its files are where they should be', () => {
  expect(isCheckout).toBe(true);
  expect(path.resolve(labFolder)).toBe(path.resolve(import.meta.dirname, '../../..'));
  expect(fs.existsSync(path.join(packageFolder('@tensorflow/tfjs-node-gpu'), 'binding/tfjs_binding.cc'))).toBe(true);
});

test('every hint takes its command from here', () => {
  const src = path.join(labFolder, 'src');
  const files = fs.readdirSync(src, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
  // Comments may name developers' scripts, and so may docs/commands.md, which developers write.
  const found = files
    .filter((name) => !['commands/document.ts', 'machine/installation.ts'].includes(name.replaceAll(path.sep, '/')))
    .filter((name) => withoutComments(fs.readFileSync(path.join(src, name), 'utf8')).includes('npm run '));
  expect(found).toEqual([]);
});

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '');
}
