import fc from 'fast-check';
import { Command } from '@commander-js/extra-typings';
import { describe, expect, test } from 'vitest';
import { experimentAt, extendExperiment, pointsOf } from '../../../src/experiment/factors.js';
import { parseExperiment } from '../../../src/experiment/load.js';
import { addTrainOptions, parseTrainOptions, type TrainSources } from '../../../src/experiment/options.js';
import { resolveExperiment, type Experiment } from '../../../src/experiment/schema.js';
import { digestOfRun, memberId, memberIdSchema } from '../../../src/runs/record.js';
import { membersOf } from '../../../src/runs/run.js';

function read(words: string, sources: TrainSources = {}) {
  const command = addTrainOptions(new Command('train')).exitOverride();
  const typed = words.split(' ').filter((word) => word !== '');
  return parseTrainOptions(command.parse(typed, { from: 'user' }).opts(), sources);
}

function ids(experiment: Experiment): string[] {
  return membersOf(experiment).map(memberId);
}

describe('lists of options', () => {
  test('every combination, widths outermost; the first value is the run’s own and stays implicit', () => {
    const { experiment } = read('--arch cnn --widths 8,16 --seeds 0 --depths 2,1 --train-size 500,2000');
    expect(experiment).toMatchObject({ depth: 2, trainSize: 500, grid: { depth: [2, 1], trainSize: [500, 2000] } });
    expect(ids(experiment)).toEqual([
      'cnn-w8-s0',
      'cnn-w8-trainSize2000-s0',
      'cnn-w8-depth1-s0',
      'cnn-w8-depth1-trainSize2000-s0',
      'cnn-w16-s0',
      'cnn-w16-trainSize2000-s0',
      'cnn-w16-depth1-s0',
      'cnn-w16-depth1-trainSize2000-s0',
    ]);
  });
  test('--grid says the same with ranges, and so does a file', () => {
    const typed = read('--arch cnn --grid width=8,16 trainSize=500:8000:5:log depth=1..3 --seeds 1').experiment;
    expect(typed).toMatchObject({ widths: [8, 16], seeds: [1], trainSize: 500, depth: 1 });
    expect(typed.grid).toEqual({ trainSize: [500, 1000, 2000, 4000, 8000], depth: [1, 2, 3] });
    const text = 'arch: cnn\nwidths: [8, 16]\nseeds: [1]\ntrainSize: [500, 1000, 2000, 4000, 8000]\ndepth: [1, 2, 3]';
    expect(read('', { file: parseExperiment(text, 'x.yaml') }).experiment).toEqual(typed);
    expect(read('--arch cnn --grid train-size=500,2000').experiment.grid).toEqual({ trainSize: [500, 2000] });
  });
  test('by position, with one width for all or as many as the others', () => {
    const { experiment } = read('--arch cnn --widths 8 --depth 1,1,2 --steps 16,64,64 --zip --seeds 0');
    expect(ids(experiment)).toEqual(['cnn-w8-s0', 'cnn-w8-steps64-s0', 'cnn-w8-depth2-steps64-s0']);
    const wider = read('--arch cnn --widths 4,8,16 --depth 1,1,2 --zip --seeds 0').experiment;
    expect(ids(wider)).toEqual(['cnn-w4-s0', 'cnn-w8-s0', 'cnn-w16-depth2-s0']);
  });
  test('a list with one value is that value', () => {
    expect(read('--arch cnn --grid depth=3').experiment).toEqual(read('--arch cnn --depth 3').experiment);
  });
  test.each([
    ['--arch cnn --depth 1,2 --depths 3', '--depths: --depth is given too; give one of the two'],
    ['--arch cnn --grid depth=1,2 depth=3', '--grid: --depth is given too; give one of the two'],
    [
      '--arch cnn --grid dpeth=1,2',
      '--grid: "dpeth" is not an option in which members can differ; did you mean depth? Known: width, seed, epochs, steps, batchSize, learningRate, weightDecay, trainSize, classes, imageSize, augmentShift, augmentRotation, augmentScale, labelNoise, depth, blocks, heads, burstiness, labelRemapping, zipf, dropout',
    ],
    ['--arch cnn --depth 1,1', '--depth: 1 is listed twice; list each value once'],
    // As typed.
    ['--arch cnn --depths 1,1', '--depths: 1 is listed twice; list each value once'],
    [
      '--arch cnn --grid depth=1,99',
      '--grid depth: "99" is not a whole number from 1 to 16; give a comma-separated list such as 1,2,4',
    ],
    [
      '--arch cnn --grid width=1,2,3 --depths 1,2 --zip',
      '--depths: has 2 values and --grid width 3; lists that are combined by position need equal lengths',
    ],
    [
      '--arch transformer --depths 1,2',
      '--depths: transformer does not have this option, only cnn, autoencoder; leave it out',
    ],
    [
      '--arch cnn --learning-rate 1,x',
      '--learning-rate: "x" is not a number above 0 and at most 100; give a comma-separated list such as 0.1,0.2',
    ],
    [
      '--arch cnn --depth 1,x',
      '--depth: "x" is not a whole number from 1 to 16; give a comma-separated list such as 1,2,4',
    ],
    [
      '--arch transformer --depth 1,2',
      '--depth: transformer does not have this option, only cnn, autoencoder; leave it out',
    ],
    ['--arch cnn --zip', '--zip: there is nothing to combine by position; give further lists, such as --depth 1,2,4'],
    [
      '--arch cnn --widths 1,2,3 --depth 1,2 --zip',
      '--depth: has 2 values and --widths 3; lists that are combined by position need equal lengths',
    ],
    [
      '--arch cnn --grid width=1..1000 depth=1..16 steps=1..100',
      '--grid depth: 1000 x 16 x 100 x 3 are more than 1000000 members; give fewer values',
    ],
    [
      '--arch cnn --grid width=1..1001 seed=1..1000',
      '--grid width: 1001 x 1000 are more than 1000000 members; give fewer values',
    ],
    [
      '--arch cnn --steps 1,2 --epochs 3',
      '--steps: contradicts --epochs: both say how long to train; give one of the two',
    ],
  ])('%s is refused in one line', (words, line) => {
    expect(() => read(words)).toThrow(new RegExp(`^${line.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}$`));
  });
  test.each([
    ['arch: cnn\ndepth: [1, x]', 'x.yaml:2:12: depth: "x" is not a whole number from 1 to 16'],
    ['arch: cnn\ndepth: []', 'x.yaml:2:8: depth: the list is empty; give a number, or several'],
    ['arch: cnn\nzip: 3', 'x.yaml:2:6: zip: 3 is neither true nor false'],
  ])('also from a file: %s', (text, line) => {
    expect(() => parseExperiment(text, 'x.yaml')).toThrow(line);
  });
});

const lists = fc.record(
  {
    depth: fc.uniqueArray(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 3 }),
    trainSize: fc.uniqueArray(fc.integer({ min: 1, max: 9999 }), { minLength: 1, maxLength: 3 }),
    learningRate: fc.uniqueArray(fc.constantFrom(1e-7, 0.001, 0.5, 100), { minLength: 1, maxLength: 3 }),
  },
  { requiredKeys: [] },
);
const plain = fc.record({
  widths: fc.uniqueArray(fc.integer({ min: 1, max: 64 }), { minLength: 1, maxLength: 3 }),
  seeds: fc.uniqueArray(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength: 2 }),
});

test('a grid is the Cartesian product; each member has its own file-safe id and the experiment that trains it', () => {
  fc.assert(
    fc.property(plain, lists, (sizes, grid) => {
      const experiment = resolveExperiment({ arch: 'cnn', ...sizes, ...grid });
      const members = membersOf(experiment);
      const count = Object.values(grid).reduce((product, { length }) => product * length, 1);
      expect(members).toHaveLength(sizes.widths.length * sizes.seeds.length * count);
      const names = members.map(memberId);
      expect(new Set(names).size).toBe(names.length);
      for (const name of names) expect(memberIdSchema.safeParse(name).success).toBe(true);
      const own = members.map((key) => {
        const { depth, trainSize, learningRate } = experimentAt(experiment, key);
        return JSON.stringify([key.width, key.seed, depth, trainSize, learningRate]);
      });
      expect(new Set(own).size).toBe(own.length);
    }),
    { numRuns: 100 },
  );
});

test('a run grows along any factor, one after the other: members keep their ids and digests', () => {
  const dataset = { fingerprint: 'a'.repeat(64) };
  const known = (experiment: Experiment) =>
    new Map(
      membersOf(experiment).map((key) => [memberId(key), digestOfRun({ experiment, eager: false, dataset }, key)]),
    );
  fc.assert(
    fc.property(plain, lists, plain, lists, (sizes, grid, further, more) => {
      const before = resolveExperiment({ arch: 'cnn', ...sizes, ...grid });
      const after = extendExperiment(before, { ...further, ...more });
      const all = known(after);
      for (const [id, digest] of known(before)) expect(all.get(id)).toBe(digest);
    }),
    { numRuns: 100 },
  );
});

describe('extending', () => {
  const plainRun = resolveExperiment({ arch: 'cnn', widths: [8], seeds: [0] });
  test('along an omitted option, the dataset’s own value stays among the values', () => {
    const grown = extendExperiment(plainRun, { trainSize: [500, 2000] });
    expect(grown.grid).toEqual({ trainSize: [null, 500, 2000] });
    expect(ids(grown)).toEqual(['cnn-w8-s0', 'cnn-w8-trainSize500-s0', 'cnn-w8-trainSize2000-s0']);
    expect(experimentAt(grown, {}).trainSize).toBeUndefined();
    // Again, from the record.
    const { experiment } = read('--train-size 4000', { recorded: grown });
    expect(experiment).toMatchObject({ trainSize: 4000 });
    expect(ids(extendExperiment(grown, { trainSize: 4000 })).at(-1)).toBe('cnn-w8-trainSize4000-s0');
  });
  test('giving an omitted option its implied value names the existing member, not a second one', () => {
    const unset = { labelNoise: 0, imageSize: 28, trainSize: 60000 };
    const grown = extendExperiment(plainRun, { labelNoise: [0, 0.5], imageSize: [16, 28] }, { unset });
    expect(grown.grid).toEqual({ labelNoise: [null, 0.5], imageSize: [null, 16] });
    expect(ids(grown)).toHaveLength(4);
    expect(extendExperiment(plainRun, { trainSize: [60000] }, { unset })).toEqual(plainRun);
  });
  test('a single value of an option that does not vary is a contradiction, not an extension', () => {
    expect(extendExperiment(plainRun, { batchSize: 64 })).toEqual(plainRun);
  });
  test('by position all lists grow together', () => {
    const zipped = read('--arch cnn --widths 4,8 --depth 1,2 --seeds 0 --zip').experiment;
    expect(ids(extendExperiment(zipped, { widths: [16, 8], depth: [3, 2] }))).toEqual([
      'cnn-w4-s0',
      'cnn-w8-depth2-s0',
      'cnn-w16-depth3-s0',
    ]);
    // Also by one member, which is not a list, with or without --zip.
    for (const words of ['--widths 16 --depth 3 --zip', '--widths 16 --depths 3']) {
      const { given } = read(words, { recorded: zipped });
      expect(ids(extendExperiment(zipped, given)).at(-1)).toBe('cnn-w16-depth3-s0');
    }
    expect(pointsOf(extendExperiment(zipped, { seeds: [5] }))).toEqual(pointsOf(zipped));
    expect(() => extendExperiment(zipped, { widths: [16] })).toThrow(
      '--widths: the run combines --widths, --depth by position; give all of them, each with the same number of values',
    );
  });
});

test('a LeNet run from before depth existed has depth 2', () => {
  const { depth, ...earlier } = resolveExperiment({ arch: 'cnn' });
  const of = { dataset: { fingerprint: 'b'.repeat(64) }, eager: false };
  expect(depth).toBe(2);
  expect(digestOfRun({ ...of, experiment: { ...earlier, depth } })).toBe(digestOfRun({ ...of, experiment: earlier }));
  expect(digestOfRun({ ...of, experiment: { ...earlier, depth: 3 } })).not.toBe(
    digestOfRun({ ...of, experiment: earlier }),
  );
});
