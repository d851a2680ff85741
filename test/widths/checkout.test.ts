/** How a checkout's command starts: from a bundle of its TypeScript. */
import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { bundleCheckout } from '../../src/bundle.js';

const root = path.resolve(import.meta.dirname, '../..');

let checkout = '';
beforeEach(() => {
  checkout = fs.mkdtempSync(path.join(os.tmpdir(), 'emergence-checkout-'));
  for (const name of ['bin', 'src', 'vendor', 'package.json', 'tsconfig.json'])
    fs.cpSync(path.join(root, name), path.join(checkout, name), { recursive: true });
  fs.mkdirSync(path.join(checkout, 'node_modules'));
  for (const name of fs.readdirSync(path.join(root, 'node_modules')).filter((each) => each !== '.cache'))
    fs.symlinkSync(path.join(root, 'node_modules', name), path.join(checkout, 'node_modules', name));
});
afterEach(() => {
  fs.rmSync(checkout, { recursive: true });
});

const run = (...words: string[]) =>
  execFileSync(process.execPath, [path.join(checkout, 'bin/emergence.js'), ...words], { encoding: 'utf8' });

const cache = () => path.join(checkout, 'node_modules/.cache/emergence');

/** As seen in 80 columns. */
const oldText = 'Train families of vision models';

function changeSources(): void {
  const file = path.join(checkout, 'src/cli.ts');
  fs.writeFileSync(file, fs.readFileSync(file, 'utf8').replace(oldText, 'Raise families of vision models'));
}

test('a bundle is made once, again after a change, and dropped two days after its last use', () => {
  expect(run('--help')).toContain(oldText);
  const [first = '', ...others] = fs.readdirSync(cache());
  expect(others).toEqual([]);
  const program = path.join(cache(), first, 'main.js');
  const { mtimeMs } = fs.statSync(program);
  expect(run('--help')).toContain(oldText);
  expect(fs.statSync(program).mtimeMs).toBe(mtimeMs);

  changeSources();
  const daysAgo = (days: number) => new Date(Date.now() - days * 86_400_000);
  for (const [name, read] of [
    ['unused', 3],
    // Another user's processes cannot mark it.
    ['read', 1],
  ] as const) {
    const copy = path.join(cache(), name);
    fs.cpSync(path.join(cache(), first), copy, { recursive: true });
    fs.utimesSync(path.join(copy, 'sizes.json'), daysAgo(read), daysAgo(3));
    fs.utimesSync(copy, daysAgo(3), daysAgo(3));
  }
  fs.utimesSync(path.join(cache(), first), daysAgo(1), daysAgo(1));
  expect(run('--help')).toContain('Raise families of vision models');
  const left = fs.readdirSync(cache());
  expect(left).toHaveLength(3);
  expect(left).toEqual(expect.arrayContaining([first, 'read']));
});

test('a bundle of sources that changed while it was made is not kept', async () => {
  const folder = path.join(checkout, 'cache/digest');
  const isWhole = () => fs.existsSync(folder);
  expect(await bundleCheckout(folder, { isWhole, isCurrent: () => false })).toBe(false);
  expect(fs.readdirSync(path.dirname(folder))).toEqual([]);
  expect(await bundleCheckout(folder, { isWhole, isCurrent: () => true })).toBe(true);
});

test('where no bundle can be written, the sources are run', () => {
  fs.mkdirSync(path.dirname(cache()));
  fs.writeFileSync(cache(), 'not a folder');
  expect(run('--help')).toContain(oldText);
  changeSources();
  expect(run('--help')).toContain('Raise families of vision models');
});

test.each(['empty', 'gone'])('a bundle with a file that is %s is made anew', (state) => {
  run('--help');
  const [name = ''] = fs.readdirSync(cache());
  const program = path.join(cache(), name, 'main.js');
  if (state === 'empty') fs.writeFileSync(program, '');
  else fs.rmSync(program);
  expect(run('--help')).toContain(oldText);
  expect(fs.readdirSync(cache())).toEqual([name]);
  expect(fs.statSync(program).size).toBeGreaterThan(0);
});
