import * as fs from 'node:fs';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, test } from 'vitest';
import { loadIdxFolder } from '../../../src/datasets/idx.js';
import { folderOf, idxBytes, range, smallFiles } from '../../support/idx.js';

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) fs.rmSync(folder, { recursive: true });
});

function folder(files: Readonly<Record<string, Uint8Array>>): string {
  const made = folderOf(files);
  folders.push(made);
  return made;
}

/** The line the user reads, with FOLDER for the folder. */
async function mistake(files: Readonly<Record<string, Uint8Array>>): Promise<string> {
  const made = folder(files);
  const error: unknown = await loadIdxFolder(made).then(
    () => new Error('accepted'),
    (reason: unknown) => reason,
  );
  return String(error).replaceAll(made, 'FOLDER');
}

function without(name: string): Record<string, Uint8Array> {
  return Object.fromEntries(Object.entries(smallFiles()).filter(([each]) => each !== name));
}

test('reads images and labels as stored in the files', async () => {
  const { shape, classes, train, test: held } = await loadIdxFolder(folder(smallFiles()));
  expect(shape).toEqual({ height: 2, width: 3, channels: 1 });
  expect(classes).toBe(3);
  expect([...train.images]).toEqual(range(36));
  expect([...train.labels]).toEqual([0, 1, 2, 0, 1, 2]);
  expect([...held.images]).toEqual(range(18).map((i) => 100 + i));
  expect([...held.labels]).toEqual([2, 1, 0]);
});

test('accepts .gz files and names with a dot', async () => {
  const plain = await loadIdxFolder(folder(smallFiles()));
  const zipped = Object.entries(smallFiles()).map(
    ([name, bytes]) => [`${name.replace('-idx', '.idx')}.gz`, gzipSync(bytes)] as const,
  );
  expect(await loadIdxFolder(folder(Object.fromEntries(zipped)))).toMatchObject({
    shape: plain.shape,
    train: { images: plain.train.images, labels: plain.train.labels },
    test: { images: plain.test.images, labels: plain.test.labels },
  });
});

test('four dimensions are images with channels', async () => {
  const files = smallFiles();
  const colour = {
    'train-images-idx4-ubyte': idxBytes([6, 1, 2, 3], range(36)),
    't10k-images-idx4-ubyte': idxBytes([3, 1, 2, 3], range(18)),
    'train-labels-idx1-ubyte': files['train-labels-idx1-ubyte']!,
    't10k-labels-idx1-ubyte': files['t10k-labels-idx1-ubyte']!,
  };
  expect((await loadIdxFolder(folder(colour))).shape).toEqual({ height: 1, width: 2, channels: 3 });
});

describe('a fault is one line with the file, what is wrong and what is expected', () => {
  const name = 'train-images-idx3-ubyte';
  const whole = smallFiles()[name]!;
  test.each<[string, Record<string, Uint8Array>, string]>([
    [
      'truncated',
      { [name]: whole.subarray(0, 40) },
      `FOLDER/${name}: is truncated: 24 bytes of data where 6 x 2 x 3 = 36 are expected`,
    ],
    [
      'too long',
      { [name]: Buffer.concat([whole, whole]) },
      `FOLDER/${name}: is too long: 88 bytes of data where 6 x 2 x 3 = 36 are expected`,
    ],
    ['empty', { [name]: Buffer.alloc(0) }, `FOLDER/${name}: is 0 bytes long, too short for an idx file`],
    [
      'cut off in its header',
      { [name]: whole.subarray(0, 10) },
      `FOLDER/${name}: ends within its header (10 of 16 bytes)`,
    ],
    [
      'a picture',
      { [name]: Buffer.from('\x89PNG and so on') },
      `FOLDER/${name}: starts with c289504e; an idx file of unsigned bytes starts with 000008`,
    ],
    [
      'of floats',
      { [name]: Buffer.concat([Buffer.from([0, 0, 13, 1]), Buffer.alloc(12)]) },
      `FOLDER/${name}: starts with 00000d01; an idx file of unsigned bytes starts with 000008`,
    ],
    [
      'of two dimensions',
      { [name]: idxBytes([6, 6], range(36)) },
      `FOLDER/${name}: has 2 dimensions; images have 3 (count, height, width) or 4 (and channels)`,
    ],
    ['of no images', { [name]: idxBytes([0, 2, 3], []) }, `FOLDER/${name}: holds no images (0 x 2 x 3)`],
    [
      "of a size other than the test set's",
      { [name]: idxBytes([6, 3, 2], range(36)) },
      `FOLDER/${name}: images of 3 x 2 x 1, and FOLDER/t10k-images-idx3-ubyte has 2 x 3 x 1`,
    ],
    [
      'with too few labels',
      { 'train-labels-idx1-ubyte': idxBytes([5], range(5)) },
      `FOLDER/train-labels-idx1-ubyte: 5 labels for the 6 images of FOLDER/${name}; the counts must be equal`,
    ],
    [
      'images in place of labels',
      { 'train-labels-idx1-ubyte': whole },
      'FOLDER/train-labels-idx1-ubyte: has 3 dimensions; labels have 1 (count)',
    ],
    [
      'one class',
      {
        'train-labels-idx1-ubyte': idxBytes([6], Array(6).fill(0)),
        't10k-labels-idx1-ubyte': idxBytes([3], [0, 0, 0]),
      },
      'FOLDER: all labels are 0; at least two classes are needed',
    ],
  ])('%s', async (_, faulty, line) => {
    expect(await mistake({ ...smallFiles(), ...faulty })).toBe(`UsageError: ${line}`);
  });

  test('missing', async () => {
    const others = without(name);
    expect(await mistake(others)).toBe(`UsageError: FOLDER: no ${name} (plain or .gz) in this folder`);
  });

  test('a broken gzip stream', async () => {
    const others = without(name);
    const cut = await mistake({ ...others, [`${name}.gz`]: gzipSync(whole).subarray(0, 30) });
    expect(cut).toBe(`UsageError: FOLDER/${name}.gz: is not a whole gzip file (unexpected end of file)`);
    const other = await mistake({ ...others, [`${name}.gz`]: whole });
    expect(other).toBe(`UsageError: FOLDER/${name}.gz: is not a whole gzip file (incorrect header check)`);
  });

  test('no such folder', async () => {
    await expect(loadIdxFolder('/no/such')).rejects.toThrow(
      "/no/such: not a readable folder (ENOENT: no such file or directory, scandir '/no/such'); give the folder of the four idx files",
    );
  });
});

describe('a gzipped file unpacks to no more than its header states', () => {
  const name = 'train-images-idx3-ubyte';
  const packed = (bytes: Uint8Array) => ({ ...without(name), [`${name}.gz`]: gzipSync(bytes) });

  test('a gzip bomb is not unpacked', async () => {
    const bomb = Buffer.concat([smallFiles()[name]!, Buffer.alloc(50e6)]);
    expect(await mistake(packed(bomb))).toBe(
      `UsageError: FOLDER/${name}.gz: is too long: more than the 6 x 2 x 3 = 36 bytes of data expected`,
    );
  });

  test('a header that claims an impossible size is not believed', async () => {
    const liar = Buffer.from(smallFiles()[name]!);
    liar.writeUInt32BE(4e9, 4);
    expect(await mistake(packed(liar))).toMatch(
      /: is truncated: \d+ bytes can't hold 4000000000 x 2 x 3 = 24000000000 bytes of data$/,
    );
    expect(await mistake({ ...smallFiles(), [name]: liar })).toContain(': is truncated: 36 bytes of data where');
  });

  test('labels that do not match the number of images are not unpacked', async () => {
    const labels = 'train-labels-idx1-ubyte';
    const many = Buffer.concat([idxBytes([50e6], []), Buffer.alloc(50e6)]);
    expect(await mistake({ ...without(labels), [`${labels}.gz`]: gzipSync(many) })).toBe(
      `UsageError: FOLDER/${labels}.gz: 50000000 labels for the 6 images of FOLDER/${name}; the counts must be equal`,
    );
  });

  test('a file of a few bytes is not a header', async () => {
    expect(await mistake(packed(Buffer.of(0, 0, 8, 3, 0)))).toContain('ends within its header (5 of 16 bytes)');
  });
});

describe("EMNIST's files", () => {
  /** The small files under the names of a set. */
  const named = (set: string) =>
    Object.fromEntries(
      Object.entries(smallFiles()).map(([name, bytes]) => [
        `emnist-${set}-${name.replace('t10k', 'test')}.gz`,
        gzipSync(bytes),
      ]),
    );

  test('are found under their names, and rotated upright', async () => {
    const { shape, train, test: tested, notes, classNames } = await loadIdxFolder(folder(named('letters')));
    expect(shape).toEqual({ height: 3, width: 2, channels: 1 });
    // Rows 0 1 2 and 3 4 5 are the columns of the upright image.
    expect([...train.images.subarray(0, 12)]).toEqual([0, 3, 1, 4, 2, 5, 6, 9, 7, 10, 8, 11]);
    expect([...tested.images.subarray(0, 6)]).toEqual([100, 103, 101, 104, 102, 105]);
    expect([notes, classNames]).toEqual([['EMNIST stores its images transposed: they are transposed back'], undefined]);
  });

  test('name their classes by character codes', async () => {
    const mapping = Buffer.from('1 65 97\n2 66 98\n');
    const { classNames } = await loadIdxFolder(folder({ ...named('letters'), 'emnist-letters-mapping.txt': mapping }));
    expect(classNames).toEqual(['0', 'Aa', 'Bb']);
  });

  test('one of several sets in a folder can be selected', async () => {
    const made = folder({ ...named('letters'), ...named('digits') });
    await expect(loadIdxFolder(made)).rejects.toThrow(
      `${made}: holds 2 sets: emnist-digits, emnist-letters; name one of them: idx:${made}/emnist-digits`,
    );
    expect((await loadIdxFolder(`${made}/emnist-letters`)).train.labels).toHaveLength(6);
    await expect(loadIdxFolder(`${made}/emnist-byclass`)).rejects.toThrow('not a readable folder (ENOENT');
  });

  test('of one set beside MNIST itself are left alone', async () => {
    const { notes } = await loadIdxFolder(folder({ ...smallFiles(), ...named('digits') }));
    expect(notes).toBeUndefined();
  });
});
