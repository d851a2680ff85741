import { expect, test } from 'vitest';
import { isOfRun } from '../../../src/runs/contents.js';

test.each(['', 'members', 'members/cnn-w8-s0', 'tensorboard', 'tensorboard/transformer-w128-s12', '.lock'])(
  'folder "%s" is ours',
  (place) => {
    expect(isOfRun(place === '' ? [] : place.split('/'), true)).toBe(true);
  },
);

test.each([
  'run.json',
  'curve.png',
  // As written by `--format pdf`.
  'curve.pdf',
  'reconstructions.svg',
  'sweep-accuracy-causes.pdf',
  'sweep-subset-accuracy-causes.svg',
  'quanta.csv',
  'claims/lenet.json',
  '.lock-owner.json',
  '.run.json.12.00000000-0000-4000-8000-000000000000.tmp',
  'members/autoencoder-w1-s0/reconstructions.png',
  'members/cnn-w8-s0/training.safetensors',
  'members/cnn-w8-s0/stopped.safetensors',
  'tensorboard/cnn-w8-s0/events.out.tfevents.1.host',
  'tensorboard/events.out.tfevents.0.columns.v2',
])('file "%s" is ours', (place) => {
  expect(isOfRun(place.split('/'), false)).toBe(true);
});

test.each([
  ['notes.txt', false],
  ['curve.txt', false],
  ['mycurve.png', false],
  ['sweep-.svg', false],
  ['notes', true],
  ['run.json', true],
  ['members', false],
  ['members/README', false],
  ['members/cnn-w8', true],
  ['members/cnn-w8-s0', false],
  ['members/mlp-w8-s0', true],
  ['members/cnn-w8-s0/weights.safetensors', true],
  ['members/cnn-w8-s0/mine.parquet', false],
  ['members/cnn-w8-s0/a/member.json', false],
  ['other/cnn-w8-s0/member.json', false],
  ['tensorboard/cnn-w8-s0/notes', false],
])('%s (folder: %s) is not', (place, isFolder) => {
  expect(isOfRun(place.split('/'), isFolder)).toBe(false);
});
