/** Trials of `--tune` on the real engine, stopped and killed within a trial. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { temporaryName } from '../../src/machine/temporary.js';
import type { TrainingEvent } from '../../src/training/events.js';
import { program } from '../support/program.js';

let folder = '';
beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'emergence-tuning-'));
});
afterEach(() => {
  fs.rmSync(folder, { recursive: true, maxRetries: 10 });
});

/** Trials of 480 steps, in epochs of 8. */
const words = [
  ...'train --arch cnn --dataset shapes --train-size 256 --validation-size 64 --batch-size 32 --test-size 100'.split(
    ' ',
  ),
  ...'--widths 2 --seeds 0,1 --threads 1 --jobs 2 --epochs 60 --json --tune learningRate=1e-3:1e-1:3:log'.split(' '),
];

/** Ends it with the signal at the first event that `at` accepts. */
async function train(run: string, signal?: NodeJS.Signals, at: (event: TrainingEvent) => boolean = () => false) {
  const child: ChildProcess = spawn(process.execPath, [program, ...words, '--tune-per', 'width', '--run', run], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  child.stderr!.resume();
  const events: TrainingEvent[] = [];
  createInterface({ input: child.stdout! }).on('line', (line) => {
    const event = JSON.parse(line) as TrainingEvent;
    events.push(event);
    if (signal !== undefined && at(event)) child.kill(signal);
  });
  await once(child, 'close');
  return events;
}

const file = (run: string, name: string) => path.join(folder, 'checkpoints', run, 'tuning', name);
const trials = (run: string) => {
  const { trials: all } = JSON.parse(fs.readFileSync(file(run, 'cnn-w2-s0.json'), 'utf8')) as {
    trials: { value: number; loss: number; accuracy: number; steps: number }[];
  };
  return all.map(({ value, loss, accuracy, steps }) => ({ value, loss, accuracy, steps }));
};

test.each(['SIGTERM', 'SIGKILL'] as const)(
  'a trial that %s ends resumes where it was, and ends in the same bits',
  async (signal) => {
    const undisturbed = await train('whole');
    expect(undisturbed.filter(({ type }) => type === 'tried')).toHaveLength(3);
    // The seeds of a width share their trials: one makes them and the other waits.
    const [waiting] = undisturbed.filter(({ type }) => type === 'waiting');
    expect(waiting).toMatchObject({ owner: expect.stringMatching(/^process \d+$/) as string });
    expect(undisturbed.filter(({ type }) => type === 'complete')).toHaveLength(2);

    const ended = (event: TrainingEvent) => event.type === 'trial' && event.trial === 2 && event.done > 0.3;
    await train('ended', signal, ended);
    expect(trials('ended')).toHaveLength(1);
    expect(fs.existsSync(file('ended', 'cnn-w2-s0.safetensors'))).toBe(true);
    // As a kill in the middle of writing the state leaves it.
    fs.writeFileSync(file('ended', temporaryName('cnn-w2-s0.safetensors')), '');
    const resumed = await train('ended');
    const [first] = resumed.filter(({ type }) => type === 'trial');
    expect(first).toMatchObject({ trial: 2, done: expect.toSatisfy((done: number) => done > 0.3) as number });
    expect(trials('ended')).toEqual(trials('whole'));
    expect(fs.readdirSync(path.dirname(file('ended', 'any'))).filter((name) => !name.endsWith('.json'))).toEqual([]);

    // As a kill after the last trial was recorded leaves it.
    fs.writeFileSync(file('ended', 'cnn-w2-s0.safetensors'), '');
    fs.rmSync(path.join(folder, 'checkpoints', 'ended', 'members', 'cnn-w2-s1'), { recursive: true });
    await train('ended');
    expect(fs.existsSync(file('ended', 'cnn-w2-s0.safetensors'))).toBe(false);
  },
);
