/** What the page computes from its compact data, compared with the metrics and the bootstrap of the whole. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { sampleCurve, scoreCurve } from '../../../../src/analysis/curves.js';
import { defaultMetrics } from '../../../../src/analysis/defaults.js';
import { predictFromStandard } from '../../../../src/analysis/independence.js';
import { solvedGrid, turnsOf } from '../../../../src/analysis/example-turns.js';
import { resolveExperiment } from '../../../../src/experiment/schema.js';
import type { MemberOutcomes } from '../../../../src/metrics/curve.js';
import { subsetAccuracy } from '../../../../src/metrics/classification.js';
import { metrics } from '../../../../src/metrics/index.js';
import type { Metric } from '../../../../src/metrics/metric.js';
import { compact } from '../../../../src/report/explorer/compact.js';
import type { PageRun } from '../../../../src/report/explorer/data.js';
import { PageFamily } from '../../../../src/report/explorer/family.js';
import { placed } from '../../../../src/report/explorer/places.js';
import type { RunRecord } from '../../../../src/runs/record.js';
import { Random } from '../../../../src/statistics/random.js';
import { membersOf, pairs, type FamilyShape, type Kind } from '../../../support/families.js';

const shape = (arch: Kind, count = 500, name: string | number = 0): FamilyShape => {
  return { arch, widths: [1, 2, 4, 8, 16], seeds: [0, 1, 2], count, name };
};

function record(arch: Kind): RunRecord {
  const own = arch === 'transformer' ? { pairs } : {};
  return { name: 'a', experiment: resolveExperiment({ arch, dataset: 'shapes', ...own }) } as RunRecord;
}

function open(arch: Kind, members: readonly MemberOutcomes[], induced?: Metric, budget?: number) {
  const { run, order } = compact({
    record: record(arch),
    members,
    induced,
    ...(budget === undefined ? {} : { budget }),
  });
  // As it arrives: through JSON.
  const page = JSON.parse(JSON.stringify({ ...run, about: '', pictures: '', reconstructions: null })) as PageRun;
  return { page, order, family: new PageFamily(page) };
}

/** The same units, and only they, as the metrics see them. */
function subset(members: readonly MemberOutcomes[], arch: Kind, units: Int32Array): MemberOutcomes[] {
  const length = arch === 'transformer' ? pairs : 1;
  const rows = Array.from(units, (unit) => Array.from({ length }, (_, i) => unit * length + i)).flat();
  return members.map(({ record: about, outcomes }) => {
    const columns = Object.entries(outcomes).map(([name, list]) => {
      const taken = list.slice(0, rows.length);
      rows.forEach((row, i) => (taken[i] = list[row]!));
      return [name, taken] as const;
    });
    const picked = Object.fromEntries(columns) as MemberOutcomes['outcomes'];
    // Sequences keep their numbers; only that they stay distinct matters.
    return { record: about, outcomes: picked };
  });
}

const all = (page: PageRun) => page.members.map((member, place) => ({ ...member, place }));

function metricAt(page: PageRun, threshold: number): Metric {
  const { metric, key } = page.induced;
  return metrics[metric as keyof typeof metrics].from({ [key]: threshold });
}

describe.each<Kind>(['cnn', 'autoencoder', 'transformer'])('%s', (arch) => {
  test('values, intervals and predictions equal those of the metrics, at every threshold', () => {
    const members = membersOf(shape(arch));
    const { page, family } = open(arch, members);
    const { standard } = defaultMetrics(record(arch), members);
    const few = page.induced.options.filter((_, i, { length }) => length < 40 || i % 9 === 0);
    for (const threshold of few) {
      const explored = family.explore({ threshold, size: page.count, members: all(page), axis: 'parameters' });
      const metric = metricAt(page, threshold);
      const prediction = predictFromStandard(metric, members)!;
      members.forEach(({ outcomes }, i) => {
        const [a, b] = [standard.measure(outcomes), metric.measure(outcomes)];
        const [p, q] = [explored.standard.members[i]!, explored.induced.members[i]!];
        // The mean of errors is a sum over codes scaled to the exact mean: rounding only. Its interval knows each error to within a code.
        expect(p.value).toBeAllClose(a.value, { rtol: 1e-12 });
        expect([p.lower, p.upper]).toBeAllClose([a.lower, a.upper], { rtol: arch === 'autoencoder' ? 2e-3 : 1e-12 });
        // Logarithms of K factors and K products.
        expect([q.value, q.lower, q.upper]).toBeAllClose([b.value, b.lower, b.upper], { rtol: 1e-9, atol: 1e-300 });
        // Between cutoffs an error distribution is interpolated linearly: a share of 500 images steps by 0.002.
        const tolerance = arch === 'autoencoder' ? { atol: 0.01 } : { rtol: 1e-12 };
        expect(explored.predicted.members[i]!).toBeAllClose(prediction.memberValues[i]!, tolerance);
      });
    }
  });

  test('on part of the test set and of the members they equal those of the same units', () => {
    const members = membersOf(shape(arch));
    const { page, family, order } = open(arch, members);
    const chosen = all(page).filter(({ seed, width }) => seed !== 1 && width !== 4);
    const part = subset(members, arch, order.slice(0, 200));
    const explored = family.explore({ threshold: page.induced.chosen, size: 200, members: chosen, axis: 'width' });
    expect(explored.scales.map(({ width }) => width)).toEqual([1, 2, 8, 16]);
    const metric = metricAt(page, page.induced.chosen);
    const { standard } = defaultMetrics(record(arch), members);
    chosen.forEach((member, place) => {
      const { outcomes } = part[member.place]!;
      expect(explored.induced.members[place]!.value).toBeAllClose(metric.measure(outcomes).value, { rtol: 1e-9 });
      // Codes are 2 to 5 per cent apart here, which averages out over 200 images.
      const tolerance = { rtol: arch === 'autoencoder' ? 5e-3 : 1e-12 };
      expect(explored.standard.members[place]!.value).toBeAllClose(standard.measure(outcomes).value, tolerance);
    });
  });

  test('scores equal those of the whole, with intervals about as wide', () => {
    const members = membersOf(shape(arch, 2000));
    // A K near the resolution of the test set has intervals that a few images decide, too unstable to check.
    const { page, family } = open(arch, members, arch === 'cnn' ? subsetAccuracy.with({ k: 5 }) : undefined);
    const explored = family.explore({
      threshold: page.induced.chosen,
      size: page.count,
      members: all(page),
      axis: 'parameters',
    });
    const curve = sampleCurve(metricAt(page, page.induced.chosen), members);
    const exact = scoreCurve(curve);
    for (const name of ['emergence', 'ramp', 'jump', 'bow'] as const) {
      const { value, lower, upper } = explored.induced.scores[name];
      expect(value).toBeAllClose(exact[name].value, { rtol: 1e-9 });
      const width = exact[name].interval.upper - exact[name].interval.lower;
      // A 2.5 % limit from 400 draws of 400 groups scatters by about a tenth of the interval; hulls add to it.
      if (Number.isFinite(width))
        expect([lower, upper]).toBeAllClose([exact[name].interval.lower, exact[name].interval.upper], {
          atol: 0.4 * width,
        });
    }
    const widths = curve.intervals().map(({ lower, upper }) => upper - lower);
    explored.induced.points.forEach(({ lower, upper }, i) => {
      if (widths[i]! > 0) expect((upper - lower) / widths[i]!).toBeAllClose(1, { atol: 0.35 });
    });
  });

  test('examples turn where they do in the whole', () => {
    const members = membersOf(shape(arch, 150));
    const { page, family, order } = open(arch, members);
    const { turns } = family.turns({
      threshold: page.induced.chosen,
      size: page.count,
      members: all(page),
      axis: 'width',
    });
    const metric = metricAt(page, arch === 'cnn' ? 1 : page.induced.chosen);
    const grid = solvedGrid(
      members.map(({ record: { width, seed, parameters }, outcomes }) => {
        return { width, seed, parameters, solved: Uint8Array.from(metric.unitValues(outcomes)!.values) };
      }),
    );
    const expected = turnsOf(grid).median;
    expect([...turns.median]).toEqual(Array.from(order, (unit) => expected[unit]!));
  });
});

test('along training the seeds of a training are drawn once, as the commands draw them', () => {
  const [steps, seeds, count] = [[10, 20, 40, 80, 160], [0, 1, 2, 3, 4, 5], 400] as const;
  // A lucky seed is lucky throughout: its accuracy is higher by the same amount at each moment.
  const members = steps.flatMap((step, j) =>
    seeds.map((seed) => {
      const p = 0.15 + 0.12 * j + 0.04 * seed;
      const random = Random.named(seed, 'along', step);
      const correct = Uint8Array.from({ length: count }, () => Number(random.uniform() < p));
      const about = { width: step, seed, parameters: step, trainingFlops: step, training: `cnn-w4-s${seed}` };
      const coordinates = { steps: step };
      const moment = step === 160 ? undefined : step;
      const id = `cnn-w4-s${seed} at ${step}`;
      return {
        record: { id, ...about, coordinates, moment },
        outcomes: { correct, log_probability: new Float32Array(count) },
      };
    }),
  );
  const induced = subsetAccuracy.with({ k: 3 });
  const request = { record: record('cnn'), members, points: members, induced };
  const { run } = compact(request);
  const page = JSON.parse(JSON.stringify({ ...run, about: '', pictures: '', reconstructions: null })) as PageRun;
  const explored = (choice: readonly Parameters<PageFamily['explore']>[0]['members'][number][]) =>
    new PageFamily(page).explore({ threshold: 3, size: count, members: choice, axis: 'parameters' });
  const widthOf = ({ lower, upper }: { readonly lower: number; readonly upper: number }) => upper - lower;
  const drawn = (metric: Metric) => scoreCurve(sampleCurve(metric, members));
  const joint = explored(all(page));
  const apart = explored(all(page).map((member) => ({ ...member, training: undefined })));
  for (const [name, command] of [
    ['standard', drawn(metrics.accuracy.with({}))],
    ['induced', drawn(induced)],
  ] as const) {
    // At 400 units blocks are single examples, as the commands draw them; 400 draws scatter a limit by a tenth of the interval.
    const limits = (of: typeof joint) => [of[name].scores.bow.lower, of[name].scores.bow.upper];
    const wanted = command.bow.interval;
    expect(limits(joint)).toBeAllClose([wanted.lower, wanted.upper], { atol: 0.2 * widthOf(wanted) });
    // What seeds share cancels in a bow: seeds that are drawn apart at each moment make it far wider.
    expect(widthOf(apart[name].scores.bow)).toBeGreaterThan(1.5 * widthOf(joint[name].scores.bow));
  }
});

test('for any bits, the page counts what the metric counts', () => {
  const family = fc.array(fc.uint8Array({ min: 0, max: 1, minLength: 120, maxLength: 120 }), {
    minLength: 2,
    maxLength: 4,
  });
  fc.assert(
    fc.property(family, fc.integer({ min: 1, max: 30 }), (lists, k) => {
      const members = lists.map((correct, i) => ({
        record: { id: `cnn-w${i + 1}-s0`, width: i + 1, seed: 0, parameters: 10 * (i + 1), trainingFlops: 1 },
        outcomes: { correct: Uint8Array.from(correct), log_probability: new Float32Array(120) },
      }));
      const induced = metrics['subset-accuracy'].with({ k });
      const { page, family: opened } = open('cnn', members, induced);
      const explored = opened.explore({ threshold: k, size: 120, members: all(page), axis: 'width' });
      members.forEach(({ outcomes }, i) => {
        expect(explored.induced.members[i]!.value).toBeAllClose(induced.measure(outcomes).value, { rtol: 1e-9 });
      });
    }),
    { numRuns: 25 },
  );
});

test('a budget keeps a random part of the units, and says how many', () => {
  const members = membersOf(shape('autoencoder', 1000));
  const { page, order, family } = open('autoencoder', members, undefined, 15 * 300);
  expect([page.count, page.total, new Set(order).size]).toEqual([300, 1000, 300]);
  const explored = family.explore({ threshold: page.induced.chosen, size: 300, members: all(page), axis: 'width' });
  const exact = metricAt(page, page.induced.chosen).measure(members[7]!.outcomes).value;
  // Three standard errors of 300 of 1000 images.
  expect(explored.induced.members[7]!.value).toBeAllClose(exact, { atol: 3 * Math.sqrt(0.25 / 300) });
});

test('errors that are all 0 and a constant curve are drawn', () => {
  const members = [1, 2].map((width) => ({
    record: { id: `autoencoder-w${width}-s0`, width, seed: 0, parameters: width, trainingFlops: 1 },
    outcomes: { mse: new Float32Array(100) },
  }));
  const { page, family } = open('autoencoder', members, metrics.reconstruction.with({ c: 0.01 }));
  expect(page.induced.options).toEqual([0.01]);
  const { induced } = family.explore({ threshold: 0.01, size: 100, members: all(page), axis: 'width' });
  expect(induced.points.map(({ value }) => value)).toEqual([1, 1]);
  expect(induced.scores.emergence.value).toBe(0);
});

test("moments of part of the test set are those of the page's first units, with their outcomes in place", () => {
  const [count, seed] = [400, 0];
  // Rows 3, 7, 11, ...: a quarter.
  const rows = Int32Array.from({ length: count / 4 }, (_, i) => 4 * i + 3);
  const ends = membersOf({ ...shape('cnn', count), seeds: [seed] });
  const correct = ends.map(({ outcomes }) => outcomes.correct!.map((value, i) => Number(value && i % 3 === 0)));
  const points = ends.flatMap(({ record: about, outcomes }, i) => {
    const at = (steps: number) => ({ ...about, coordinates: { width: about.width, steps } });
    return [
      { record: at(20), outcomes },
      { record: { ...at(10), moment: 10 }, outcomes: { correct: Uint8Array.from(rows, (row) => correct[i]![row]!) } },
    ];
  });
  const { run, order } = compact({ record: record('cnn'), members: ends, points, rowsAtMoments: rows });
  expect([run.count, run.countAtMoments]).toEqual([400, 100]);
  expect([...order.slice(0, 100)].sort((a, b) => a - b)).toEqual([...rows]);
  expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: count }, (_, i) => i));
  // A bit per unit of the ends, a quarter of which moments may take.
  const whole = (ends.length * count) / 8;
  const thin = compact({ record: record('cnn'), members: ends, points, rowsAtMoments: rows, budget: whole }).run;
  expect([thin.count, thin.countAtMoments]).toEqual([300, 100]);
  const few = compact({ record: record('cnn'), members: ends, points, rowsAtMoments: rows, budget: whole / 2 }).run;
  expect([few.count, few.countAtMoments]).toEqual([150, 50]);
  const page: PageRun = { ...run, about: '', pictures: '', reconstructions: null };
  const family = new PageFamily(page);
  ends.forEach(({ outcomes }, i) => {
    order.forEach((unit, place) => {
      expect(family.isSolved(2 * i, place, 1)).toBe(outcomes.correct![unit] === 1);
      if (place < 100) expect(family.isSolved(2 * i + 1, place, 1)).toBe(correct[i]![unit] === 1);
    });
  });
  const along = placed(page, { axis: 'steps', per: 'width', at: undefined, where: {} });
  expect(along.units).toBe(100);
  expect(along.curves.map(({ members }) => members.map(({ width }) => width))).toEqual(ends.map(() => [10, 20]));
  expect(placed(page, page.first).units).toBe(400);
});
