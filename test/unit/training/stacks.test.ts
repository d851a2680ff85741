import { describe, expect, test } from 'vitest';
import { memberId, type MemberKey } from '../../../src/runs/record.js';
import { stacksOf } from '../../../src/training/stacks.js';

const keyOf = (width: number, seed: number, factors?: MemberKey['factors']): MemberKey => ({
  ...{ arch: 'cnn', width, seed },
  ...(factors === undefined ? {} : { factors }),
});
const seeds = (width: number, count: number) => Array.from({ length: count }, (_, seed) => keyOf(width, seed));
const ids = (stacks: readonly (readonly MemberKey[])[]) => stacks.map((keys) => keys.map(memberId));

describe('members in stacks', () => {
  test('have one width and are stacked as evenly and as fully as possible', () => {
    const sizes = stacksOf([...seeds(4, 10), ...seeds(8, 2)], undefined, 4).map(({ length }) => length);
    expect(sizes).toEqual([4, 3, 3, 2]);
  });

  test('are trained one by one unless requested', () => {
    expect(stacksOf(seeds(4, 3), undefined, 1).map(({ length }) => length)).toEqual([1, 1, 1]);
  });

  test('differ only in seed and learning rate', () => {
    const at = (learningRate: number, trainSize: number) => keyOf(4, 0, { learningRate, trainSize });
    const stacks = stacksOf([at(0.1, 500), at(0.1, 1000), at(0.01, 500), at(0.01, 1000)], undefined, 8);
    expect(stacks).toEqual([
      [at(0.1, 500), at(0.01, 500)],
      [at(0.1, 1000), at(0.01, 1000)],
    ]);
  });

  test('stay as they were started, whatever is requested now', () => {
    const keys = seeds(4, 6);
    const record = {
      stacks: [['cnn-w4-s0', 'cnn-w4-s1', 'cnn-w4-s2']],
      threads: { 'cnn-w4-s0': 1, 'cnn-w4-s1': 1, 'cnn-w4-s2': 1, 'cnn-w4-s3': 1 },
    };
    // The first is complete; the fourth was started by itself.
    expect(ids(stacksOf(keys.slice(1), record, 8))).toEqual([
      ['cnn-w4-s1', 'cnn-w4-s2'],
      ['cnn-w4-s3'],
      ['cnn-w4-s4', 'cnn-w4-s5'],
    ]);
  });
});
