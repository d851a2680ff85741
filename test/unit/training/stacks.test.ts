import { describe, expect, test } from 'vitest';
import { memberId, type MemberKey } from '../../../src/runs/record.js';
import { automaticStack, stacksOf, type StackCost } from '../../../src/training/stacks.js';

const keyOf = (width: number, seed: number, factors?: MemberKey['factors']): MemberKey => ({
  ...{ arch: 'cnn', width, seed },
  ...(factors === undefined ? {} : { factors }),
});
const seeds = (width: number, count: number) => Array.from({ length: count }, (_, seed) => keyOf(width, seed));
const ids = (stacks: readonly (readonly MemberKey[])[]) => stacks.map((keys) => keys.map(memberId));

describe('members in stacks', () => {
  test('have one width and are stacked as evenly and as fully as possible', () => {
    const sizes = stacksOf([...seeds(4, 10), ...seeds(8, 2)], undefined, () => 4).map(({ length }) => length);
    expect(sizes).toEqual([4, 3, 3, 2]);
  });

  test('are trained one by one unless requested', () => {
    expect(stacksOf(seeds(4, 3), undefined, () => 1).map(({ length }) => length)).toEqual([1, 1, 1]);
  });

  test('differ only in seed and learning rate', () => {
    const at = (learningRate: number, trainSize: number) => keyOf(4, 0, { learningRate, trainSize });
    const stacks = stacksOf([at(0.1, 500), at(0.1, 1000), at(0.01, 500), at(0.01, 1000)], undefined, () => 8);
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
    expect(ids(stacksOf(keys.slice(1), record, () => 8))).toEqual([
      ['cnn-w4-s1', 'cnn-w4-s2'],
      ['cnn-w4-s3'],
      ['cnn-w4-s4', 'cnn-w4-s5'],
    ]);
  });

  test('that a damaged record says of other widths are refused', () => {
    const record = { stacks: [['cnn-w4-s0', 'cnn-w8-s0']], threads: { 'cnn-w4-s0': 1, 'cnn-w8-s0': 1 } };
    expect(() => stacksOf([...seeds(4, 1), ...seeds(8, 1)], record, () => 8)).toThrow(
      /^run\.json: has a stack of cnn-w4-s0 and cnn-w8-s0, which differ in more than seed and learning rate; /,
    );
  });
});

describe('--stack auto', () => {
  // 784-4-784, batch 128, an epoch of MNIST; a cnn of the same number of operations.
  const cost: StackCost = { arch: 'autoencoder', flopsPerStep: 4e6, steps: 469, parameters: 7060, batchPixels: 1e5 };
  const cpu = { device: 'cpu', each: 4 } as const;

  test('on a CPU stacks short trainings of autoencoders, one stack for each core', () => {
    expect(automaticStack(8, cost, cpu)).toBe(4);
    expect(automaticStack(3, cost, cpu)).toBe(3);
    expect(automaticStack(100, cost, { ...cpu, each: 50 })).toBe(8);
    expect(automaticStack(8, cost, { ...cpu, each: 1 })).toBe(1);
  });

  test('on a CPU leaves long trainings, and what has convolutions or small products, one by one', () => {
    // A hundred epochs: a minute by the plan, of which a stack would lose a tenth, ten times what it saves.
    expect(automaticStack(8, { ...cost, steps: 46_900 }, cpu)).toBe(1);
    expect(automaticStack(8, { ...cost, arch: 'cnn', steps: 4 }, cpu)).toBe(1);
    expect(automaticStack(8, { ...cost, arch: 'transformer' }, cpu)).toBe(1);
  });

  test('on a GPU is what fits into an eighth of its memory, and one member where the driver reports none', () => {
    // 4 bytes x (8 x 7060 + 16 x 1e5) + 2 x 4e6 = 14.6 MB a member: 85 of them in 1.25 GB, 8 in 125 MB.
    const on = (gpuMemoryBytes?: number) => automaticStack(200, cost, { device: 'gpu', each: 100, gpuMemoryBytes });
    expect([on(1e10), on(1e9), on()]).toEqual([64, 8, 1]);
    expect(automaticStack(5, { ...cost, arch: 'cnn' }, { device: 'gpu', each: 5, gpuMemoryBytes: 1e10 })).toBe(5);
  });
});
