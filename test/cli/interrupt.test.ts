/**
 * Ctrl-C in the middle of long work: the program ends by the signal, without a stack trace, and what it was writing is whole or absent.
 * `INTERRUPT=heavy` interrupts more commands at more moments, and takes minutes.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeEach, expect, test } from 'vitest';
import { runRecord, temporaryFolder, writeSyntheticRun } from '../support/runs.js';
import { program } from '../support/program.js';

const isHeavy = process.env['INTERRUPT'] === 'heavy';

let root = '';
beforeEach(async () => {
  root = await temporaryFolder();
  for (const name of ['lenet', 'other'])
    await writeSyntheticRun({
      folder: path.join(root, 'checkpoints', name),
      record: { name, dataset: { ...runRecord().dataset, testCount: 200 } },
      widths: [1, 2, 4, 8],
      seeds: [0, 1],
      accuracy: ({ width }) => 1 - 0.5 / width,
    });
});

const filesNow = () =>
  fs
    .readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(root, path.join(entry.parentPath, entry.name)))
    .sort();

/** Starts a command, sends SIGINT once `isTime`, and waits for it to end. */
async function interrupted(words: readonly string[], isTime: () => boolean) {
  const child = spawn(process.execPath, [program, ...words], { cwd: root, stdio: ['ignore', 'ignore', 'pipe'] });
  const ended = Promise.all([text(child.stderr), once(child, 'close')]);
  while (child.exitCode === null && child.signalCode === null && !isTime()) await sleep(1);
  child.kill('SIGINT');
  const [stderr] = await ended;
  return { code: child.exitCode, signal: child.signalCode, stderr };
}

const all: readonly { readonly words: readonly string[]; readonly writes: readonly RegExp[] }[] = [
  { words: ['compare', 'lenet', '--draws', '200'], writes: [/compare\.svg$/, /compare\.png$/] },
  {
    words: ['forecast', 'seal', 'lenet', '--widths', '16', '--metric', 'accuracy'],
    writes: [/forecasts\/.*\.json$/],
  },
  { words: ['quanta', 'lenet'], writes: [/quanta\.(svg|png|csv)$/] },
  { words: ['report', 'lenet', '--output', 'page'], writes: [/^page\//] },
  { words: ['export', 'lenet', '--output', 'all.csv'], writes: [/all\.csv$/] },
  { words: ['theory', 'lenet'], writes: [/theory\.(svg|png)$/] },
  { words: ['seeds', 'lenet'], writes: [/seeds\.(svg|png)$/] },
  { words: ['scaling', 'lenet', '--axis', 'parameters'], writes: [/scaling\.(svg|png)$/] },
  { words: ['diff', 'lenet', 'other'], writes: [/diff-other\.(svg|png)$/] },
  {
    words: ['sweep', 'lenet', '--metric', 'subset-accuracy', '--over', 'k=1..5'],
    writes: [/sweep-subset-accuracy\.(svg|png)$/],
  },
  { words: ['search', 'lenet'], writes: [] },
  { words: ['evaluate', 'lenet'], writes: [] },
];

const milliseconds = isHeavy ? [200, 600, 1000, 1500, 2000, 3000, 4000, 6000] : [];

test.each(isHeavy ? all : all.slice(0, 2))('$words.0 $words.1, interrupted', async ({ words, writes }) => {
  const before = filesNow();
  const moments = [
    // The first file to appear: one being written, or a lock.
    () => filesNow().some((file) => !before.includes(file)),
    ...milliseconds.map((time) => {
      const due = performance.now();
      return () => performance.now() - due >= time;
    }),
  ];
  for (const isTime of moments) {
    const { code, signal, stderr } = await interrupted(words, isTime);
    // It may have ended by itself before.
    if (code !== 0) expect({ code, signal, stderr }).toMatchObject({ code: null, signal: 'SIGINT' });
    expect(stderr).not.toMatch(/^\s+at /m);
    const left = filesNow().filter((file) => !before.includes(file));
    expect(left.filter((file) => !writes.some((pattern) => pattern.test(file)))).toEqual([]);
    if (!isHeavy && left.length > 0)
      for (const pattern of writes) expect(left.some((file) => pattern.test(file))).toBe(true);
    for (const file of left) fs.rmSync(path.join(root, file));
  }
});
