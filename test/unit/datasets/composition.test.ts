import { describe, expect, test } from 'vitest';
import {
  combinationNames,
  differing,
  distancesOf,
  attributeSizes,
  attributeValues,
} from '../../../src/datasets/composition.js';
import { loadDataset, loadSplits } from '../../../src/datasets/index.js';
import { present } from '../../../src/machine/present.js';

const attributes = [
  { name: 'shape', values: ['disc', 'square'] },
  { name: 'colour', values: ['red', 'green', 'blue'] },
];

test('labels count the combinations, the last attribute first', () => {
  expect(combinationNames({ attributes })).toEqual([
    'disc, red',
    'disc, green',
    'disc, blue',
    'square, red',
    'square, green',
    'square, blue',
  ]);
  const sizes = attributeSizes({ attributes });
  expect(Array.from({ length: 6 }, (_, label) => attributeValues(label, sizes))).toEqual([
    [0, 0],
    [0, 1],
    [0, 2],
    [1, 0],
    [1, 1],
    [1, 2],
  ]);
  // disc, red and square, red differ in the shape: bit 0; disc, red and disc, blue in the colour: bit 1.
  expect([differing(0, 3, sizes), differing(0, 2, sizes), differing(0, 4, sizes), differing(5, 5, sizes)]).toEqual([
    1, 2, 3, 0,
  ]);
});

test('the distance is the number of attributes that differ from the nearest trained combination', () => {
  // only disc, red; then also square, blue.
  expect([...distancesOf([0], [2, 3])]).toEqual([0, 1, 1, 1, 2, 2]);
  expect([...distancesOf([0, 5, 5], [2, 3])]).toEqual([0, 1, 1, 1, 1, 0]);
});

describe('concepts', () => {
  test('holds out combinations that share two or more last values, and reports how far each is from training', async () => {
    const data = await loadDataset('concepts');
    const sizes = attributeSizes(present(data.composition));
    expect(sizes).toEqual([4, 3, 3, 4]);
    const lasts = (label: number) => attributeValues(label, sizes).filter((value, i) => value === sizes[i]! - 1).length;
    const trained = new Set(data.train.labels);
    expect([...trained].every((label) => lasts(label) <= 1)).toBe(true);
    // With none of the last values 3 * 2 * 2 * 3 combinations, with one 2 * 2 * 3 + 3 * 2 * 3 + 3 * 2 * 3 + 3 * 2 * 2.
    expect(trained.size).toBe(36 + 12 + 18 + 18 + 12);
    // To get from a combination with n last values to a trained one, all but one of them have to change.
    data.test.labels.forEach((label, i) => {
      expect(data.distances![i]).toBe(Math.max(0, lasts(label) - 1));
    });
    sizes.forEach((size, place) => {
      const seen = new Set(Array.from(trained, (label) => attributeValues(label, sizes)[place]));
      expect(seen.size).toBe(size);
    });
    expect(data.fingerprint).toBe('ab8ca97d3f10904f483eab010f678fe182f42e94225bb5ee4a56e7c122c492be');
  });

  test('the distance refers to the combinations trained on, if these are a subset', async () => {
    const { train, test: tested, distances } = await loadSplits('concepts', { trainSize: 1, testSize: 200 });
    const [only] = train.labels;
    tested.labels.forEach((label, i) => {
      const [own, other] = [label, only!].map((each) => attributeValues(each, [4, 3, 3, 4])) as [number[], number[]];
      expect(distances![i]).toBe(own.filter((value, place) => value !== other[place]).length);
    });
  });

  test.each([
    [
      { classes: 144 },
      '--classes: the classes of concepts are combinations of attributes and go together; leave it out',
    ],
    [
      { labelNoise: 0.1 },
      '--label-noise: labels of other classes of concepts would train combinations that are held out; leave it out',
    ],
  ])('%o is refused', async (options, line) => {
    await expect(loadSplits('concepts', options)).rejects.toThrow(
      expect.objectContaining({ exitCode: 2, message: line }) as Error,
    );
  });
});
