import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { PageData, PageRun } from '../../../../src/report/explorer/data.js';
import { trainedWords } from '../../../../src/runs/words.js';
import { axesOf, placed, type Placing } from '../../../../src/report/explorer/places.js';
import { testSizes } from '../../../../src/report/explorer/sizes.js';
import {
  formatState,
  horizontals,
  initialState,
  replaced,
  viewIn,
  parseState,
  themes,
  verticals,
  type State,
} from '../../../../src/report/explorer/state.js';

function run(name: string, key: 'k' | 'c', options: readonly number[]): PageRun {
  const members = [1, 2, 4, 8].flatMap((width) =>
    [1, 2].flatMap((depth) =>
      [0, 7].flatMap((seed) =>
        [16, 64].map((steps) => ({
          ...{
            id: `w${width}-d${depth}-s${seed}`,
            width,
            seed,
            parameters: width * depth,
            trainingFlops: width * steps,
          },
          coordinates: { width, depth, steps, parameters: width * depth, flops: width * steps, loss: 1 / width },
          ...(steps === 16 ? { moment: 16 } : {}),
        })),
      ),
    ),
  );
  const metric = { title: 'a', unit: 'probability', better: 'higher' } as const;
  return {
    ...{ name, about: '', members, units: 'images', words: trainedWords, standard: metric },
    ...{ count: 1000, countAtMoments: 500, total: 1000, experiment: { arch: 'cnn', grid: { depth: [1, 2] } } },
    first: { axis: 'parameters', per: '', at: undefined, where: {} },
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

const placings: fc.Arbitrary<Placing> = fc.record({
  axis: fc.constantFrom(...axesOf(data.runs[0]!).map(({ key }) => key)),
  per: fc.constantFrom('', 'width', 'depth'),
  at: fc.constantFrom(undefined, 16, 64),
  where: fc.record({ width: fc.constantFrom(1, 8), depth: fc.constantFrom(1, 2) }, { requiredKeys: [] }),
});

/** As a user reaches it: from the first view by its controls. */
const state: fc.Arbitrary<State> = fc.tuple(fc.constantFrom(...data.runs), placings).chain(([each, placing]) => {
  const start = replaced(each, initialState(data, each.name), placing);
  const { scales, seeds, units } = placed(each, start);
  return fc.record({
    run: fc.constant(each.name),
    ...{ axis: fc.constant(start.axis), per: fc.constant(start.per), at: fc.constant(start.at) },
    where: fc.constant(start.where),
    threshold: fc.constantFrom(...each.induced.options),
    size: fc.constantFrom(...testSizes(units)),
    withoutWidths: fc.subarray([...scales]),
    withoutSeeds: fc.subarray([...seeds]),
    horizontal: fc.constantFrom(...horizontals),
    vertical: fc.constantFrom(...verticals),
    natural: fc.constantFrom('', 'opt', 'pythia'),
    turn: fc.option(fc.nat({ max: scales.length }), { nil: undefined }),
    example: fc.option(fc.nat({ max: 2 }), { nil: undefined }),
    theme: fc.constantFrom(...themes),
  });
});

test('every view is restored from its address', () => {
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
  [
    '#c=-1&x=heads&per=heads&at=17&hold=depth:3,heads:1&natural=gpt&theme=pink',
    { threshold: 2, axis: 'parameters', per: '', at: undefined, where: {}, natural: 'opt', theme: 'auto' },
  ],
  ['#without=3,two,8&turn=5&example=9', { withoutWidths: [8], turn: undefined, example: undefined }],
  ['#=&&%', { run: 'lenet & co' }],
])('values that do not fit fall back to the defaults: %s', (fragment, expected) => {
  expect(parseState(fragment, data)).toMatchObject(expected);
});

test('members that are left out', () => {
  const view = viewIn(data.runs[0]!, { ...initialState(data), withoutWidths: [2], withoutSeeds: [7] });
  expect(view.curves.map(({ members }) => members.map(({ width, seed }) => [width, seed]))).toEqual([
    [
      [1, 0],
      [4, 0],
      [8, 0],
    ],
  ]);
});

test('another axis begins with all of its scales; another spacing keeps those left out', () => {
  const [run] = data.runs;
  const start = { ...initialState(data), withoutWidths: [2], withoutSeeds: [7], size: 200 };
  expect(replaced(run!, start, { axis: 'width' })).toMatchObject({ withoutWidths: [2], withoutSeeds: [7], size: 200 });
  expect(replaced(run!, start, { axis: 'depth' })).toMatchObject({ withoutWidths: [], withoutSeeds: [7] });
  // A factor that is held or has separate curves cannot be on the axis.
  const held = replaced(run!, start, { per: 'depth', where: { width: 4 } });
  expect(held).toMatchObject({ per: 'depth', where: {} });
  expect(replaced(run!, held, { axis: 'depth' })).toMatchObject({ per: '' });
  // Moments before the last have half of the test set.
  expect(replaced(run!, initialState(data), { axis: 'steps' }).size).toBe(500);
  expect(replaced(run!, start, { axis: 'steps' }).size).toBe(200);
});

test('combinations missing from a partly trained run are not curves, and their address is a view without members', () => {
  const whole = run('grid', 'k', [1, 2]);
  const members = [500, 2000].flatMap((trainSize) =>
    whole.members
      .filter(({ coordinates: { depth } }) => depth !== 2 || trainSize === 500)
      .map((member) => ({ ...member, coordinates: { ...member.coordinates, trainSize } })),
  );
  const experiment = { arch: 'cnn', grid: { depth: [1, 2], trainSize: [500, 2000] } };
  const partly: PageRun = { ...whole, members, experiment };
  const pages: PageData = { ...data, runs: [partly] };
  const names = (fragment: string) => {
    const { curves } = viewIn(partly, parseState(fragment, pages));
    return curves.map(({ name }) => name);
  };
  expect(names('#per=depth&hold=trainSize:2000')).toEqual(['depth 1']);
  expect(names('#per=depth&hold=trainSize:500')).toEqual(['depth 1', 'depth 2']);
  const none = parseState('#hold=depth:2,trainSize:2000', pages);
  expect(none.where).toEqual({ depth: 2, trainSize: 2000 });
  expect(viewIn(partly, none)).toMatchObject({ curves: [], scales: [], seeds: [] });
  expect(viewIn(partly, replaced(partly, none, { where: { depth: 2 } })).scales).toEqual([1, 2, 4, 8]);
});

test('test sizes end with all', () => {
  expect(testSizes(60)).toEqual([60]);
  expect(testSizes(10_000)).toEqual([100, 200, 500, 1000, 2000, 5000, 10_000]);
});
