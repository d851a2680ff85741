import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { expect, test } from 'vitest';
import type { Collected } from '../../../src/import/collector.js';
import { tableColumns, usualCoordinates } from '../../../src/import/columns.js';
import { axisOf, placeModels } from '../../../src/import/scale.js';
import { readLabelSource, readTable, type LabelSource, type TableOptions } from '../../../src/import/table.js';
import { idOf } from '../../../src/runs/imported.js';
import { Random } from '../../../src/statistics/random.js';
import { temporaryFolder } from '../../support/runs.js';

type Member = Collected['members'][number];

const long: TableOptions = { columns: {}, coordinates: undefined, wide: undefined };

async function written(content: string, name = 'table.csv'): Promise<string> {
  const file = path.join(await temporaryFolder(), name);
  await fs.writeFile(file, content);
  return file;
}

async function collected(content: string, options: Partial<TableOptions> = {}, strict = false): Promise<Collected> {
  return (await readTable([await written(content)], { ...long, ...options })).finish({ strict });
}

test('rows in any order give the same columns: examples by id, members in order of appearance', async () => {
  const random = Random.named(0, 'import table');
  const models = ['small', 'large'];
  const truth = models.flatMap((model) =>
    Array.from({ length: 200 }, (_, example) => {
      const label = random.integer(10);
      return { model, example, label: example % 7, predicted: label, p: random.uniform() };
    }),
  );
  const header = 'model,example,label,predicted,probability,parameters';
  const line = (row: (typeof truth)[number]) =>
    [row.model, row.example, row.label, row.predicted, row.p, row.model === 'small' ? 1e6 : 1e9].join(',');
  const shuffled = Array.from(random.permutation(truth.length), (i) => truth[i]!);
  const found = await collected([header, ...shuffled.map(line)].join('\n'));
  const straight = await collected([header, ...truth.map(line)].join('\n'));
  expect(found.examples).toEqual(Array.from({ length: 200 }, (_, i) => String(i)));
  expect(found.fingerprint).toBe(straight.fingerprint);
  for (const { name, columns, coordinates } of found.members) {
    const own = truth.filter(({ model }) => model === name);
    expect(coordinates).toEqual({ parameters: name === 'small' ? 1e6 : 1e9 });
    expect([...columns['label']!]).toEqual(own.map(({ label }) => label));
    expect([...columns['predicted']!]).toEqual(own.map(({ predicted }) => predicted));
    expect([...columns['correct']!]).toEqual(own.map(({ label, predicted }) => Number(label === predicted)));
    expect([...columns['log_probability']!]).toEqual(own.map(({ p }) => Math.fround(Math.log(p))));
  }
  expect(found.classes).toBe(10);
});

test('wide: a column per model; an empty cell is no outcome', async () => {
  const table = 'id,label,a,b\nx,cat,cat,dog\ny,dog,dog,dog\nz,cat,,cat\n';
  const { members, examples, dropped, classNames } = await collected(table, { wide: 'predicted' });
  expect([examples, dropped, classNames]).toEqual([['x', 'y'], 1, ['cat', 'dog']]);
  expect(members.map(({ name, columns }) => [name, [...columns['correct']!]])).toEqual([
    ['a', [1, 1]],
    ['b', [0, 1]],
  ]);
  expect([...members[1]!.columns['predicted']!]).toEqual([1, 1]);
});

test('numeric classes are compared by value, names by their letters in any Unicode form', async () => {
  const right = async (rows: readonly string[]) => {
    const [{ columns }] = (await collected(['example,label,predicted', ...rows].join('\n'))).members as [Member];
    return [...columns['correct']!];
  };
  expect(await right(['a,007,7', 'b,010,7', 'c,3.0,3'])).toEqual([1, 0, 1]);
  expect(await right(['a,007,7', 'b,x,x'])).toEqual([0, 1]);
  expect(await right(['a,caf\u00e9,cafe\u0301', 'b,cafe\u0301,tea'])).toEqual([1, 0]);
});

test('models that never predict the true class are named, as the labels may belong to other examples', async () => {
  const noted = async (count: number) => {
    const examples = Array.from({ length: count }, (_, i) => i);
    const rows = examples.flatMap((i) => [`a,${i},cat,n01`, `b,${i},cat,cat`]);
    return (await collected(['model,example,label,predicted', ...rows].join('\n'))).notes;
  };
  expect(await noted(10)).toEqual([
    'a never predicted the true class, such as cat of example 0, predicted to be n01: are the labels of these examples, and do they name classes as the predictions do?',
  ]);
  expect(await noted(9)).toEqual([]);
});

test('correct alone is enough; a column missing from some rows is left out, with a note', async () => {
  const alone = await collected('model,example,correct\nm,1,True\nm,2,0\n');
  expect(Object.keys(alone.members[0]!.columns)).toEqual(['example', 'correct']);
  expect(alone.classes).toBeNull();
  const some = await collected('model,example,correct,brier\nm,1,1,0.1\nm,2,0,\nn,1,1,0.2\nn,2,1,0.3\n');
  expect(Object.keys(some.members[1]!.columns)).toEqual(['example', 'correct']);
  expect(some.notes).toEqual(['brier is left out: m does not have it for some examples']);
});

test('seeds of one model are separate members; unnamed models are named by their file', async () => {
  const { members } = await collected('model,seed,example,correct\nm,0,1,1\nm,1,1,0\n');
  expect(members.map(({ name, seed }) => [name, seed])).toEqual([
    ['m', 0],
    ['m', 1],
  ]);
  const file = await written('id,correct\n1,1\n', 'resnet18.csv');
  expect((await readTable([file], long)).finish({ strict: false }).members[0]!.name).toBe('resnet18');
});

test.each([
  ['model,example,correct\nm,1,maybe\n', 2, 'correct "maybe" is not 0 or 1, true or false'],
  ['model,example,correct\nm,1,1\nm,1,0\n', 3, 'm has a second outcome of example 1; give each once'],
  ['model,example,correct\n,1,1\n', 2, 'model is empty'],
  ['model,example,correct\nm,,1\n', 2, 'example is empty'],
  ['model,example,correct,brier\nm,1,1,3\n', 2, 'brier is 3; it must be a Brier score, 0 to 2'],
  ['model,example,correct,rank\nm,1,1,0.5\n', 2, 'rank is 0.5; it must be a rank, 1 for the first'],
  [
    'model,example,correct,log_probability\nm,1,1,0.7\n',
    2,
    'log-probability is 0.7; it must be a logarithm of a probability, at most 0',
  ],
  [
    'model,example,correct,probability\nm,1,1,1.2\n',
    2,
    'probability is 1.2, but a probability must be between 0 and 1',
  ],
  ['model,example,correct,parameters\nm,1,1,8\nm,2,1,9\n', 3, 'parameters of m is 9, but was 8 earlier'],
  [
    'model,example,label,predicted\nm,1,a,b\nn,1,c,c\n',
    3,
    'the label of example 1 differs from an earlier one; give one test set',
  ],
  ['model,example,correct,seed\nm,1,1,-1\n', 2, 'seed is -1, but a seed must be a whole number from 0'],
])('line %#: what is wrong and where', async (content, line, message) => {
  const file = await written(content);
  await expect(readTable([file], long)).rejects.toMatchObject({ exitCode: 2, message: `${file}:${line}: ${message}` });
});

test.each<[string, Partial<TableOptions>, string]>([
  ['a,b\n1,2\n', {}, 'has no column with example ids; name one with --example: "a", "b"'],
  [
    `model,example,correct\n${'x'.repeat(1001)},1,1\n`,
    {},
    'the name of a model has 1001 characters; is this the right column?',
  ],
  ['model;example\na;1\n', {}, 'has its columns separated by ";", not by commas; save it with commas'],
  ['model\texample\na\t1\n', {}, 'has its columns separated by tabs, not by commas; give it the ending .tsv'],
  [
    'model,example,correct\nm,1,1\n',
    { columns: { correct: 'corect' } },
    'has no column "corect"; did you mean correct?',
  ],
  ['model,example,correct\nm,1,1\n', { coordinates: ['flops'] }, 'has no column flops'],
])('missing columns: %#', async (content, options, message) => {
  await expect(collected(content, options)).rejects.toThrow(message);
});

test('no common example, no right or wrong one, and what --strict refuses', async () => {
  await expect(collected('model,example,correct\nm,1,1\nn,2,1\n')).rejects.toThrow(
    'no example has an outcome from all 2 models',
  );
  await expect(collected('model,example,brier\nm,1,1\n')).rejects.toThrow(
    'some outcomes do not say whether the answer is right; name the column with --correct',
  );
  await expect(collected('model,example,correct\nm,1,1\nm,2,1\nn,2,1\n', {}, true)).rejects.toThrow(
    '--strict: n has no outcome of example 1; without it, such examples are left out',
  );
});

test('coordinates of a table: matched by name, the axis is parameters or the first that varies', async () => {
  const file = await written('model,example,correct\nalpha,1,1\nomega,1,0\n');
  const collector = await readTable([file], long);
  expect(() => axisOf(collector.models, undefined)).toThrow(
    'the size of alpha is unknown; give --scale FILE, a table with the columns model and parameters',
  );
  await placeModels(
    collector,
    await written('model,family,layers,tokens\nalpha,x,4,1e9\nomega,y,4,2e9\n', 'scale.csv'),
  );
  expect(axisOf(collector.models, undefined)).toBe('tokens');
  expect(axisOf(collector.models, 'layers')).toBe('layers');
  expect(() => axisOf(collector.models, 'token')).toThrow(
    '--axis: no model has a coordinate token; did you mean tokens?',
  );
  const negative = await written('model,parameters\nalpha,4\nomega,-100\n', 'scale.csv');
  await placeModels(collector, negative);
  expect(() => axisOf(collector.models, undefined)).toThrow(
    `${negative}:3: parameters of omega is -100, not above 0; correct it, or draw the curves over another coordinate: --axis NAME`,
  );
  const inRows = await readTable([await written('model,example,correct,parameters\nm,1,1,4\nn,1,1,0\n')], {
    ...long,
    coordinates: ['parameters'],
  });
  expect(() => axisOf(inRows.models, 'parameters')).toThrow(/\.csv:3: parameters of n is 0, not above 0/);
  const short = await written('model,parameters\nalpha,4\n', 'scale.csv');
  await expect(placeModels(collector, short)).rejects.toThrow('scale.csv: has no line for omega; add one');
});

test('a coordinate is finite, in a table of outcomes and in one of models', async () => {
  for (const size of ['inf', '-Infinity', '1e400'])
    await expect(collected(`model,example,correct,parameters\nm,1,1,${size}\n`)).rejects.toThrow(
      `table.csv:2: parameters "${size}" is not a finite number`,
    );
  const collector = await readTable([await written('model,example,correct\nm,1,1\n')], long);
  const scale = await written('model,img_size,param_count\nm,224,inf\n', 'scale.csv');
  await expect(placeModels(collector, scale)).rejects.toThrow('scale.csv:2: param_count "inf" is not a finite number');
});

test('the columns that the guide writes from Python are known', async () => {
  const guide = await fs.readFile(new URL('../../../docs/import.md', import.meta.url), 'utf8');
  const frame = /pd\.DataFrame\(\{(.*?)\}\)/s.exec(guide)![1]!;
  const written = [...frame.matchAll(/'(\w+)':/g)].map(([, name]) => name!);
  const known: readonly string[] = [...Object.values(tableColumns).flatMap(({ names }) => names), ...usualCoordinates];
  expect(written.length).toBeGreaterThan(8);
  expect(written.filter((name) => !known.includes(name))).toEqual([]);
});

test('true classes from the folder of a path, from a file name, or from a separate table', async () => {
  const table = 'filename,label,prob\nval/cat/1.jpg,cat,0.9\nval/dog/cat_2.jpg,cat,0.6\n';
  const named = { columns: { example: 'filename', predicted: 'label', confidence: 'prob' } };
  const rightBy = async (labelFrom: LabelSource) => {
    const { members } = await collected(table.replace('1.jpg', 'dog_1.jpg'), { ...named, labelFrom });
    return [...members[0]!.columns['correct']!];
  };
  expect(await rightBy('folder')).toEqual([1, 0]);
  expect(await rightBy('name')).toEqual([0, 1]);
  const labels = await written('example,label\nval/cat/dog_1.jpg,cat\nval/dog/cat_2.jpg,cat\n', 'labels.csv');
  expect(await rightBy(await readLabelSource(labels))).toEqual([1, 1]);
  await expect(collected(table, { ...named, labelFrom: 'name' })).rejects.toThrow(
    ':2: example val/cat/1.jpg has no name of the form CLASS_...; see --label-from',
  );
  await expect(collected(table, { ...named, labelFrom: new Map() })).rejects.toThrow('has no label');
  await expect(readLabelSource(await written('example,label\na,1\na,2\n'))).rejects.toThrow(':3: has example a twice');
});

test('ids of models whose names make the same folder, also on case-insensitive disks', () => {
  const taken = new Set<string>();
  for (const name of ['org/m', 'org m', 'ORG-M', '../..', 'ü']) taken.add(idOf(name, taken));
  expect([...taken]).toEqual([
    'imported-org-m',
    'imported-org-m-2',
    'imported-ORG-M-3',
    'imported-model',
    'imported-model-2',
  ]);
});

test('--label-from lists its forms, and what a table of labels is missing', async () => {
  const forms = 'give folder, name, or a table with the columns example and label';
  await expect(readLabelSource('nonsense')).rejects.toThrow(`--label-from: "nonsense" is not a file; ${forms}`);
  const file = path.join(await temporaryFolder(), 'labels.csv');
  await fs.writeFile(file, 'image,label\na,1\n');
  await expect(readLabelSource(file)).rejects.toThrow(`${file}:2: has no column example; ${forms}`);
  await fs.writeFile(file, 'example,class\na,1\n');
  await expect(readLabelSource(file)).rejects.toThrow(`${file}:2: has no column label; ${forms}`);
});

test('ids of examples with control characters are refused, except for line breaks and tabs', async () => {
  const { examples } = await collected('model,example,correct\na,"is it\n\ta cat?",1\n');
  expect(examples).toEqual(['is it\n\ta cat?']);
  await expect(collected('model,example,correct\na,x,1\na,\u001b[2Jy,1\n')).rejects.toThrow(
    /table\.csv:3: the id of the example "\\u001b\[2Jy" has control characters$/,
  );
});
