import { execFileSync, spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { describe, expect, test } from 'vitest';
import { diskError } from '../../../src/machine/disk-errors.js';
import {
  assertOutputFolder,
  assertWritable,
  createFolder,
  refuseExisting,
  writeFileAtomic,
  writeOutput,
} from '../../../src/machine/files.js';
import { readTextIfThere, sha256File } from '../../../src/machine/inputs.js';
import { removeLeftovers } from '../../../src/machine/leftovers.js';
import { RunError } from '../../../src/terminal/errors.js';
import { temporaryFolder } from '../../support/runs.js';

test('a file is replaced whole, and nothing else is left', async () => {
  const folder = await temporaryFolder();
  const file = path.join(folder, 'a.json');
  await writeFileAtomic(file, 'first');
  await writeFileAtomic(file, 'second');
  expect(await readTextIfThere(file)).toBe('second');
  expect(await fs.readdir(folder)).toEqual(['a.json']);
});

test('if the rename fails, the temporary file is removed and the error names the file', async () => {
  const folder = await temporaryFolder();
  const file = path.join(folder, 'taken');
  await fs.mkdir(path.join(file, 'inside'), { recursive: true });
  await expect(writeFileAtomic(file, 'x')).rejects.toThrow(
    new RunError(`${file}: is a folder, not a file; rename that folder`),
  );
  expect(await fs.readdir(folder)).toEqual(['taken']);
});

test('a folder that is gone', async () => {
  const file = path.join(await temporaryFolder(), 'gone', 'a');
  await expect(writeFileAtomic(file, 'x')).rejects.toThrow(
    new RunError(`${file}: was removed, or its folder was; leave the folder of a run in place while it trains`),
  );
});

/** A device that is always full. */
test('a full disk', async () => {
  const error: unknown = await fs.writeFile('/dev/full', 'x').catch((thrown: unknown) => thrown);
  expect(diskError(error, 'run/a')).toEqual(
    new RunError("can't be written, the disk is full", 'run/a', 'free some space, then run the same command again'),
  );
});

describe('assertWritable', () => {
  test('creates nothing', async () => {
    const folder = await temporaryFolder();
    await assertWritable(path.join(folder, 'a', 'b'));
    expect(await fs.readdir(folder)).toEqual([]);
  });
  test('a file in the way', async () => {
    const file = path.join(await temporaryFolder(), 'file');
    await fs.writeFile(file, '');
    const refused = { exitCode: 2, message: `${file}: is a file, not a folder; rename that file` };
    await expect(assertWritable(file)).rejects.toMatchObject(refused);
    await expect(assertWritable(path.join(file, 'below'))).rejects.toMatchObject(refused);
  });
  test('a file system that accepts no files', async () => {
    await expect(assertWritable('/proc')).rejects.toMatchObject({ exitCode: 2 });
  });
});

test('a file in place of a folder', async () => {
  const file = path.join(await temporaryFolder(), 'file');
  await fs.writeFile(file, '');
  await expect(createFolder(file)).rejects.toThrow(new RunError(`${file}: is a file, not a folder; rename that file`));
});

test('parent folders are made, also by several processes at once; a file system that accepts none says so', async () => {
  const root = await temporaryFolder();
  // Repeated, as the order varies: one process sees the parent missing that another has made a moment later.
  for (let i = 0; i < 50; i++) {
    const folder = path.join(root, String(i), 'b', 'c', 'd');
    await Promise.all(Array.from({ length: 8 }, () => createFolder(folder)));
    expect((await fs.stat(folder)).isDirectory()).toBe(true);
  }
  // Where mkdir's own recursion never returns.
  await expect(createFolder('/proc/none/below/it')).rejects.toMatchObject({ exitCode: 1 });
});

test('leftovers of dead processes are removed, those of living ones and all other files stay', async () => {
  const folder = await temporaryFolder();
  const dead = spawnSync(process.execPath, ['-e', '0']).pid;
  const leftover = (pid: number) => `.weights.safetensors.${pid}.${randomUUID()}.tmp`;
  const kept = [leftover(process.pid), '.hidden', 'member.json'];
  for (const name of [...kept, leftover(dead)]) await fs.writeFile(path.join(folder, name), '');
  await removeLeftovers(folder);
  await removeLeftovers(path.join(folder, 'not there'));
  expect(new Set(await fs.readdir(folder))).toEqual(new Set(kept));
});

/** FIPS 180-2, appendix B.1. */
test('SHA-256', async () => {
  const file = path.join(await temporaryFolder(), 'abc');
  await fs.writeFile(file, 'abc');
  expect(await sha256File(file)).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
});

describe('a file that the user named', () => {
  test('through a link, the target is written; no link is replaced', async () => {
    const folder = await temporaryFolder();
    await fs.writeFile(path.join(folder, 'real.png'), 'old');
    await fs.symlink('real.png', path.join(folder, 'link.png'));
    await writeOutput(path.join(folder, 'link.png'), 'new');
    expect(await fs.readFile(path.join(folder, 'real.png'), 'utf8')).toBe('new');
    expect((await fs.lstat(path.join(folder, 'link.png'))).isSymbolicLink()).toBe(true);
  });

  test('what is not a regular file is written to, not renamed over', async () => {
    const folder = await temporaryFolder();
    const fifo = path.join(folder, 'pipe');
    execFileSync('mkfifo', [fifo]);
    const read = fs.readFile(fifo, 'utf8');
    await writeOutput(fifo, 'through');
    expect(await read).toBe('through');
    expect((await fs.stat(fifo)).isFIFO()).toBe(true);
  });

  test('folders, missing folders and empty names are refused, with the flag', async () => {
    const folder = await temporaryFolder();
    for (const [file, message] of [
      [folder, `--output: ${folder} is a folder; name a file`],
      ['-', '--output: "-" does not stand for standard output; give /dev/stdout, or ./- for a file of that name'],
      [
        path.join(folder, 'none', 'a.png'),
        `--output: ${path.join(folder, 'none')} is not a folder; create it, or give another one`,
      ],
      ['', '--output: the value is empty'],
    ] as const)
      await expect(writeOutput(file, 'x')).rejects.toThrow(expect.objectContaining({ exitCode: 2, message }));
  });
});

test('an output folder that is a file or cannot be made is refused before any work; an existing file needs --force', async () => {
  const folder = await temporaryFolder();
  const file = path.join(folder, 'there');
  await writeFileAtomic(file, 'x');
  const refused = (message: string): Error => expect.objectContaining({ exitCode: 2, message }) as Error;
  await expect(assertOutputFolder(file, '--output')).rejects.toThrow(
    refused(`--output: ${file} is a file, not a folder; name another one`),
  );
  await expect(assertOutputFolder('/proc/x', '--output')).rejects.toThrow(
    refused('/proc: does not accept files; work in another folder'),
  );
  expect(await assertOutputFolder(folder, '--output')).toBe(true);
  expect(await assertOutputFolder(path.join(folder, 'new', 'one'), '--output')).toBe(false);
  expect(await fs.readdir(folder)).toEqual(['there']);
  await expect(refuseExisting([path.join(folder, 'none'), file])).rejects.toThrow(
    refused(`--output: ${file} already exists; give another file, or --force to write over it`),
  );
});
