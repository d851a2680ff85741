import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { expect, test } from 'vitest';
import { openRunFolder } from '../../../src/runs/open.js';
import type { OutcomeName } from '../../../src/runs/outcomes.js';
import { readInOrder } from '../../../src/runs/reading.js';
import { runRecord, temporaryFolder, writeSyntheticRun } from '../../support/runs.js';

test('threads find what one thread finds: every column, the damaged file, the missing column', async () => {
  const folder = path.join(await temporaryFolder(), 'lenet');
  const record = { dataset: { ...runRecord().dataset, testCount: 20 } };
  // A message for each of two threads.
  const seeds = Array.from({ length: 20 }, (_, seed) => seed);
  await writeSyntheticRun({ folder, record, widths: [2, 4], seeds, accuracy: () => 0.5 });
  const opened = await openRunFolder(folder);
  // A member is looked at once to be sent to a thread, and again where this thread has to read it.
  let looks = 0;
  const complete = opened.complete.map((member) => ({
    ...member,
    get files() {
      looks++;
      return member.files;
    },
  }));
  const damaged = path.join(complete[34]!.folder, 'outcomes.parquet');
  await fs.appendFile(damaged, 'x');
  const read = async (names: readonly OutcomeName[], threads: number) => {
    const found = [];
    for await (const [member, outcomes] of readInOrder(complete, names, threads)) found.push([member.id, outcomes]);
    return found;
  };
  const alone = await read(['correct', 'log_probability'], 0);
  expect(alone.filter(([, outcomes]) => typeof outcomes === 'string')).toEqual([
    [complete[34]!.id, 'outcomes.parquet is damaged: it does not match its SHA-256 in member.json'],
  ]);
  looks = 0;
  expect(await read(['correct', 'log_probability'], 2)).toEqual(alone);
  expect(looks).toBe(complete.length);
  const [one, two] = await Promise.all([0, 2].map((threads) => read(['mse'], threads).catch(String)));
  expect(one).toContain('has no column mse');
  expect(two).toBe(one);
});
