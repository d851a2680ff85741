/**
 * Tables as timm's inference.py writes them: written here by hand, modelled on files from timm 1.0.31 and pandas 3.1.1 in each of its
 * formats, label types and --topk, all of which were imported.
 */
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { describe, expect, test } from 'vitest';
import { importOutcomes } from '../../../src/library/import.js';
import { evaluate } from '../../../src/library/evaluate.js';
import { temporaryFolder } from '../../support/runs.js';

const json = JSON.stringify;
const images = ['n1/n1_0.JPEG', 'n1/n1_1.JPEG', 'n2/n2_2.JPEG', 'n2/n2_3.JPEG'];
/** Right on three of four. */
const labels = ['n1', 'n2', 'n2', 'n2'];
const probs = [0.9, 0.5, 0.75, 0.625];
const indices = labels.map((label) => (label === 'n1' ? 0 : 1));
const others = labels.map((label) => (label === 'n1' ? 'n2' : 'n1'));

const forms: Readonly<Record<string, string>> = {
  'resnet18.a1_in1k-224.csv': [
    'filename,label,prob',
    ...images.map((name, i) => `${name},${labels[i]!},${probs[i]!}`),
  ].join('\n'),
  'topk-224.csv': [
    'filename,label,prob',
    ...images.map((name, i) => `${name},['${labels[i]!}' '${others[i]!}'],[${probs[i]!} 0.1]`),
  ].join('\n'),
  'separate-224.csv': [
    'filename,index_0,index_1,label_0,label_1,prob_0,prob_1',
    ...images.map((name, i) => `${name},${indices[i]!},0,${labels[i]!},${others[i]!},${probs[i]!},0.1`),
  ].join('\n'),
  'json-224.json': json(
    Object.fromEntries(images.map((name, i) => [name, { index: indices[i], label: labels[i], prob: probs[i] }])),
  ),
  'lists-224.json': json(
    Object.fromEntries(images.map((name, i) => [name, { label: [labels[i], others[i]], prob: [probs[i], 0.1] }])),
  ),
  'split-224.json': json({
    columns: ['filename', 'label', 'prob'],
    data: images.map((name, i) => [name, labels[i], probs[i]]),
  }),
};

async function folderWith(files: Readonly<Record<string, string>>): Promise<string> {
  const folder = await temporaryFolder();
  for (const [name, text] of Object.entries(files)) await fs.writeFile(path.join(folder, name), text);
  return folder;
}

test('every format, with one or several classes per image; models are named by their files, without the image size', async () => {
  const folder = await folderWith(forms);
  const files = Object.keys(forms).map((name) => path.join(folder, name));
  const scale = path.join(folder, 'results.csv');
  // One model at two image sizes, and a thousand million with a comma.
  const rows = files.flatMap((file, i) => [`${path.basename(file).replace(/-224\..*/, '')},224,80.1,"1,00${i}.5"`]);
  await fs.writeFile(scale, ['model,img_size,top1,param_count', ...rows, rows[0]!.replace('224', '288')].join('\n'));
  const { record } = await importOutcomes('timm', files, { root: folder, run: 'timm', labelFrom: 'folder', scale });
  expect(record.axis).toBe('parameters');
  const { metrics, run } = await evaluate(path.join(folder, 'timm'), { metrics: ['accuracy'] });
  expect(run.members.map(({ record: { id, parameters } }) => [id, parameters])).toEqual(
    Object.keys(forms).map((name, i) => [name.replace(/-224\..*/, ''), (1000 + i + 0.5) * 1e6]),
  );
  expect(metrics[0]!.members.map(({ value }) => value)).toEqual(files.map(() => 0.75));
  expect(run.columns).toContain('confidence');
});

test('classes by number, with labels from a file; a model at two image sizes keeps them in its name', async () => {
  const heading = 'filename,index,label,prob\n';
  const rows = images.map((name, i) => `${path.basename(name)},${indices[i]!},some text,${probs[i]!}\n`).join('');
  const folder = await folderWith({
    'a-224.csv': heading + rows,
    'a-288.csv': heading + rows,
    'labels.csv': `example,label\n${images.map((name, i) => `${path.basename(name)},${i < 2 ? 0 : 1}\n`).join('')}`,
    'sizes.csv': 'model,parameters\na-224,1e6\na-288,2e6\n',
  });
  const at = (name: string) => path.join(folder, name);
  const { members } = await importOutcomes('timm', [at('a-224.csv'), at('a-288.csv')], {
    ...{ root: folder, run: 'timm', labelFrom: at('labels.csv'), predicted: 'index', scale: at('sizes.csv') },
  });
  expect(members.map(({ name, columns }) => [name, Array.from(columns['correct']!)])).toEqual([
    ['a-224', [1, 0, 1, 1]],
    ['a-288', [1, 0, 1, 1]],
  ]);
});

describe('outputs of all classes (--topk 0)', () => {
  // Softmax of rows of logits, by hand: e^ln 2 : 1 : 1 = 2 : 1 : 1.
  const probabilities = [
    [0.5, 0.25, 0.25],
    [0.25, 0.25, 0.5],
  ];
  const names = ['a.png', 'b.png'];
  const numbered = { 'labels.csv': 'example,label\na.png,00\nb.png,1\n' };
  const imported = async (file: string, text: string) => {
    const folder = await folderWith({ ...numbered, [file]: text, 'sizes.csv': 'model,parameters\nnet,1e6\n' });
    const at = (name: string) => path.join(folder, name);
    const options = { root: folder, run: 'timm', labelFrom: at('labels.csv'), scale: at('sizes.csv') };
    return (await importOutcomes('timm', [at(file)], options)).members[0]!.columns;
  };
  const lists = names.map((name, i) => `${name},[${probabilities[i]!.join('  ')}]`).join('\n');
  const logits = names
    .map((name, i) => `${name},${probabilities[i]!.map((p) => Math.log(p) + 3).join(',')}`)
    .join('\n');
  const json = JSON.stringify(Object.fromEntries(names.map((name, i) => [name, { prob: probabilities[i] }])));

  test.each([
    ['net-224.csv', `filename,prob\n${lists}\n`],
    ['net-224.csv', `filename,logit_0,logit_1,logit_2\n${logits}\n`],
    ['net-224.json', json],
  ])('%s: %j', async (file, text) => {
    const { predicted, correct, log_probability, rank, margin, brier } = await imported(file, text);
    expect([predicted, correct, rank].map((column) => Array.from(column!))).toEqual([
      [0, 2],
      [1, 0],
      [1, 2],
    ]);
    for (const [found, expected] of [
      [log_probability, [Math.log(0.5), Math.log(0.25)]],
      [margin, [0.25, -0.25]],
      [brier, [0.375, 0.25 ** 2 + 0.75 ** 2 + 0.5 ** 2]],
    ] as const)
      // Columns are float32.
      expect(found).toBeAllClose(Float32Array.from(expected), { rtol: 1e-6, atol: 1e-7 });
  });

  test.each([
    [
      'the top three of more classes',
      'filename,logit_0,logit_1,logit_2\na.png,3,2,1\nb.png,5,5,1\n',
      'they are sorted, as those of --topk K are',
    ],
    ['no probabilities', 'filename,prob\na.png,[0.5 0.1]\nb.png,[0.1 0.5]\n', ':2: its 2 probabilities add up to 0.6'],
    ['rows of different lengths', 'filename,prob\na.png,[0.5 0.5]\nb.png,[1.0]\n', ':3: has a prob and not its class'],
    [
      'three, then two',
      'filename,prob\na.png,[0.5 0.2 0.3]\nb.png,[0.5 0.5]\n',
      ':3: has 2 outputs, but there are 3 classes',
    ],
    ['a word', 'filename,prob\na.png,[0.5 half]\n', ':2: prob "half" is not a number'],
    ['cut off', 'filename,prob\na.png,[0.5 0.5\n', ':2: prob "[0.5 0.5" is not a number'],
  ])('%s is refused in one line', async (_, text, line) => {
    await expect(imported('net-224.csv', text)).rejects.toThrow(line);
  });
});

test('unknown column names, and an image whose name looks like a list', async () => {
  const folder = await folderWith({
    'net.csv': 'file,class,p\n[n1 x]/[a b],n1,0.75\n',
    'sizes.csv': 'model,parameters\nnet,1e6\n',
    'labels.csv': 'example,label\n[n1 x]/[a b],n1\n',
  });
  const at = (name: string) => path.join(folder, name);
  const { members } = await importOutcomes('timm', [at('net.csv')], {
    ...{ root: folder, run: 'timm', labelFrom: at('labels.csv'), scale: at('sizes.csv') },
    ...{ example: 'file', predicted: 'class', confidence: 'p' },
  });
  expect([members[0]!.columns['correct']![0], members[0]!.columns['confidence']![0]]).toEqual([1, 0.75]);
});

test.each([
  [
    'filename,prob\nn1/a,"[0.1 0.9]"\n',
    ':2: the true class "n1" is not a number below 2, and outputs of --topk 0 have no names',
  ],
  ['filename,prob\nn1/a,0.9\n', ':2: has a prob and not its class; run inference.py with --label-type name'],
  ['file,label\nn1/a,n1\n', 'has no column filename'],
  ['filename,label\nn1/a,tench\n', 'no prediction is one of the true classes: tench against n1'],
  ['filename,label\na,n1\n', 'example a is in no folder'],
  ['filename,label\nn1/a,\n', 'label is empty'],
])('%j is refused in one line', async (text, line) => {
  const folder = await folderWith({ 'a.csv': text });
  const asked = importOutcomes('timm', [path.join(folder, 'a.csv')], {
    root: folder,
    run: 'timm',
    labelFrom: 'folder',
  });
  await expect(asked).rejects.toThrow(line);
});

test('a file that matches no name is refused among others that do; so are fewer classes than the files name', async () => {
  const folder = await folderWith({
    'a.csv': 'filename,label\nn1/a,n1\nn2/b,n1\n',
    'b.csv': 'filename,index\nn1/a,0\nn2/b,1\n',
    'scale.csv': 'model,parameters\na,1000\nb,2000\n',
  });
  const asked = (names: readonly string[], classes?: number) =>
    importOutcomes(
      'timm',
      names.map((name) => path.join(folder, name)),
      { root: folder, run: 'timm', labelFrom: 'folder', classes, scale: path.join(folder, 'scale.csv') },
    );
  await expect(asked(['a.csv', 'b.csv'])).rejects.toThrow(
    `${folder}/b.csv: no prediction is one of the true classes: 0 against n1`,
  );
  await expect(asked(['a.csv'], 1)).rejects.toThrow(
    '--classes: 1, and labels and predictions name 2 classes; give at least 2',
  );
  expect((await asked(['a.csv'], 1000)).record.dataset.classes).toBe(1000);
});
