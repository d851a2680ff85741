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
import { exampleFolder } from '../support/examples.js';
import { program } from '../support/program.js';

const isHeavy = process.env['INTERRUPT'] === 'heavy';

let root = '';
beforeEach(async () => {
  root = await exampleFolder();
});

const filesNow = () =>
  fs
    .readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(root, path.join(entry.parentPath, entry.name)))
    .sort();

/** Starts a command, sends SIGINT once it is time, and waits for it to end. */
async function interrupted(words: readonly string[], timer: () => () => boolean) {
  const isTime = timer();
  const child = spawn(process.execPath, [program, ...words], { cwd: root, stdio: ['ignore', 'ignore', 'pipe'] });
  const ended = Promise.all([text(child.stderr), once(child, 'close')]);
  while (child.exitCode === null && child.signalCode === null && !isTime()) await sleep(1);
  child.kill('SIGINT');
  const [stderr] = await ended;
  return { code: child.exitCode, signal: child.signalCode, stderr };
}

/** Commands and the files they write: all of them or none. */
const all: readonly (readonly [line: string, writes: readonly RegExp[]])[] = [
  ['compare lenet-mnist --draws 200', [/compare\.svg$/, /compare\.png$/]],
  ['forecast seal lenet-mnist --widths 64 --metric accuracy', [/forecasts\/.*\.json$/]],
  ['quanta lenet-mnist', [/quanta\.svg$/, /quanta\.png$/, /quanta\.csv$/]],
  ['report lenet-mnist --output page --draws 200', [/^page\/report\.html$/, /^page\/figures\//, /^page\/tables\//]],
  ['export lenet-mnist --output all.csv', [/all\.csv$/]],
  ['export lenet-mnist/cnn-w16-s0 --to safetensors --output one.safetensors', [/one\.safetensors$/]],
  ['theory lenet-mnist', [/theory\.svg$/, /theory\.png$/]],
  ['seeds lenet-mnist', [/seeds\.svg$/, /seeds\.png$/]],
  ['scaling lenet-mnist --axis parameters', [/scaling\.svg$/, /scaling\.png$/]],
  ['collapse lenet-mnist', [/collapse\.svg$/, /collapse\.png$/]],
  ['diff lenet-mnist half', [/diff-half\.svg$/, /diff-half\.png$/]],
  [
    'sweep lenet-mnist --metric subset-accuracy --over k=1..5 --test-sizes 50,100 --keep-scales 3',
    [
      /sweep-subset-accuracy\.svg$/,
      /sweep-subset-accuracy\.png$/,
      /sweep-subset-accuracy-causes\.svg$/,
      /sweep-subset-accuracy-causes\.png$/,
    ],
  ],
  ['compare untuned --tuned tuned', [/tuned-tuned\.svg$/, /tuned-tuned\.png$/]],
  ['compare lenet-mnist half --draws 200', [/lenet-mnist\/compare\.(svg|png)$/, /half\/compare\.(svg|png)$/]],
  ['forecast study lenet-mnist --metric accuracy', [/study.*\.svg$/, /study.*\.png$/]],
  ['claim seal lenet-mnist --experiment lenet-figure-10', [/claims\/.*\.json$/]],
  ['design lenet-mnist --families 100', [/design\.yaml$/]],
  ['datasets preview shapes', [/reports\/preview-shapes\.png$/]],
  [
    'import table outcomes.csv --run mine --scale models.csv',
    [/mine\/run\.json$/, /mine\/members\/.*\/outcomes\.parquet$/],
  ],
  ['signal lenet-moments', []],
  ['power --effect 0.1 --run lenet-mnist --scale 4', []],
  ['search lenet-mnist', []],
  ['evaluate lenet-mnist', []],
  ['show lenet-mnist', []],
];

const milliseconds = isHeavy ? [200, 600, 1000, 1500, 2000, 3000, 4000, 6000] : [];

test.each(isHeavy ? all : all.slice(0, 2))('%s, interrupted', async (line, writes) => {
  const before = filesNow();
  const moments = [
    // The first file to appear: one being written, or a lock.
    () => () => filesNow().some((file) => !before.includes(file)),
    ...milliseconds.map((time) => () => {
      const due = performance.now() + time;
      return () => performance.now() >= due;
    }),
  ];
  for (const timer of moments) {
    const { code, signal, stderr } = await interrupted(line.split(' '), timer);
    // It may have ended by itself before.
    if (code !== 0) expect({ code, signal, stderr }).toMatchObject({ code: null, signal: 'SIGINT' });
    expect(stderr).not.toMatch(/^\s+at /m);
    const left = filesNow().filter((file) => !before.includes(file));
    expect(
      left.filter((file) => !/^(page|checkpoints\/mine)\//.test(file) && !writes.some((pattern) => pattern.test(file))),
    ).toEqual([]);
    if (left.length > 0 || code === 0)
      expect(writes.filter((pattern) => !left.some((file) => pattern.test(file)))).toEqual([]);
    for (const file of left) fs.rmSync(path.join(root, file));
  }
});
