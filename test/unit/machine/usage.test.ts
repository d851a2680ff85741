import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { expect, test } from 'vitest';
import { bytesOf, entriesAt, freedBytes } from '../../../src/machine/usage.js';
import { temporaryFolder } from '../../support/runs.js';

/** In kB, rounded up by du. */
const du = (place: string) => Number(execFileSync('du', ['-sk', place], { encoding: 'utf8' }).split('\t')[0]);

test('sizes match du: small files, a sparse one, hard links, links, empty folders', async () => {
  const folder = await temporaryFolder();
  await fs.mkdir(path.join(folder, 'a', 'empty'), { recursive: true });
  for (const [i, size] of [0, 1, 4096, 4097, 100_000].entries())
    await fs.writeFile(path.join(folder, 'a', `f${i}`), Buffer.alloc(size, 1));
  await fs.truncate(path.join(folder, 'a', 'f4'), 10_000_000);
  await fs.link(path.join(folder, 'a', 'f3'), path.join(folder, 'hard'));
  await fs.symlink('/usr', path.join(folder, 'link'));
  await fs.symlink('nowhere', path.join(folder, 'dangling'));
  expect(Math.ceil(bytesOf(entriesAt(folder)) / 1024)).toBe(du(folder));
});

test('only the last hard link frees its file', async () => {
  const folder = await temporaryFolder();
  const [inside, outside] = [path.join(folder, 'in'), path.join(folder, 'out')];
  await fs.mkdir(inside);
  await fs.writeFile(path.join(inside, 'file'), Buffer.alloc(8192, 1));
  await fs.link(path.join(inside, 'file'), outside);
  const whole = bytesOf(entriesAt(folder));
  const [entries, kept] = [entriesAt(inside), bytesOf(entriesAt(outside))];
  expect(freedBytes(entries)).toBe(bytesOf(entries) - kept);
  expect(freedBytes(entriesAt(folder))).toBe(whole);
});

test('a missing path has no entry; the contents of a folder come before it', async () => {
  const folder = await temporaryFolder();
  expect(entriesAt(path.join(folder, 'none'))).toEqual([]);
  await fs.mkdir(path.join(folder, 'b', 'c'), { recursive: true });
  expect(entriesAt(folder).map((entry) => path.relative(folder, entry.path))).toEqual(['b/c', 'b', '']);
});
