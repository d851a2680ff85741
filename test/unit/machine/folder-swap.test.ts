import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { refuseForeignFolder, writeFolder } from '../../../src/machine/folder-swap.js';
import { temporaryFolder } from '../../support/runs.js';
import { mistakeOf } from '../../support/pictures.js';

let root = '';
let folder = '';
beforeEach(async () => {
  root = await temporaryFolder();
  folder = path.join(root, 'reports', 'a');
});

const first = new Map([
  ['report.html', 'one'],
  ['figures/a.svg', 'two'],
]);

async function contents(): Promise<Record<string, string>> {
  const names = (await fs.readdir(folder, { recursive: true })).sort();
  const found: Record<string, string> = {};
  for (const name of names) {
    const file = path.join(folder, name);
    if ((await fs.stat(file)).isFile()) found[name] = await fs.readFile(file, 'utf8');
  }
  return found;
}

test('all files are there, and nothing beside the folder', async () => {
  await writeFolder(folder, first);
  expect(await contents()).toEqual(Object.fromEntries(first));
  expect(await fs.readdir(path.dirname(folder))).toEqual(['a']);
});

test('leftovers of a killed writer are removed, those of a living one stay', async () => {
  const parent = path.dirname(folder);
  const id = '123e4567-e89b-42d3-a456-426614174000';
  // No process has a number this large; this process's own is alive.
  const [dead, living, others] = [`.a.4194999999.${id}.tmp`, `.a.${process.pid}.${id}.tmp`, `.b.4194999999.${id}.tmp`];
  for (const name of [dead, living, others]) await fs.mkdir(path.join(parent, name, 'figures'), { recursive: true });
  await writeFolder(folder, first);
  expect((await fs.readdir(parent)).sort()).toEqual([living, others, 'a'].sort());
});

test('an older folder is replaced whole', async () => {
  await writeFolder(folder, first);
  await writeFolder(folder, new Map([['report.html', 'new']]));
  expect(await contents()).toEqual({ 'report.html': 'new' });
  expect(await fs.readdir(path.dirname(folder))).toEqual(['a']);
});

test('a link to a folder stays, and its target is replaced', async () => {
  await writeFolder(folder, first);
  const link = path.join(root, 'link');
  await fs.symlink(folder, link);
  await writeFolder(link, new Map([['report.html', 'new']]));
  expect(await contents()).toEqual({ 'report.html': 'new' });
  expect((await fs.lstat(link)).isSymbolicLink()).toBe(true);
});

test('if a file cannot be written, the older folder stays and nothing is left beside it', async () => {
  await writeFolder(folder, first);
  // A file cannot be a folder too.
  const broken = new Map([
    ['x', '1'],
    ['x/y', '2'],
  ]);
  expect(await mistakeOf(writeFolder(folder, broken))).toMatch(/is a file, not a folder|a part of the path is a file/);
  expect(await contents()).toEqual(Object.fromEntries(first));
  expect(await fs.readdir(path.dirname(folder))).toEqual(['a']);
});

describe('refuses a folder that is not ours', () => {
  const known = (files?: readonly string[]) => () => Promise.resolve(files);
  const refusal = (files?: readonly string[]) => mistakeOf(refuseForeignFolder(folder, known(files), '--output'));

  test('unless it is missing or empty', async () => {
    expect(await refusal()).toBe('accepted');
    await fs.mkdir(folder, { recursive: true });
    expect(await refusal()).toBe('accepted');
  });

  test('the current one and those above it, as the shell would be left in a deleted folder', async () => {
    for (const current of ['.', '..', '/'])
      expect(await mistakeOf(refuseForeignFolder(current, known(), '--output'))).toMatch(
        /is the folder that the command runs in, or one above it; name another one$/,
      );
  });

  test("a file, other files, and a user's file among ours", async () => {
    await fs.mkdir(folder, { recursive: true });
    await fs.writeFile(path.join(folder, 'notes.txt'), '');
    expect(await refusal()).toMatch(/--output: .*a is a folder with other files in it; name a new or empty one$/);
    expect(await refusal(['report.html'])).toMatch(
      /notes\.txt is not one of the files that this command writes; move it, or name another folder$/,
    );
    expect(await refusal(['notes.txt'])).toBe('accepted');
    const file = path.join(folder, 'notes.txt');
    expect(await mistakeOf(refuseForeignFolder(file, known(), '--output'))).toMatch(/is a file, not a folder/);
    expect(await mistakeOf(refuseForeignFolder(' ', known(), '--output'))).toMatch(/--output: the value is empty/);
  });
});
