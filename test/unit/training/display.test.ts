import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { displayMode, openDisplay, type DisplayMode } from '../../../src/training/display.js';
import type { TrainingEvent } from '../../../src/training/events.js';

const started: TrainingEvent = {
  type: 'started',
  member: 'cnn-w8-s0',
  threads: 2,
  epochs: 3,
  steps: 1404,
  stepsPerEpoch: 468,
  fromEpoch: 0,
};
const complete: TrainingEvent = { type: 'complete', member: 'cnn-w8-s0', seconds: 73.2, peakMemoryBytes: 4e8 };
const failed: TrainingEvent = {
  type: 'failed',
  member: 'cnn-w16-s0',
  reason: 'the disk is full',
  lastWords: 'first\nsecond',
};

function progress(epoch: number, step: number): TrainingEvent {
  const rates = { examplesPerSecond: 12345, etaSeconds: 65 };
  return { type: 'progress', member: 'cnn-w8-s0', epoch, step, steps: 468, loss: 0.25, accuracy: 0.9312, ...rates };
}

function epoch(number: number): TrainingEvent {
  const means = { trainLoss: 0.12345, trainAccuracy: 0.97, learningRate: 0.001, examplesPerSecond: 12000, seconds: 5 };
  return { type: 'epoch', member: 'cnn-w8-s0', epoch: number, step: number * 468, ...means };
}

/** A display on separate streams, with a clock set by the test (milliseconds). */
function displayed(mode: DisplayMode, members: readonly string[], terminal: { rows?: number; columns?: number } = {}) {
  const stdout = new PassThrough();
  const stderr = Object.assign(new PassThrough(), { isTTY: mode === 'bars', rows: 24, columns: 100, ...terminal });
  const clock = { now: 0 };
  const display = openDisplay(mode, members, { stdout, stderr, now: () => clock.now });
  return { display, clock, out: () => textOf(stdout), err: () => textOf(stderr) };
}

function textOf(stream: PassThrough): string {
  return ((stream.read() as Buffer | null) ?? '').toString();
}

test('outside a terminal: a line per epoch, and failures with their last words', () => {
  const { display, clock, out, err } = displayed('lines', ['cnn-w8-s0', 'cnn-w16-s0']);
  const at = (milliseconds: number, event: TrainingEvent) => {
    clock.now = milliseconds;
    display.event(event);
  };
  display.note('2 members');
  at(0, started);
  at(1000, progress(1, 100));
  at(5000, epoch(1));
  at(6000, epoch(2));
  at(36_000, progress(3, 100));
  at(36_500, epoch(3));
  at(37_000, complete);
  at(37_000, failed);
  display.close();
  expect(out()).toBe('');
  expect(err()).toMatchInlineSnapshot(`
    "2 members
    cnn-w8-s0   started: 3 epochs of 468 steps, 2 threads
    cnn-w8-s0   epoch 1/3  loss 0.1235  accuracy 97.00 %  12.0k ex/s
    cnn-w8-s0   epoch 3/3  step 100/468  loss 0.2500  accuracy 93.12 %  12.3k ex/s  ETA 1 min 05 s
    cnn-w8-s0   epoch 3/3  loss 0.1235  accuracy 97.00 %  12.0k ex/s
    cnn-w8-s0   complete: 1 min 13 s of training
    cnn-w16-s0  failed: the disk is full
    cnn-w16-s0    | first
    cnn-w16-s0    | second
    "
  `);
});

const place = { member: 'cnn-w8-s0', factor: 'learningRate', value: 0.01, trials: 7 };
const trial = (number: number, done: number): TrainingEvent => ({
  ...{ ...place, type: 'trial', trial: number, done, loss: 0.5, etaSeconds: 65 },
});
const tried = (number: number, loss: number | null): TrainingEvent => ({
  ...{ ...place, type: 'tried', trial: number, loss, seconds: 73.2 },
});

test('outside a terminal: trials, those that take long within too, and the wait for those of another process', () => {
  const { display, clock, err } = displayed('lines', ['cnn-w8-s0', 'cnn-w8-s1']);
  for (const [milliseconds, event] of [
    [0, { type: 'waiting', member: 'cnn-w8-s1', owner: 'process 12 on node7' }],
    [0, tried(1, 0.25)],
    [1000, tried(2, null)], // not due
    [2000, trial(3, 0.1)],
    [33_000, trial(3, 0.5)],
    [36_000, tried(3, null)],
    [36_100, tried(7, 0.125)],
  ] satisfies [number, TrainingEvent][]) {
    clock.now = milliseconds;
    display.event(event);
  }
  expect(err()).toMatchInlineSnapshot(`
    "cnn-w8-s1  waiting for its trials, which process 12 on node7 is running for all members of this width
    cnn-w8-s0  trial 1 of 7, learningRate 0.01: validation loss 0.25, 1 min 13 s
    cnn-w8-s0  trial 3 of 7, learningRate 0.01: 50.00 % done, loss 0.5  ETA of the trials 1 min 05 s
    cnn-w8-s0  trial 3 of 7, learningRate 0.01: diverged, 1 min 13 s
    cnn-w8-s0  trial 7 of 7, learningRate 0.01: validation loss 0.125, 1 min 13 s
    "
  `);
});

test('on a terminal: the bar of a member that makes trials is theirs', () => {
  const { display, err } = displayed('bars', ['cnn-w8-s0', 'cnn-w8-s1'], { columns: 110 });
  display.event(trial(4, 0.5)); // half of seven trials
  display.event({ type: 'waiting', member: 'cnn-w8-s1', owner: 'process 12' });
  display.close();
  const shown = err();
  const [, full, empty] = /cnn-w8-s0 (█+)(░+) trial 4 of 7, learningRate 0.01 {2}ETA 1 min 05 s/u.exec(shown)!;
  expect(full).toHaveLength(empty!.length);
  expect(shown).toContain('waiting for the trials of its width');
});

test('outside a terminal: the end of an epoch is reported even right after its progress', () => {
  const { display, clock, err } = displayed('lines', ['cnn-w8-s0']);
  for (const [milliseconds, event] of [
    [0, started],
    [31_000, progress(1, 448)],
    [32_000, epoch(1)],
  ] as const) {
    clock.now = milliseconds;
    display.event(event);
  }
  expect(err().match(/epoch .* loss/g)).toEqual(['epoch 1/3  step 448/468  loss', 'epoch 1/3  loss']);
});

test('json: every event is a line on stdout, notes go to stderr', () => {
  const { display, out, err } = displayed('json', ['cnn-w8-s0']);
  const events = [started, progress(1, 5), epoch(1), complete];
  display.note('a note');
  events.forEach((event) => {
    display.event(event);
  });
  display.close();
  expect(
    out()
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown),
  ).toEqual(events);
  expect(err()).toBe('a note\n');
});

test('on a terminal: a bar per member with loss, accuracy, rate and time left, and one for the family', () => {
  const { display, out, err } = displayed('bars', ['cnn-w8-s0', 'cnn-w16-s0']);
  display.event(started);
  display.event(progress(2, 234));
  display.event(failed);
  display.close();
  const shown = err();
  // Half of the second of three epochs is half of the bar.
  const [, full, empty] = /cnn-w8-s0 {2}(█+)(░+) loss/u.exec(shown)!;
  expect(full).toHaveLength(empty!.length);
  expect(shown).toContain('loss 0.2500  accuracy 93.12 %  12.3k ex/s  ETA 1 min 05 s');
  expect(shown).toContain('family');
  expect(shown).toContain('1 of 2 members finished');
  expect(shown).toContain('cnn-w16-s0  failed: the disk is full');
  expect(shown).toContain('  | second');
  // No colour, with or without NO_COLOR.
  expect(shown).not.toMatch(/\u001b\[[0-9;]*m/);
  expect(out()).toBe('');
});

test('before there are members a note is shown at once', () => {
  const { display, err } = displayed('bars', []);
  display.note('TensorFlow is being fetched');
  expect(err()).toBe('TensorFlow is being fetched\n');
});

test('more members than rows: only running ones have a bar', () => {
  const others = Array.from({ length: 30 }, (_, i) => `cnn-w9-s${i}`);
  const { display, err } = displayed('bars', ['cnn-w8-s0', ...others], { rows: 10 });
  display.event(started);
  display.close();
  const shown = err();
  expect(shown).toContain('cnn-w8-s0');
  expect(shown).not.toContain('cnn-w9');
  expect(shown).toContain('0 of 31 members finished');
});

test('the mode follows from --json and from the stream', () => {
  const stream = (isTTY: boolean) => Object.assign(Object.create(process.stderr), { isTTY }) as typeof process.stderr;
  expect(displayMode({ json: true }, stream(true))).toBe('json');
  expect(displayMode({ json: false }, stream(false))).toBe('lines');
});
