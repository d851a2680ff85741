import * as path from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { loadImages } from '../../../../src/datasets/images.js';
import { folderWith, mistakeOf, ownCache, plainPng, zipWith } from '../../../support/pictures.js';

beforeEach(async () => {
  await ownCache();
});

const load = (location: string) => loadImages(location, { dataDir: '/nowhere', imageSize: 1, colour: 'grey' });

/** Pictures of the shades 0, 1, 2, ... in this order, beside a labels file. */
async function filesWith(names: readonly string[], labels: string | Buffer, file = 'labels.csv') {
  const files: Record<string, Buffer> = { [file]: Buffer.from(labels) };
  for (const [i, name] of names.entries()) files[name] = await plainPng([i, i, i]);
  return files;
}

async function read(names: readonly string[], labels: string | Buffer, file = 'labels.csv') {
  const folder = await folderWith(await filesWith(names, labels, file));
  const { classNames, train, test: tested, notes } = await load(folder);
  return {
    classNames,
    train: Array.from(train.labels, (label, i) => `${classNames![label]!} ${train.images[i]!}`),
    test: Array.from(tested.labels, (label, i) => `${classNames![label]!} ${tested.images[i]!}`),
    notes: notes!.map((note) => note.replace(`${folder}: `, '')),
  };
}

const four = ['1.png', '2.png', '3.png', '4.png'];
const rows = ['1.png,cat,train', '2.png,dog,train', '3.png,dog,test', '4.png,cat,test'];
const expected = { classNames: ['cat', 'dog'], train: ['cat 0', 'dog 1'], test: ['cat 3', 'dog 2'] };
const said = 'classes are those of labels.csv';

describe('file, label and split', () => {
  test.each([
    ['with column names', `file,label,split\n${rows.join('\n')}\n`],
    ['without', rows.join('\n')],
    [
      'in another order, under other names',
      `set,Class,filename\n${rows.map((row) => row.split(',').reverse().join(',')).join('\n')}`,
    ],
    [
      'from a spreadsheet: a byte order mark, semicolons, CRLF',
      `\ufefffile;label;split\r\n${rows.join('\r\n').replaceAll(',', ';')}\r\n`,
    ],
    ['quoted', `"file","label","split"\n${rows.map((row) => `"${row.replaceAll(',', '","')}"`).join('\n')}`],
    ['with Windows paths and empty rows', `file,label,split\n\n.\\${rows.join('\n./')}\n,,\n`],
    ['with names without extensions', `id,label,split\n${rows.join('\n').replaceAll('.png', '')}`],
    [
      'with splits in other words',
      `file,label,split\n${rows.join('\n').replaceAll(',train', ',Training').replaceAll(',test', ',TEST')}`,
    ],
  ])('%s', async (_, text) => {
    expect(await read(four, text)).toEqual({ ...expected, notes: [said] });
  });

  test('in labels.tsv, in folders, in a zip with one folder', async () => {
    const text = `file\tlabel\tsplit\n${rows.map((row) => `pictures/${row.replaceAll(',', '\t')}`).join('\n')}`;
    const names = four.map((name) => `pictures/${name}`);
    expect(await read(names, text, 'labels.tsv')).toEqual({ ...expected, notes: [said.replace('csv', 'tsv')] });
    const files = Object.entries(await filesWith(names, text, 'labels.tsv'));
    const zip = await zipWith(Object.fromEntries(files.map(([name, bytes]) => [`birds/${name}`, bytes])));
    expect((await load(zip)).classNames).toEqual(['cat', 'dog']);
  });

  test('in a file of any name, given directly', async () => {
    const folder = await folderWith(await filesWith(four, rows.join('\n'), 'annotations.csv'));
    expect((await load(path.join(folder, 'annotations.csv'))).classNames).toEqual(['cat', 'dog']);
  });

  test('a comma, quotes and accents in a label; both Unicode forms of an accent are one', async () => {
    const text = 'file,label\n1.png,"cat, ""big"""\n2.png,cafe\u0301\n3.png,caf\u00e9\n4.png,"cat, ""big"""';
    expect((await read(four, text)).classNames).toEqual(['caf\u00e9', 'cat, "big"']);
  });

  test('numeric labels are ordered by value', async () => {
    const text = 'file,label\n1.png,10\n2.png,9\n3.png,10\n4.png,9';
    expect((await read(four, text)).classNames).toEqual(['9', '10']);
  });
});

describe('splits', () => {
  test('without a column a fifth of each class is the test set', async () => {
    const names = Array.from({ length: 10 }, (_, i) => `${i}.png`);
    const text = `file,label\n${names.map((name, i) => `${name},${i < 5 ? 'a' : 'b'}`).join('\n')}`;
    const { train, test: tested, notes } = await read(names, text);
    expect([train.length, tested.length]).toEqual([8, 2]);
    expect(notes).toEqual([said, 'no test folder: 2 of 10 images, about a fifth of each class, become the test set']);
  });

  test('are those of the folders that hold the files', async () => {
    const names = ['train/1.png', 'train/2.png', 'test/3.png', 'test/4.png'];
    const text = `file,label\n${rows.map((row, i) => `${names[i]!},${row.split(',')[1]!}`).join('\n')}`;
    expect(await read(names, text)).toEqual({ ...expected, notes: [`${said}, splits those of the folders`] });
  });

  test('val is the test set if there is no other, and is not used otherwise', async () => {
    const val = rows.join('\n').replaceAll(',test', ',val');
    expect(await read(four, `file,label,split\n${val}`)).toEqual({
      ...expected,
      notes: [said, 'the split val is used as the test set'],
    });
    const both = `file,label,split\n${rows.join('\n')}\n5.png,cat,valid`;
    expect((await read([...four, '5.png'], both)).notes).toEqual([
      said,
      '1 image of val ignored: nothing is tuned on validation images here',
    ]);
  });
});

test('mismatches are reported with their count', async () => {
  const text = `file,label,split\n${rows.join('\n')}\n1.png,cat,train\n9.png,cat,train\n../../etc/passwd,cat,train\n5.png,,train`;
  expect(await read([...four, '5.png', 'a/6.png'], text)).toEqual({
    ...expected,
    notes: [
      said,
      '2 files of labels.csv missing, such as 9.png',
      '1 row of labels.csv without a label, not used',
      '1 row of labels.csv repeated, ignored',
      '2 files without a row in labels.csv, such as 5.png, not used',
    ],
  });
});

test('labels take precedence over class folders; an unrelated file of that name is ignored', async () => {
  const names = ['x/1.png', 'x/2.png', 'y/3.png', 'y/4.png'];
  const text = `file,label,split\n${rows.map((row, i) => row.replace(/^\d\.png/, names[i]!)).join('\n')}`;
  expect((await read(names, text)).classNames).toEqual(['cat', 'dog']);
  const other = await read(names, '0,airplane\n1,car\n');
  expect(other.classNames).toEqual(['x', 'y']);
  expect(other.notes[0]).toBe('labels.csv is ignored: has no columns file and label');
});

describe('each mistake is one line', () => {
  const line = async (text: string | Buffer, more: Record<string, Buffer> = {}) => {
    const folder = await folderWith({ ...(await filesWith(four, text)), ...more });
    return (await mistakeOf(load(folder))).replaceAll(folder, 'PATH').replace('UsageError: PATH', 'PATH');
  };

  test.each<[string, string | Buffer, string]>([
    [
      'no columns',
      'a,b\nc,d',
      'PATH/labels.csv: has no columns file and label; its first row must name the columns file and label, and may name split and group',
    ],
    [
      'no files',
      'file,label\nx.png,a\ny.png,b',
      'PATH/labels.csv: none of its 2 files exists, such as x.png; its first row must name the columns file and label, and may name split and group',
    ],
    [
      'two labels',
      'file,label\n1.png,a\n2.png,b\n1.png,b',
      'PATH/labels.csv: rows 2 and 4 disagree on 1.png: "a" and "b"; an image has one label, one split and one group',
    ],
    [
      'two splits',
      'file,label,split\n1.png,a,train\n2.png,b,train\n1.png,a,test',
      'PATH/labels.csv: rows 2 and 4 disagree on 1.png: "a" in train and "a" in test; an image has one label, one split and one group',
    ],
    [
      'an unknown split',
      'file,label,split\n1.png,a,trian',
      'PATH/labels.csv: row 2 has the split trian; known: train, test, val',
    ],
    [
      'an unclosed quotation mark',
      'file,label\n"1.png,a\n2.png,b',
      'PATH/labels.csv: row 2 has a line break in a cell; is a quotation mark not closed?',
    ],
    [
      'no file',
      'file,label\n,a',
      'PATH/labels.csv: row 2 does not name a file; its first row must name the columns file and label, and may name split and group',
    ],
    ['one class', 'file,label\n1.png,a\n2.png,a', 'PATH/labels.csv: has only one class, a; at least two are needed'],
    [
      'one class, because the rows of the others are not used',
      'file,label\n1.png,a\n2.png,\n../3.png,b',
      'PATH/labels.csv: has only one class, a; 1 file of labels.csv missing, such as ../3.png; 1 row of labels.csv without a label, not used; at least two are needed',
    ],
    ['a column twice', 'file,label,label\n1.png,a,b', 'PATH/labels.csv: has two columns label; name each once'],
    [
      'a comma in a name without quotes',
      'file,label\n1.png,a\n2.png,cat,tabby',
      'PATH/labels.csv: row 3 has 3 cells for 2 columns; put a name with a comma in quotes',
    ],
    [
      'no training image',
      'file,label,split\n1.png,a,test',
      'PATH/labels.csv: has no row of a training image; its first row must name the columns file and label, and may name split and group',
    ],
    [
      'a class only in test',
      `file,label,split\n${rows.join('\n')}\n2.png,dog,train\n1.png,cat,train`.replace('3.png,dog', '3.png,cow'),
      'PATH/labels.csv: holds the class cow without any training image; train and test must have the same classes',
    ],
    [
      'Latin-1',
      Buffer.from('file,label\n1.png,caf\xe9', 'latin1'),
      'PATH/labels.csv: is not UTF-8; save it as "CSV UTF-8"',
    ],
    [
      'a zero byte',
      Buffer.from('file,label\na.png,c\0at\n'),
      'PATH/labels.csv: has zero bytes, and text has none; save it as "CSV UTF-8"',
    ],
    [
      'UTF-16 without a mark',
      Buffer.from('file,label\n', 'utf16le'),
      'PATH/labels.csv: has zero bytes, and text has none; save it as "CSV UTF-8"',
    ],
    ['UTF-16', Buffer.from('\ufefffile,label\n', 'utf16le'), 'PATH/labels.csv: is not UTF-8; save it as "CSV UTF-8"'],
  ])('%s', async (_, text, expectedLine) => {
    expect(await line(text)).toBe(expectedLine);
  });

  test('two label files', async () => {
    expect(await line('file,label', { 'labels.tsv': Buffer.from('x') })).toBe(
      'PATH: holds labels.csv and labels.tsv; keep one of them',
    );
  });
});

describe('groups', () => {
  const ofPatients = (heading: string, labels: string) => `file,label,split,${heading}\n${labels}`;

  test('come from a column, under its name; an image without a group is its own', async () => {
    const names = ['1.png', '2.png', '3.png', '4.png', '5.png', '6.png', '7.png'];
    const table = ofPatients(
      'Patient_ID',
      '1.png,a,train,p1\n2.png,b,train,p2\n3.png,b,test,p3\n4.png,a,test,p3\n5.png,a,test,\n6.png,b,test,\n7.png,b,test,p2',
    );
    for (let time = 0; time < 2; time++) {
      // The second time from the cache.
      const folder = await folderWith(await filesWith(names, table));
      const { test: tested, groups, notes } = await load(folder);
      // In the order of classes: 4 and 5 of a, then 3, 6, 7 of b.
      expect([...tested.images]).toEqual([3, 4, 2, 5, 6]);
      expect([groups!.noun, ...groups!.of]).toEqual(['patients', 0, 1, 0, 2, 3]);
      expect(notes!.map((note) => note.replace(`${folder}: `, ''))).toContain(
        '1 of the 4 patients of test images have training images too: results on them say nothing about other patients',
      );
    }
  });

  test('stay with the images of a sampled test set', async () => {
    const names = Array.from({ length: 20 }, (_, i) => `${i}.png`);
    const table = `file,label,writer\n${names.map((name, i) => `${name},${i % 2 === 0 ? 'a' : 'b'},w${i}`).join('\n')}`;
    const { test: tested, groups } = await load(await folderWith(await filesWith(names, table)));
    expect([groups!.noun, tested.labels.length, new Set(groups!.of).size]).toEqual(['writers', 4, 4]);
  });

  test('do not exist without a column; the one in a file is used', async () => {
    const { groups } = await load(await folderWith(await filesWith(four, rows.join('\n'))));
    expect(groups).toBeUndefined();
    const table = ofPatients('group', '1.png,a,train,x\n2.png,b,train,x\n1.png,a,train,y');
    expect(await mistakeOf(load(await folderWith(await filesWith(four, table))))).toMatch(
      /rows 2 and 4 disagree on 1\.png: "a" in train of group x and "a" in train of group y; an image has one label/,
    );
  });
});
