import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { resolveExperiment } from '../../../src/experiment/schema.js';
import { membersOf } from '../../../src/runs/run.js';
import { coordinatesOf } from '../../../src/runs/coordinates.js';
import { onePerTraining, pointsAt, viewOf, type ViewOptions } from '../../../src/runs/view.js';
import { memberRecord, runRecord } from '../../support/runs.js';

const experiment = resolveExperiment({
  arch: 'cnn',
  widths: [4, 8],
  seeds: [0, 1],
  depth: [1, 2, 4],
  trainSize: [500, 2000],
  steps: 64,
});
const run = { ...runRecord(), experiment };
/** A member twice as wide has twice the parameters, one twice as deep three times. */
const members = membersOf(experiment).map((key) => {
  const parameters = key.width * 3 ** (key.factors?.depth ?? 1);
  const record = memberRecord(key, { parameters, trainingFlops: 100 * parameters, steps: 64 });
  return { ...key, coordinates: coordinatesOf(run, record) };
});

function view(options: ViewOptions = {}) {
  const { members: shown, ...rest } = viewOf(run, members, options);
  return { ...rest, places: shown.map(({ coordinates: c }) => [c['width'], c['depth'], c['trainSize']].join(' ')) };
}

describe('which members are on a curve', () => {
  test('the widths by their parameters; other factors are held at their largest value, with a note', () => {
    const { coordinate, held, notes, places } = view();
    expect(coordinate).toBeUndefined();
    expect(held).toEqual({ depth: 4, trainSize: 2000 });
    expect(new Set(places)).toEqual(new Set(['4 4 2000', '8 4 2000']));
    expect(notes).toEqual([
      'curves are at depth = 4 (of 1, 2, 4) and trainSize = 2k (of 500, 2k); --where depth=VALUE picks others, --curve-per depth draws one for each',
    ]);
  });
  test('a factor: all its values, the width also held; --where holds at the given value', () => {
    const { coordinate, places } = view({ axis: 'depth', where: { trainSize: 500 } });
    expect(coordinate).toBe('depth');
    expect(new Set(places)).toEqual(new Set(['8 1 500', '8 2 500', '8 4 500']));
    expect(view({ axis: 'train-size', where: { depth: 1, width: 4 } })).toMatchObject({
      coordinate: 'trainSize',
      notes: [],
    });
  });
  test('parameters: whatever changes them is on the curve; loss: everything is', () => {
    const { coordinate, places } = view({ axis: 'parameters' });
    expect(coordinate).toBe('parameters');
    expect(new Set(places).size).toBe(6);
    expect(new Set(view({ axis: 'loss' }).places).size).toBe(12);
    expect(view({ all: true }).places).toHaveLength(24);
  });
  test('a run of widths alone is unchanged', () => {
    const plain = { ...run, experiment: resolveExperiment({ arch: 'cnn', widths: [4, 8], seeds: [0] }) };
    const own = membersOf(plain.experiment).map((key) => ({ coordinates: coordinatesOf(plain, memberRecord(key)) }));
    for (const options of [{}, { axis: 'parameters' }])
      expect(viewOf(plain, own, options)).toMatchObject({ coordinate: undefined, held: {}, notes: [], members: own });
    expect(viewOf(plain, own, { axis: 'width' })).toMatchObject({ coordinate: 'width', members: own });
  });
  test('factors combined by position move together, and none is held', () => {
    const zipped = {
      ...run,
      experiment: resolveExperiment({ arch: 'cnn', widths: [4, 8, 16], seeds: [0], steps: [64, 32, 16], zip: true }),
    };
    const own = membersOf(zipped.experiment).map((key) => {
      return { coordinates: coordinatesOf(zipped, memberRecord(key, { steps: key.factors?.steps ?? 64 })) };
    });
    expect(viewOf(zipped, own, {})).toMatchObject({ coordinate: undefined, held: {}, notes: [], members: own });
    const repeated = {
      ...run,
      experiment: resolveExperiment({
        arch: 'cnn',
        widths: [8],
        seeds: [0],
        depth: [1, 1, 2],
        steps: [16, 64, 64],
        zip: true,
      }),
    };
    const others = membersOf(repeated.experiment).map((key) => ({
      coordinates: coordinatesOf(repeated, memberRecord(key, { steps: key.factors?.steps ?? 16 })),
    }));
    expect(viewOf(repeated, others, {}).notes).toEqual([
      'members with the same depth differ in steps, and count as seeds',
    ]);
    expect(viewOf(zipped, own, { axis: 'steps' })).toMatchObject({ coordinate: 'steps', held: {}, members: own });
  });
  test.each([
    [{ axis: 'dropout' }, /^--axis: all members have the same dropout; train others with --dropout, or give width, /],
    [{ axis: 'heads' }, /^--axis: "heads" is not an axis; /],
    [
      { axis: 'depth', where: { depth: 1 } },
      /^--where: depth is on the axis; hold another factor, or give another --axis$/,
    ],
    [{ where: { steps: 16 } }, /^--where: all members have the same length; give --at STEP for a moment of training$/],
    [{ where: { depth: 3 } }, /^--where: no member has depth 3; there are 1, 2, 4$/],
    [{ where: { dropout: 0 } }, /^--where: "dropout" is not a factor in which the members differ; /],
  ] as const)('%j is refused in one line', (options, line) => {
    expect(() => view(options)).toThrow(line);
  });
});

test('a combination missing from a partly trained grid has no members', () => {
  const partly = members.filter(({ coordinates: c }) => c['depth'] !== 4 || c['trainSize'] === 500);
  const of = (options: ViewOptions) => viewOf(run, partly, options);
  expect(of({ where: { depth: 4, trainSize: 2000 } }).members).toEqual([]);
  expect(of({ axis: 'width', where: { depth: 4, trainSize: 2000 } })).toMatchObject({
    members: [],
    held: { depth: 4, trainSize: 2000 },
  });
  expect(of({ axis: 'depth', where: { width: 8 } }).members.map(({ coordinates: c }) => c['depth'])).toEqual([
    ...[1, 1, 2, 2],
  ]);
  // What is not held has the values of the remaining members.
  expect(of({ where: { depth: 4 } })).toMatchObject({ held: { depth: 4, trainSize: 500 } });
});

test('in any view, members on a curve differ only in what the axis moves', () => {
  const axes = fc.constantFrom(undefined, 'width', 'depth', 'trainSize', 'parameters', 'flops', 'examples');
  const where = fc.record(
    { depth: fc.constantFrom(1, 2, 4), trainSize: fc.constantFrom(500, 2000) },
    { requiredKeys: [] },
  );
  const moves: Readonly<Record<string, readonly string[]>> = {
    parameters: ['width', 'depth'],
    flops: ['width', 'depth', 'trainSize'],
    examples: ['trainSize'],
  };
  fc.assert(
    fc.property(axes, where, (axis, held) => {
      fc.pre(!(String(axis) in held));
      const { members: shown } = viewOf(run, members, { axis, where: held });
      expect(shown.length).toBeGreaterThan(0);
      for (const key of ['width', 'depth', 'trainSize']) {
        const values = new Set(shown.map(({ coordinates }) => coordinates[key]));
        if (key in held) expect([...values]).toEqual([held[key as keyof typeof held]]);
        else if (!(moves[axis ?? ''] ?? [axis ?? 'width']).includes(key)) expect(values.size).toBe(1);
      }
    }),
    { numRuns: 60 },
  );
});

test('coordinates of a member after a step: what grows with training is proportional', () => {
  const record = memberRecord({ arch: 'cnn', width: 8, seed: 0 }, { steps: 64, trainingFlops: 6400 });
  const plain = { ...run, experiment: resolveExperiment({ arch: 'cnn', widths: [8], batchSize: 100 }) };
  expect(coordinatesOf(plain, record)).toMatchObject({
    steps: 64,
    examples: 6400,
    flops: 6400,
    depth: 2,
    labelNoise: 0,
  });
  expect(coordinatesOf(plain, record, 16)).toMatchObject({ steps: 16, examples: 1600, flops: 1600, width: 8 });
});

describe('trainings that differ only in their length', () => {
  /** Steps 16 and 32, each seen after 8 and 16 steps and at its end. */
  const points = [0, 1].flatMap((seed) =>
    [16, 32].flatMap((length) =>
      [8, 16, 32]
        .filter((step) => step <= length)
        .map((step) => ({
          ...{ seed, name: `s${seed} of ${length} at ${step}`, trained: { steps: length } },
          coordinates: { width: 8, steps: step, epochs: length / 16 },
          moment: step === length ? undefined : step,
        })),
    ),
  );
  const names = (shown: readonly { readonly name: string }[]) => shown.map(({ name }) => name);
  const longest = ['s0 of 32 at 8', 's0 of 32 at 16', 's0 of 32 at 32'];
  test('are one training along training: each seed appears once after a step', () => {
    const shown = names(pointsAt(points, { axis: 'steps' }));
    expect(shown).toEqual([...longest, ...longest.map((name) => name.replace('s0', 's1'))]);
    expect(names(pointsAt(points, { at: 16 }))).toEqual(['s0 of 32 at 16', 's1 of 32 at 16']);
  });
  test('have separate ends; a page, which does not know their lengths, takes the moment of the longer one', () => {
    expect(pointsAt(points, {})).toHaveLength(4);
    const ofPage = points.map((point) => ({ ...point, trained: undefined }));
    expect(names(pointsAt(ofPage, { axis: 'flops' })).slice(0, 3)).toEqual(longest);
  });
  test('other widths and seeds stay', () => {
    const wider = points.map((point) => ({ ...point, coordinates: { ...point.coordinates, width: 16 } }));
    expect(onePerTraining([...points, ...wider])).toHaveLength(12);
  });
});
