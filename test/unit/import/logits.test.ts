/** Arrays as written by NumPy 2 and PyTorch 2.15 (test/fixtures/import), with NumPy's 64-bit softmax of them. */
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { expect, test } from 'vitest';
import { readLogits } from '../../../src/import/logits.js';
import { temporaryFolder } from '../../support/runs.js';

const fixture = (name: string) => path.resolve(import.meta.dirname, '../../fixtures/import', name);
const logits = { labels: undefined, probabilities: false };

const truth = {
  label: [0, 2, 1, 1, 0],
  predicted: [0, 2, 1, 0, 0],
  rank: [1, 1, 1, 2, 1],
  log_probability: [
    -0.18849214329244, -0.9131293535980525, -0.5295292970604459, -3.165346513037952, -0.7610313601688871,
  ],
  brier: [0.056295083041675825, 0.5383151584338663, 0.2764452608502369, 1.790551149643327, 0.43102639224756],
  confidence: [0.8282070103933602, 0.40126655228101465, 0.5888820929840796, 0.9341356207275909, 0.467184343128555],
  margin: [0.6647675077663324, 0.08468724134589722, 0.27627557844245915, -0.8919361041299486, 0.14984712270482697],
};
const half = [-0.18848605095882798, -0.9130921251307542, -0.5295679701513961, -3.164621553232476, -0.7611358257426556];
const bfloat = [
  -0.18739369628035046, -0.9134973284887983, -0.5303633079039825, -3.1703066695815747, -0.7611358257426556,
];
/** What is stored has 32 bits. */
const stored = { rtol: 1e-7, atol: 1e-7 };

test.each(['logits.npy', 'fortran.npy'])('%s: all columns of a classifier', async (name) => {
  const { collector, classes } = await readLogits([fixture(name)], { ...logits, labels: fixture('labels.npy') });
  const { columns, name: model } = collector.finish({ strict: true }).members[0]!;
  expect([model, classes]).toEqual([name.replace('.npy', ''), 3]);
  expect([[...columns['label']!], [...columns['predicted']!], [...columns['rank']!]]).toEqual([
    truth.label,
    truth.predicted,
    truth.rank,
  ]);
  expect([...columns['correct']!]).toEqual([1, 1, 1, 0, 1]);
  for (const column of ['log_probability', 'brier', 'confidence', 'margin'] as const)
    expect(columns[column]).toBeAllClose(truth[column], stored);
});

test('several models in one file, with the labels among them; half precision and bfloat16', async () => {
  const ofNpz = (await readLogits([fixture('models.npz')], logits)).collector.finish({ strict: true });
  expect(ofNpz.members.map(({ name }) => name)).toEqual(['small', 'half']);
  expect(ofNpz.members[0]!.columns['log_probability']).toBeAllClose(truth.log_probability, stored);
  expect(ofNpz.members[1]!.columns['log_probability']).toBeAllClose(half, stored);
  const ofTensors = (await readLogits([fixture('models.safetensors')], logits)).collector.finish({ strict: true });
  const columnOf = (name: string) =>
    ofTensors.members.find((member) => member.name === name)!.columns['log_probability'];
  expect(columnOf('f16')).toBeAllClose(half, stored);
  expect(columnOf('bf16')).toBeAllClose(bfloat, stored);
});

test('labels of a table, with ids; probabilities, which must add up to 1', async () => {
  const folder = await temporaryFolder();
  const labels = path.join(folder, 'labels.csv');
  await fs.writeFile(labels, ['example,label', ...truth.label.map((label, i) => `image-${9 - i},${label}`)].join('\n'));
  const { collector } = await readLogits([fixture('logits.npy')], { ...logits, labels });
  const { examples, members } = collector.finish({ strict: true });
  expect(examples).toEqual([5, 6, 7, 8, 9].map((i) => `image-${i}`));
  expect([...members[0]!.columns['label']!]).toEqual(truth.label.toReversed());
  await expect(readLogits([fixture('logits.npy')], { labels, probabilities: true })).rejects.toThrow(
    /logits\.npy, row 0: adds up to .*, but probabilities must add up to 1/,
  );
});

/** An array of 8-byte floats, following NumPy's description of the format. */
function npy(shape: readonly number[], values: readonly number[], type = '<f8'): Buffer {
  const text = `{'descr': '${type}', 'fortran_order': False, 'shape': (${shape.join(', ')},), }`;
  const header = text.padEnd(117) + '\n';
  const start = Buffer.from([0x93, ...Buffer.from('NUMPY'), 1, 0, header.length, 0]);
  return Buffer.concat([start, Buffer.from(header), Buffer.from(Float64Array.from(values).buffer)]);
}

test.each<[string, Buffer, string]>([
  ['rows', npy([2, 3], [1, 2, 3, 4, 5, 6]), ': has 2 rows for 5 labels; give one label per row'],
  ['a list', npy([5], [1, 2, 3, 4, 5]), ': has the shape [5]; it must be [examples, classes]'],
  ['too few classes', npy([5, 2], [1, 2, 1, 2, 1, 2, 1, 2, 1, 2]), ': has 2 classes, but there is a label 2'],
  [
    'NaN',
    npy([5, 3], [1, 2, NaN, ...new Array<number>(12).fill(1)]),
    ', row 0: has a value that is not a number, or infinite',
  ],
  ['cut short', npy([5, 3], [1, 2]), ': is not a complete .npy file: 16 bytes for shape [5, 3]'],
  ['objects', npy([5, 3], [1], '|O'), ': has values of the type |O; save it as float32 or int64'],
  ['big-endian', npy([5, 3], [1], '>f8'), ': has values of the type >f8; save it as float32 or int64'],
  ['text', Buffer.from('a,b\n1,2\n'), ': is not a complete .npy file: it does not start like one'],
])('%s is refused in one line', async (_, bytes, message) => {
  const file = path.join(await temporaryFolder(), 'model.npy');
  await fs.writeFile(file, bytes);
  await expect(readLogits([file], { ...logits, labels: fixture('labels.npy') })).rejects.toMatchObject({
    exitCode: 2,
    message: `${file}${message}`,
  });
});

test('no labels; a table in place of arrays; a damaged safetensors file', async () => {
  await expect(readLogits([fixture('logits.npy')], logits)).rejects.toThrow(
    'logits.npy: has no labels; give them with --labels FILE',
  );
  const folder = await temporaryFolder();
  await fs.writeFile(path.join(folder, 'x.csv'), 'a\n1\n');
  await expect(readLogits([path.join(folder, 'x.csv')], logits)).rejects.toThrow(
    'x.csv: is none of .npy, .npz, .safetensors; tables are read by import table',
  );
  const cut = path.join(folder, 'cut.safetensors');
  await fs.writeFile(cut, (await fs.readFile(fixture('models.safetensors'))).subarray(0, 200));
  await expect(readLogits([cut], logits)).rejects.toMatchObject({
    exitCode: 2,
    message: expect.stringMatching(/^.*cut\.safetensors: is not a complete safetensors file/) as string,
  });
});
