import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { PageData, PageRun } from '../../../../src/report/explorer/data.js';
import { trainedWords } from '../../../../src/runs/words.js';
import { testSizes } from '../../../../src/report/explorer/sizes.js';
import {
  axes,
  formatState,
  horizontals,
  initialState,
  membersIn,
  parseState,
  themes,
  verticals,
  type State,
} from '../../../../src/report/explorer/state.js';

function run(name: string, key: 'k' | 'c', options: readonly number[]): PageRun {
  const members = [1, 2, 4, 8].flatMap((width) =>
    [0, 7].map((seed) => ({ id: `w${width}-s${seed}`, width, seed, parameters: width, trainingFlops: width })),
  );
  const metric = { title: 'a', unit: 'probability', better: 'higher' } as const;
  return {
    ...{ name, about: '', members, units: 'images', words: trainedWords, count: 1000, total: 1000, standard: metric },
    induced: { ...metric, key, metric: 'm', label: 'l', options, chosen: options[1]! },
    predicted: { title: '', assumption: '' },
    outcomes: { kind: 'classification', right: '' },
    clusters: null,
    pictures: {
      sprite: '',
      width: 1,
      height: 1,
      across: 1,
      examples: [0, 1, 2].map((unit) => ({ unit, name: '', label: '' })),
    },
    reconstructions: null,
  };
}

const data: PageData = {
  runs: [run('lenet & co', 'k', [1, 2, 5, 20]), run('autoencoder', 'c', [0.001, 0.002, 0.00331])],
  natural: ['opt', 'pythia'].map((name) => ({
    name,
    about: '',
    unit: '',
    better: 'higher',
    points: [],
    scores: {} as never,
  })),
};

const state: fc.Arbitrary<State> = fc.constantFrom(...data.runs).chain((each) =>
  fc.record({
    run: fc.constant(each.name),
    threshold: fc.constantFrom(...each.induced.options),
    size: fc.constantFrom(...testSizes(each.count)),
    withoutWidths: fc.subarray([1, 2, 4, 8]),
    withoutSeeds: fc.subarray([0, 7]),
    axis: fc.constantFrom(...axes),
    horizontal: fc.constantFrom(...horizontals),
    vertical: fc.constantFrom(...verticals),
    natural: fc.constantFrom('', 'opt', 'pythia'),
    turn: fc.option(fc.nat({ max: 4 }), { nil: undefined }),
    example: fc.option(fc.nat({ max: 2 }), { nil: undefined }),
    theme: fc.constantFrom(...themes),
  }),
);

test('every view comes back from its address', () => {
  fc.assert(
    fc.property(state, (view) => {
      expect(parseState(`#${formatState(view, data)}`, data)).toEqual(view);
    }),
  );
});

test('the first view has no fragment, and a view names only what it changes', () => {
  expect(formatState(initialState(data), data)).toBe('');
  const changed = { ...initialState(data, 'autoencoder'), threshold: 0.00331, withoutWidths: [1, 8] };
  expect(formatState(changed, data)).toBe('run=autoencoder&c=0.00331&without=1,8');
});

test.each([
  ['#run=nobody&k=20', { run: 'lenet & co', threshold: 20 }],
  ['#run=autoencoder&c=0.0032&n=17', { threshold: 0.00331, size: 1000 }],
  ['#c=-1&x=depth&natural=gpt&theme=pink', { threshold: 2, axis: 'parameters', natural: 'opt', theme: 'auto' }],
  ['#without=3,two,8&turn=5&example=9', { withoutWidths: [8], turn: undefined, example: undefined }],
  ['#=&&%', { run: 'lenet & co' }],
])('what does not fit is as at first: %s', (fragment, expected) => {
  expect(parseState(fragment, data)).toMatchObject(expected);
});

test('members that are left out', () => {
  const view = { ...initialState(data), withoutWidths: [2], withoutSeeds: [7] };
  expect(membersIn(data.runs[0]!, view).map((i) => data.runs[0]!.members[i]!.id)).toEqual(['w1-s0', 'w4-s0', 'w8-s0']);
});

test('test sizes end with all', () => {
  expect(testSizes(60)).toEqual([60]);
  expect(testSizes(10_000)).toEqual([100, 200, 500, 1000, 2000, 5000, 10_000]);
});
