/** Tables as timm's inference.py writes them with pandas: the shapes of its formats, made with the same calls and written here by hand. */
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { expect, test } from 'vitest';
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

test('every format, with one class or several for each image; models are named by their files, without the image size', async () => {
  const folder = await folderWith(forms);
  const files = Object.keys(forms).map((name) => path.join(folder, name));
  const scale = path.join(folder, 'results.csv');
  // One model at two image sizes, and a thousand millions with a comma.
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

test('classes by number, with labels from a file; and a model at two image sizes keeps them in its name', async () => {
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

test.each([
  ['filename,prob\nn1/a,"[0.1 0.9]"\n', 'has probabilities of classes without their names'],
  ['file,label\nn1/a,n1\n', 'has no column filename'],
  ['filename,label\nn1/a,tench\n', 'no prediction is one of the true classes: tench against n1'],
  ['filename,label\na,n1\n', 'example a is in no folder'],
  ['filename,label\nn1/a,\n', 'label is empty'],
])('%j is one line', async (text, line) => {
  const folder = await folderWith({ 'a.csv': text });
  const asked = importOutcomes('timm', [path.join(folder, 'a.csv')], {
    root: folder,
    run: 'timm',
    labelFrom: 'folder',
  });
  await expect(asked).rejects.toThrow(line);
});

test('a file whose names match nothing is refused among others that match; so are fewer classes than the files name', async () => {
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
