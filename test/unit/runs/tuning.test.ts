import * as fs from 'node:fs/promises';
import * as os from 'node:os';
import * as path from 'node:path';
import { expect, test } from 'vitest';
import { isOfRun } from '../../../src/runs/contents.js';
import { readTuning, tuningFile, writeTuning, type TuningRecord } from '../../../src/runs/tuning.js';

test('trials are read as they were written, a changed loss is damage, and the files are those of a run', async () => {
  const folder = await fs.mkdtemp(path.join(os.tmpdir(), 'emergence-tuning-'));
  const file = tuningFile(folder, 'cnn-w8-s0');
  expect(await readTuning(file)).toBeUndefined();
  const record: TuningRecord = {
    ...{ format: 2, id: 'cnn-w8-s0', experiment: 'a'.repeat(64), factor: 'learningRate' },
    trials: [
      { value: 0.01, loss: 0.5, accuracy: 0.75, diverged: false, steps: 10, seconds: 1 },
      { value: 10, loss: null, accuracy: null, diverged: true, steps: 10, seconds: 1 },
    ],
  };
  await writeTuning(file, record);
  expect(await readTuning(file)).toEqual(record);
  await fs.writeFile(file, (await fs.readFile(file, 'utf8')).replace('0.75', '0.76'));
  await expect(readTuning(file)).rejects.toThrow(/is damaged.*delete it to make the trials again/);
  expect(isOfRun(['tuning', 'cnn-w8-s0.json'], false)).toBe(true);
  expect(isOfRun(['tuning', 'cnn-w8-s0.json.lock'], false)).toBe(true);
  expect(isOfRun(['tuning', 'notes.json'], false)).toBe(false);
  await fs.rm(folder, { recursive: true });
});
