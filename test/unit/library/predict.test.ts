/** What is refused before TensorFlow is loaded. */
import * as path from 'node:path';
import { expect, test } from 'vitest';
import { exportMember, exportOutcomes, predict } from '../../../src/index.js';
import { resolveExperiment } from '../../../src/experiment/schema.js';
import { writeRunRecord } from '../../../src/runs/run.js';
import { Random } from '../../../src/statistics/random.js';
import { exampleFolder } from '../../support/examples.js';
import { mistakeOf } from '../../support/pictures.js';
import { runRecord, syntheticOutcomes, writeMember } from '../../support/runs.js';

test('unknown members, and options that do not belong to the architecture', async () => {
  const root = path.join(await exampleFolder(), 'checkpoints');
  const why = async (work: Promise<unknown>) =>
    (await mistakeOf(work)).replace('UsageError: ', '').replaceAll(root, 'checkpoints');
  const of = (member: string, options: object = {}) => why(predict(member, ['x.png'], { root, ...options }));
  expect(await of('lenet-mnist')).toBe(
    'MEMBER: lenet-mnist is a run of 15 members; give one of them, such as lenet-mnist/cnn-w1-s0',
  );
  expect(await of('lenet-mnist/cnn-w3-s0')).toBe(
    'MEMBER: lenet-mnist has no member cnn-w3-s0; did you mean cnn-w1-s0?',
  );
  expect(await of('other/cnn-w1-s0')).toBe(
    'RUN: "other" is neither a run in checkpoints nor a folder with a run.json; give the name of a run there, or the path of its folder',
  );
  expect(await of('lenet-mnist/cnn-w1-s0', { labels: ['1'] })).toBe(
    '--labels: the member is of architecture cnn, which takes no labels; leave it out',
  );
  expect(await of('lenet-mnist/cnn-w1-s0', { output: 'there' })).toBe(
    '--output: the member is of architecture cnn, which does not return images; leave it out',
  );
  expect(await of(path.join(root, 'lenet-mnist/members/cnn-w1-s0'))).toBe(
    'x.png: is not a file; give image files: PNG, JPEG, WebP, GIF, TIFF, AVIF or SVG',
  );
  const autoencoder = resolveExperiment({ arch: 'autoencoder', widths: [8], seeds: [0] });
  await writeRunRecord(path.join(root, 'ae'), runRecord({ name: 'ae', experiment: autoencoder }));
  const key = { arch: 'autoencoder', width: 8, seed: 0 };
  await writeMember(path.join(root, 'ae'), key, syntheticOutcomes(10, 0.5, Random.named(0)));
  expect(await of('ae/autoencoder-w8-s0', { top: 5 })).toBe(
    '--top: the member is of architecture autoencoder, which returns images, not classes; leave it out',
  );
  expect(await why(exportOutcomes('lenet-mnist/cnn-w1-s0', { root }))).toBe(
    '--to: parquet is a table of a whole run, and lenet-mnist/cnn-w1-s0 is a member; give lenet-mnist, or a format for a member, such as --to onnx',
  );
  expect(await why(exportMember('lenet-mnist', { root, to: 'onnx' }))).toContain('is a run of 15 members');
});
