import { describe, expect, test } from 'vitest';
import { isTrainingEvent, readJobMessage, type TrainingEvent } from '../../../src/training/events.js';

const progress: TrainingEvent = {
  type: 'progress',
  member: 'cnn-w8-s0',
  epoch: 1,
  step: 10,
  steps: 468,
  loss: NaN,
  accuracy: 0.5,
  examplesPerSecond: 1e4,
  etaSeconds: 3,
};

test('a complete event is accepted, with NaN and further fields too', () => {
  expect(isTrainingEvent(progress)).toBe(true);
  expect(isTrainingEvent({ ...progress, more: true })).toBe(true);
});

const epoch: TrainingEvent = {
  ...{ type: 'epoch', member: 'cnn-w8-s0', epoch: 1, step: 468, trainLoss: 1, trainAccuracy: null },
  ...{ learningRate: 0.1, examplesPerSecond: 1e4, seconds: 3 },
};

test('validation scores after an epoch are optional', () => {
  expect(isTrainingEvent(epoch)).toBe(true);
  expect(isTrainingEvent({ ...epoch, testLoss: 1, testAccuracy: null, testExamples: 10 })).toBe(true);
  expect(isTrainingEvent({ ...epoch, testLoss: null })).toBe(false);
  expect(isTrainingEvent({ ...epoch, validationAccuracy: '1' })).toBe(false);
});

test('a trial that diverged has no loss', () => {
  const tried = {
    type: 'tried',
    member: 'cnn-w8-s0',
    factor: 'learningRate',
    value: 1,
    trial: 1,
    trials: 7,
    seconds: 3,
  };
  expect([{ ...tried, loss: null }, { ...tried, loss: 0.5 }, tried].map(isTrainingEvent)).toEqual([true, true, false]);
});

describe('invalid events are refused', () => {
  test.each([
    [undefined],
    [null],
    ['progress'],
    [{}],
    [{ type: 'toString' }],
    [{ type: 3, member: 'm' }],
    [{ ...progress, loss: undefined }],
    [{ ...progress, loss: '1' }],
    [{ ...progress, member: 7 }],
  ])('%j', (message) => {
    expect(isTrainingEvent(message)).toBe(false);
  });
});

test('a job is taken out of its message, and nothing else is accepted', () => {
  const job = { type: 'job', jobs: [{ width: 8 }], environment: { TF_NUM_INTEROP_THREADS: '1' } };
  expect(readJobMessage(job)).toEqual(job);
  for (const message of [undefined, null, 'job', { type: 'job', jobs: [] }, { ...job, type: 'other' }]) {
    expect(() => readJobMessage(message)).toThrow('not a job');
  }
});
