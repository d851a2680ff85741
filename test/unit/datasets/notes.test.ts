import { describe, expect, test } from 'vitest';
import { loadDataset, loadSplits } from '../../../src/datasets/index.js';
import { notesOn } from '../../../src/datasets/notes.js';
import { plainPng, folderWith, ownCache } from '../../support/pictures.js';

/** Images of one pixel. */
function splitOf(labels: readonly number[], pixels: readonly number[]) {
  const count = labels.length;
  return {
    count,
    images: Uint8Array.from(pixels),
    labels: Int32Array.from(labels),
    indices: Int32Array.from(labels.keys()),
  };
}

function told(
  train: readonly (readonly [label: number, pixel: number])[],
  test: readonly (readonly [label: number, pixel: number])[],
  classes: number,
  classNames?: readonly string[],
): string[] {
  const of = (list: typeof train) =>
    splitOf(
      list.map(([label]) => label),
      list.map(([, pixel]) => pixel),
    );
  return notesOn({ name: 'x', classes, classNames, train: of(train), test: of(test) });
}

test('held-out combinations are counted, and names with commas are distinguished', () => {
  const names = ['disc, red', 'disc, blue', 'square, red', 'square, blue'];
  const data = { name: 'x', classes: 4, classNames: names, train: splitOf([0], [1]), test: splitOf([0, 1], [2, 3]) };
  expect(notesOn(data).slice(0, 2)).toEqual([
    'x: no image of 2 of the 4 classes: square, red; square, blue; models still have an output for each',
    'x: test images but no training image of 1 of the 4 classes: disc, blue',
  ]);
  const composition = { attributes: [], rule: '' };
  expect(notesOn({ ...data, composition })[1]).toBe(
    'x: 1 of the 4 combinations have test images and no training image',
  );
});

const times = <T>(count: number, value: (i: number) => T) => Array.from({ length: count }, (_, i) => value(i));

test('replaced labels are not reported as labels of the images', () => {
  const one = { images: [5, 6], test: splitOf([0, 1], [5, 6]) };
  const noisy = { name: 'x', classes: 2, train: splitOf([1, 1], one.images), test: one.test };
  const same = '2 of 2 test images are pixel-identical to training images';
  expect(notesOn(noisy)).toContain(`x: ${same}, 1 of them with another label there`);
  expect(notesOn({ ...noisy, trueLabels: Int32Array.of(0, 1) })).toContain(`x: ${same}`);
});

describe('classes without images', () => {
  test('in train, in test, in both; labels that count from 1 leave class 0 empty', () => {
    expect(
      told(
        [
          [1, 1],
          [2, 2],
        ],
        [
          [1, 3],
          [2, 4],
        ],
        3,
      ),
    ).toEqual(['x: no image of 1 of the 3 classes: 0; models still have an output for each']);
    expect(
      told(
        [
          [0, 1],
          [1, 2],
        ],
        [
          [0, 3],
          [2, 4],
        ],
        3,
        ['ant', 'bee', 'cat'],
      ),
    ).toEqual([
      'x: test images but no training image of 1 of the 3 classes: cat',
      'x: no test image of 1 of the 3 classes: bee',
    ]);
  });

  test('long lists of them are shortened', () => {
    expect(
      told(
        times(9, (i) => [i, i] as const),
        [[0, 100]],
        9,
      ),
    ).toEqual(['x: no test image of 8 of the 9 classes: 1, 2, 3, 4, 5, ...']);
  });

  test('left out by a subset', async () => {
    const { train, test: tested } = await loadSplits('shapes', { trainSize: 2, testSize: 200 });
    const seen = new Set(train.labels);
    const unseen = new Set([...tested.labels].filter((label) => !seen.has(label)));
    const { notes } = await loadDataset('shapes', { trainSize: 2, testSize: 200 });
    expect(notes[0]).toMatch(
      new RegExp(`^shapes: test images but no training image of ${unseen.size} of the 8 classes: \\w+, .*, \\.\\.\\.$`),
    );
    expect((await loadDataset('shapes', { trainSize: 1000, testSize: 200 })).notes).toEqual([]);
  });

  test('the only image of a class stays in train, and its absence from test is reported', async () => {
    await ownCache();
    const files: Record<string, Buffer> = { 'dog/0.png': await plainPng([0, 0, 9]) };
    for (let i = 0; i < 10; i++) files[`cat/${i}.png`] = await plainPng([i, 0, 0]);
    const folder = await folderWith(files);
    expect((await loadDataset(`images:${folder}`)).notes).toContain(
      `images:${folder}: no test image of 1 of the 2 classes: dog`,
    );
  });
});

describe('images in both splits', () => {
  test('are counted once each, even if many are equal', () => {
    const train = [
      [0, 1],
      [1, 2],
      [0, 1],
    ] as const;
    const test = [
      [0, 1],
      [0, 1],
      [1, 2],
      [1, 9],
    ] as const;
    expect(told(train, test, 2)).toEqual(['x: 3 of 4 test images are pixel-identical to training images']);
  });

  test('with different labels are counted separately', () => {
    expect(
      told(
        [
          [0, 1],
          [1, 2],
        ],
        [
          [1, 1],
          [0, 7],
        ],
        2,
      ),
    ).toEqual(['x: 1 of 2 test images are pixel-identical to training images, 1 of them with another label there']);
  });
});

describe('unequal class sizes', () => {
  const sized = (a: number, b: number) => [
    ...times(a, (i) => [0, i] as const),
    ...times(b, (i) => [1, 50 + i] as const),
  ];
  const test2 = [
    [0, 100],
    [0, 101],
    [0, 102],
    [1, 103],
  ] as const;

  test('are mentioned from a factor of three and a difference of ten on', () => {
    expect(told(sized(18, 6), test2, 2, ['cat', 'dog'])).toEqual([
      'x: imbalanced, 18 training images of cat and 6 of dog: always answering cat is right for 75.0 % of the test images; balanced-accuracy weights classes equally',
    ]);
    expect(told(sized(17, 6), test2, 2)).toEqual([]);
    expect(told(sized(12, 3), test2.slice(0, 4), 2)).toEqual([]);
  });

  test('also in test alone', () => {
    const test = [...times(30, (i) => [1, 100 + i] as const), [0, 99] as const];
    expect(told(sized(5, 5), test, 2)).toEqual([
      'x: imbalanced, 30 test images of 1 and 1 of 0: always answering 1 is right for 96.8 % of the test images; balanced-accuracy weights classes equally',
    ]);
  });
});

test('images of a single shade are reported', () => {
  expect(
    told(
      [
        [0, 0],
        [1, 0],
      ],
      [
        [0, 1],
        [1, 2],
      ],
      2,
    ),
  ).toEqual(['x: every pixel of the training images is 0: there is nothing to learn']);
});
