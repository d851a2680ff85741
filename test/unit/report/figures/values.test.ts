import { beforeAll, describe, expect, test } from 'vitest';
import { compareCurves } from '../../../../src/analysis/compare.js';
import { sweepGrid } from '../../../../src/analysis/sweep.js';
import { expectedEditDistance, tokenLoss } from '../../../../src/analysis/theory.js';
import { centralInterval, medianOf, type MetricScore } from '../../../../src/analysis/forecast/scoring.js';
import type { MetricStudy } from '../../../../src/analysis/forecast/study.js';
import { accuracy, subsetAccuracy } from '../../../../src/metrics/classification.js';
import { curve } from '../../../../src/metrics/curve.js';
import { metrics } from '../../../../src/metrics/index.js';
import { mse } from '../../../../src/metrics/reconstruction.js';
import { mean } from '../../../../src/statistics/mean.js';
import { comparisonFigure } from '../../../../src/report/figures/compare.js';
import { signChanges } from '../../../../src/report/figures/heat.js';
import { scoreFigure, studyFigure } from '../../../../src/report/figures/forecast.js';
import { curvePanel } from '../../../../src/report/figures/panels.js';
import { sweepFigure } from '../../../../src/report/figures/sweep.js';
import type { Figure } from '../../../../src/report/figures/layout.js';
import { figureSpec } from '../../../../src/report/figures/spec.js';
import { usualFigure } from '../../../../src/report/figures/figure-options.js';
import { toSvg } from '../../../../src/report/figures/render.js';
import { referenceStyles, seriesStyle } from '../../../../src/report/figures/theme.js';
import {
  causes,
  collapsed,
  comparison,
  differences,
  familyOf,
  figures,
  fitted,
  law,
  layers,
  scaled,
  scored,
  seedsOfWidths,
  studied,
  sweptCutoffs,
  sweptTwice,
  turned,
  twins,
} from '../../../support/figures.js';
import { readPanels, type Place, type ReadMark, type ReadPanel } from '../../../support/read-figure.js';

const read = async (figure: Figure) => readPanels(await toSvg(figureSpec(figure, usualFigure.size)));

/** Drawn to a tenth of a pixel of 100 or more; on an axis of four decades a tenth of a pixel is 1 %. */
const tolerance = 0.01;

function expectPlaces(drawn: readonly Place[], expected: readonly Place[], height = 1): void {
  const inOrder = (places: readonly Place[]) => places.toSorted((a, b) => a[0] - b[0] || a[1] - b[1]);
  expect(drawn).toHaveLength(expected.length);
  // Points with the same x, by their y: positions read from the figure do not give their order.
  const byX = inOrder(drawn.map(([x, y]): Place => [Number(x.toPrecision(2)), y]));
  const wanted = inOrder(expected.map(([x, y]): Place => [Number(x.toPrecision(2)), y]));
  byX.forEach(([x, y], i) => {
    expect(x / wanted[i]![0]).toBeCloseTo(1, 1);
    expect(Math.abs(y - wanted[i]![1])).toBeLessThan(tolerance * height);
  });
  drawn.forEach(([x]) => {
    expect(Math.min(...expected.map(([other]) => Math.abs(Math.log(x / other))))).toBeLessThan(tolerance);
  });
}

const colourOf = (i: number) => seriesStyle(i).color;
const of = (marks: readonly ReadMark[], colour: string) => marks.filter((mark) => mark.colour === colour);
const line = ({ lines }: ReadPanel, colour: string) => of(lines, colour)[0]!.places;
const points = (panel: ReadPanel, colour: string) => of(panel.points, colour).flatMap(({ places }) => places);

/** Upper edge from left to right, lower edge back. */
function band(area: ReadMark): { lower: Place[]; upper: Place[] } {
  const n = area.places.length / 2;
  const [first, second] = [area.places.slice(0, n), area.places.slice(n).toReversed()];
  return mean(first.map(([, y]) => y)) > mean(second.map(([, y]) => y))
    ? { upper: first, lower: second }
    : { upper: second, lower: first };
}

describe('train', () => {
  const [standard, induced] = [accuracy.with({}), subsetAccuracy.with({ k: 5 })].map((metric) =>
    curve(metric, familyOf('cnn')),
  );
  let panel: ReadPanel;
  beforeAll(async () => {
    panel = (await read(figures['train']!))[0]!;
  });

  test.each([
    [0, standard!],
    [1, induced!],
  ])('series %i: seeds, means and their intervals', (i, { members, points: means }) => {
    expectPlaces(
      points(panel, colourOf(i)),
      members.map(({ parameters, value }) => [parameters, value]),
    );
    expectPlaces(
      line(panel, colourOf(i)),
      means.map((each) => [each.parameters, each.mean]),
    );
    const { lower, upper } = band(of(panel.areas, colourOf(i))[0]!);
    expectPlaces(
      lower,
      means.map(({ parameters, interval }) => [parameters, interval!.lower]),
    );
    expectPlaces(
      upper,
      means.map(({ parameters, interval }) => [parameters, interval!.upper]),
    );
  });
});

test('compare: each panel has its curve, members and interval; the last one also the prediction', async () => {
  const { natural, standard, induced, prediction } = comparison;
  const panels = await read(figures['compare']!);
  for (const [panel, i, { points: of_, members }] of [
    [panels[0]!, 3, natural[0]!],
    [panels[1]!, 0, standard],
    [panels[2]!, 1, induced],
  ] as const) {
    expectPlaces(
      line(panel, colourOf(i)),
      of_.map(({ parameters, value }) => [parameters, value]),
    );
    expectPlaces(
      points(panel, colourOf(i)),
      members.map(({ parameters, value }) => [parameters, value]),
    );
    const { lower, upper } = band(of(panel.areas, colourOf(i))[0]!);
    expectPlaces(
      lower,
      of_.map(({ parameters, interval }) => [parameters, Math.max(0, interval!.lower)]),
    );
    expectPlaces(
      upper,
      of_.map(({ parameters, interval }) => [parameters, interval!.upper]),
    );
  }
  expectPlaces(
    line(panels[2]!, colourOf(2)),
    induced.points.map(({ parameters }, i) => [parameters, prediction!.values[i]!]),
  );
});

test('diff: seeds, means and intervals of both runs; differences with bars, filled where one is found', async () => {
  const { scales } = differences.seeds;
  const [curves, difference] = await read(figures['diff']!);
  for (const [i, side] of [
    [0, 'one'],
    [1, 'other'],
  ] as const) {
    const at = (pick: (each: (typeof scales)[0]['one']) => number) =>
      scales.map((scale): Place => [scale.one.parameters, pick(scale[side])]);
    expectPlaces(
      points(curves!, colourOf(i)),
      scales.flatMap((scale) => scale[side].values.map((value): Place => [scale.one.parameters, value])),
    );
    expectPlaces(
      line(curves!, colourOf(i)),
      at(({ value }) => value),
    );
    const { lower, upper } = band(of(curves!.areas, colourOf(i))[0]!);
    expectPlaces(
      lower,
      at(({ interval }) => interval.lower),
    );
    expectPlaces(
      upper,
      at(({ interval }) => interval.upper),
    );
  }
  const placed = scales.map(({ one, difference: y, adjusted }) => ({ place: [one.parameters, y] as Place, adjusted }));
  expectPlaces(
    line(difference!, colourOf(0)),
    placed.map(({ place }) => place),
  );
  const found = placed.filter(({ adjusted }) => adjusted <= 0.05);
  const rings = placed.filter(({ adjusted }) => adjusted > 0.05);
  expect([found.length > 0, rings.length > 0]).toEqual([true, true]);
  expectPlaces(
    points(difference!, colourOf(0)),
    found.map(({ place }) => place),
  );
  expectPlaces(
    points(difference!, 'white'),
    rings.map(({ place }) => place),
  );
});

test('sweep: the scores of every cutoff whose curve moves, and a cell for each cutoff and scale', async () => {
  const panels = await read(figures['sweep']!);
  const { axes, points: swept, scales } = sweptCutoffs;
  const scored_ = swept.map((point, j) => ({ c: axes[0]!.values[j]!, ...point })).filter(({ range }) => range >= 0.1);
  const finite = scored_.filter(({ scores }) => Number.isFinite(scores.ramp) && scores.ramp > 0);
  expectPlaces(
    line(panels[1]!, colourOf(0)),
    scored_.map(({ c, scores }) => [c, scores.bow]),
  );
  expectPlaces(
    line(panels[2]!, colourOf(0)),
    scored_.map(({ c, scores }) => [c, scores.jump]),
  );
  expectPlaces(
    line(panels[3]!, colourOf(0)),
    finite.map(({ c, scores }) => [c, scores.ramp]),
    2,
  );
  const { lower, upper } = band(of(panels[1]!.areas, colourOf(0))[0]!);
  expectPlaces(
    lower,
    scored_.map(({ c, intervals }) => [c, intervals!.bow.lower]),
  );
  expectPlaces(
    upper,
    scored_.map(({ c, intervals }) => [c, intervals!.bow.upper]),
  );
  const cells = panels[0]!.rectangles;
  expect(cells).toHaveLength(swept.length * scales.length);
  // In a scheme from dark to bright, the brightest belong to the largest shares.
  const brightness = ({ colour }: ReadMark) => mean(/rgb\((\d+), (\d+), (\d+)\)/.exec(colour)!.slice(1, 3).map(Number));
  for (const cell of cells) {
    const [[left], [right, below]] = cell.places as [Place, Place];
    const j = axes[0]!.values.findIndex((c) => c > left && c < right);
    const i = scales.findIndex(({ parameters }) => parameters > below);
    const value = swept[j]!.values[i]!;
    if (value > 0.95) expect(brightness(cell)).toBeGreaterThan(200);
    if (value < 0.05) expect(brightness(cell)).toBeLessThan(60);
  }
});

/** Of a factor such as dropout: one value is 0, which has no position on a logarithmic axis. */
test('over a factor that is 0 for some members axes are linear, and every scale is drawn', async () => {
  const places = [0, 1, 3, 7, 15];
  const members = familyOf('autoencoder').map(({ record, outcomes }) => {
    return { record: { ...record, parameters: record.width - 1 }, outcomes };
  });
  const metric = metrics.reconstruction;
  const compared = compareCurves({
    ...{ run: 'dropouts', about: '', members, natural: [], draws: 20 },
    ...{ standard: { metric: mse.with({}) }, induced: { metric: metric.with({ c: 0.1 }) } },
  });
  const drawn = (await read(comparisonFigure(compared)))[1]!;
  expect(line(drawn, colourOf(1)).map(([x]) => Math.abs(Math.round(x)))).toEqual(places);
  const sweep = sweepGrid({ metric, parameters: {}, members, axes: [{ key: 'c', values: [0.01, 0.1] }] });
  const [heat] = await read(sweepFigure({ run: 'dropouts', sweep, leastRange: 0.1 }));
  expect(heat!.rectangles).toHaveLength(2 * places.length);
});

test('causes: medians and the middle 95 % at each size', async () => {
  const panels = await read(figures['causes']!);
  const cases = (['testSizes', 'keptScales'] as const).flatMap((kind) =>
    (['bow', 'jump'] as const).map((name) => ({ kind, name })),
  );
  cases.forEach(({ kind, name }, i) => {
    const known = causes[kind].filter(({ scores }) => !Number.isNaN(scores[name].median));
    expectPlaces(
      points(panels[i]!, colourOf(0)),
      known.map(({ size, scores }) => [size, scores[name].median]),
    );
    const { lower, upper } = band(panels[i]!.areas[0]!);
    expectPlaces(
      lower,
      known.map(({ size, scores }) => [size, scores[name].lower]),
    );
    expectPlaces(
      upper,
      known.map(({ size, scores }) => [size, scores[name].upper]),
    );
  });
});

test('seeds: every seed above its width, and how many succeed', async () => {
  const [violins, success] = await read(figures['seeds']!);
  const values = seedsOfWidths.scales.flatMap((scale) => scale.values);
  const drawn = points(violins!, colourOf(0)).map(([, y]) => y);
  expect(drawn.toSorted((a, b) => a - b)).toEqual(
    values.toSorted((a, b) => a - b).map((value) => expect.closeTo(value, 2) as number),
  );
  // Shares of 0 and 1 are not joined: in between nothing was measured.
  expect(of(success!.lines, colourOf(0))).toEqual([]);
  expectPlaces(
    points(success!, colourOf(0)),
    seedsOfWidths.scales.map((each) => [each.scale.parameters, each.success.share]),
  );
});

test('quanta: bars of the turns, and points of the accuracies', async () => {
  const [bars, heat, curves] = await read(figures['quanta']!);
  const heights = of(bars!.rectangles, colourOf(0)).map(({ places }) => Math.max(...places.map(([, y]) => y)));
  const { median } = turned.measured;
  expect(heights).toEqual(median.slice(1, -1).map((share) => expect.closeTo(share, 2) as number));
  expect(heat!.rectangles.length).toBe(turned.grid.scales.length * 115);
  expectPlaces(
    points(curves!, '#000000'),
    turned.grid.scales.flatMap(({ parameters, members }) =>
      members.map(({ solved }): Place => [parameters, mean(solved)]),
    ),
  );
});

test('theory: the law and what follows from it', async () => {
  const [loss, , edits] = await read(figures['theory-model']!);
  const at = (places: readonly Place[], n: number) =>
    places.reduce((best, each) => (Math.abs(Math.log(each[0] / n)) < Math.abs(Math.log(best[0] / n)) ? each : best));
  for (const n of [1e6, 1e8, 1e10]) {
    const [x, y] = at(line(loss!, colourOf(0)), n);
    expect(y / tokenLoss(law, x)).toBeCloseTo(1, 1);
    const [x20, y20] = at(line(edits!, colourOf(3)), n);
    expect(Math.abs(y20 - expectedEditDistance(law, x20, 20))).toBeLessThan(0.3);
  }
  const fits = await read(figures['theory']!);
  const { scales, loss: measured, right } = fitted;
  expectPlaces(
    points(fits[0]!, colourOf(0)),
    scales.map(({ parameters }, i) => [parameters, measured[i]!]),
    2,
  );
  right.forEach((each, k) => {
    expectPlaces(
      line(fits[k + 1]!, colourOf(0)),
      scales.map(({ parameters }, i) => [parameters, each.measured[i]!]),
    );
    expectPlaces(
      line(fits[k + 1]!, colourOf(1)),
      scales.map(({ parameters }, i) => [parameters, each.predicted[i]!]),
    );
    const { lower, upper } = band(of(fits[k + 1]!.areas, colourOf(1))[0]!);
    for (const [end, places] of [['lower', lower] as const, ['upper', upper] as const])
      expectPlaces(
        places,
        scales.map(({ parameters }, i) => [parameters, each.predictedIntervals[i]![end]]),
      );
  });
});

test('forecast score: the known points, the median and the 80 % interval, the measured points', async () => {
  const panels = await read(figures['forecast-score']!);
  const { known, targets, methods } = scored[1]!;
  const shown = ['power-law', 'average', 'pass-rate', 'per-example'].flatMap((name) =>
    methods.filter(({ method }) => method === name),
  );
  const ofSubsets = panels.slice(-shown.length);
  shown.forEach((method, i) => {
    const panel = ofSubsets[i]!;
    expectPlaces(
      points(panel, colourOf(0)),
      known.flatMap(({ parameters, values }) => values.map((y): Place => [parameters, y])),
    );
    expectPlaces(
      points(panel, colourOf(1)),
      targets.flatMap(({ parameters, truths }) => truths.map((y): Place => [parameters, y])),
    );
    const { quantiles } = method.targets[0]!;
    expect(line(panel, colourOf(2)).at(-1)![1]).toBeCloseTo(medianOf(quantiles), 1);
    const { lower, upper } = band(of(panel.areas, colourOf(2))[1]!);
    const interval = centralInterval(quantiles, 0.8);
    expect(Math.abs(lower.at(-1)![1] - interval.lower)).toBeLessThan(tolerance);
    expect(Math.abs(upper.at(-1)![1] - interval.upper)).toBeLessThan(tolerance);
  });
});

test('forecast study: errors over the range, from each beginning', async () => {
  const panels = await read(figures['forecast-study']!);
  studied.forEach(({ cells, values, parameters, range }, i) => {
    const errors = cells
      .filter(({ method, target }) => method === 'average' && target === values.length - 1)
      .map(({ known, error }): Place => [parameters[known - 1]!, Math.min(1, Math.abs(error) / range)]);
    expect(errors.length).toBeGreaterThan(0);
    expectPlaces(points(panels[i]!, colourOf(1)), errors);
  });
});

/** As `expectPlaces`, for points too dense to be paired in order: each has one at its place. */
function expectAll(drawn: readonly Place[], expected: readonly Place[], height: number): void {
  expect(drawn).toHaveLength(expected.length);
  for (const [x, y] of expected) {
    const near = drawn.filter(
      ([other, high]) => Math.abs(Math.log(other / x)) < tolerance && Math.abs(high - y) < tolerance * height,
    );
    expect(near.length, `${x}, ${y}`).toBeGreaterThan(0);
  }
}

const logged = (places: readonly Place[]) => places.map(([x, y]): Place => [x, Math.log(y)]);

test('coordinate check: every layer of both parametrizations at every width', async () => {
  const panels = await read(figures['coordinates']!);
  expect(layers).toHaveLength(16);
  (['standard', 'mup'] as const).forEach((name, k) => {
    layers
      .filter(({ parametrization }) => parametrization === name)
      .forEach(({ points: all }, i) => {
        const expected = all.map(({ width, size }): Place => [width, size]);
        expectPlaces(logged(line(panels[k]!, colourOf(i))), logged(expected), 4);
      });
  });
});

test('tuned twins: members, means and intervals of both, under both metrics', async () => {
  const panels = await read(figures['compare-tuned']!);
  (['standard', 'induced'] as const).forEach((role, k) => {
    (['untuned', 'tuned'] as const).forEach((side, i) => {
      const panel = panels[k]!;
      const { points: means, members } = twins[role][side];
      const placed = (pick: (point: (typeof means)[number]) => number) =>
        means.map((point): Place => [point.parameters, pick(point)]);
      expectPlaces(
        line(panel, colourOf(i)),
        placed(({ value }) => value),
      );
      expectAll(
        points(panel, colourOf(i)),
        members.map(({ parameters, value }) => [parameters, value]),
        1,
      );
      const { lower, upper } = band(of(panel.areas, colourOf(i))[0]!);
      expectPlaces(
        lower,
        placed(({ interval }) => interval!.lower),
      );
      expectPlaces(
        upper,
        placed(({ interval }) => interval!.upper),
      );
    });
  });
});

test('collapse: members of each width over their loss, the pooled curve, and what each factor leaves over', async () => {
  const [ability, ...residuals] = await read(figures['collapse']!);
  const { members, curve: pooled, factors } = collapsed;
  [4, 8, 16, 32].forEach((width, i) => {
    expectAll(
      points(ability!, colourOf(i)),
      members.filter(({ values }) => values[0] === width).map(({ loss, ability: y }) => [loss, y]),
      0.5,
    );
  });
  expectAll(
    line(ability!, referenceStyles.curve.color),
    pooled.map(({ loss, ability: y }) => [loss, y]),
    0.5,
  );
  expect(residuals).toHaveLength(factors.length);
  residuals.forEach((panel, k) => {
    expectAll(
      points(panel, colourOf(0)),
      members.map(({ values, residual }) => [values[k]!, residual]),
      0.2,
    );
  });
});

test('scaling: members, the law and its residuals; over two factors also the compute-optimal sizes', async () => {
  const [law_, residuals] = await read(figures['scaling-one']!);
  const { cells, curve: fittedCurve } = scaled.one;
  const membersIn = (some: typeof cells, k = 0) =>
    some.flatMap(({ coordinates, values }) => values.map((value): Place => [coordinates[k]!, value]));
  expectAll(logged(points(law_!, colourOf(0))), logged(membersIn(cells)), 4);
  expectAll(logged(line(law_!, colourOf(0))), logged(fittedCurve.map(({ at, value }) => [at, value])), 4);
  expectAll(
    points(residuals!, colourOf(0)),
    cells.flatMap(({ coordinates, values, fitted: y }) => values.map((v): Place => [coordinates[0]!, v / y - 1])),
    0.2,
  );
  const two = await read(figures['scaling-two']!);
  const levels = [...new Set(scaled.two.cells.map(({ coordinates }) => coordinates[1]!))].sort((a, b) => a - b);
  levels.forEach((level, i) => {
    const own = scaled.two.cells.filter(({ coordinates }) => coordinates[1] === level);
    expectAll(logged(points(two[0]!, colourOf(i))), logged(membersIn(own)), 2);
  });
  [0, 1].forEach((k) => {
    const optima = scaled.two.frontier!.budgets.map(({ flops, optimum }): Place => [flops, optimum[k]!.value]);
    expectAll(logged(line(two[3 + k]!, colourOf(0))), logged(optima), 4);
  });
});

test('sweep over two parameters: a cell for each pair whose curve moves, brighter where the score is higher', async () => {
  const panels = await read(figures['sweep-two']!);
  const [outer, inner] = sweptTwice.axes.map(({ values }) => values) as [number[], number[]];
  (['bow', 'jump'] as const).forEach((score, p) => {
    const shown = sweptTwice.points.filter(({ range }) => range >= 0.1);
    const cells = panels[p]!.rectangles;
    expect(cells).toHaveLength(shown.length);
    const values = cells.map(({ places }) => {
      // A cell reaches under the next one on the right and above: its own value is the first inside.
      const [[left], [, below]] = places as [Place, Place];
      const i = outer.findIndex((c) => c > left);
      const j = inner.findIndex((k) => k > below);
      return sweptTwice.points[i * inner.length + j]!.scores[score];
    });
    const brightness = cells.map(({ colour }) => Number(/rgb\(\d+, (\d+)/.exec(colour)![1]));
    // Green only rises in viridis; it is a whole number.
    const order = values.map((_, at) => at).sort((a, b) => values[a]! - values[b]!);
    const inOrder = order.map((at) => brightness[at]!);
    inOrder.slice(1).forEach((green, at) => {
      expect(green).toBeGreaterThanOrEqual(inOrder[at]!);
    });
    expect(new Set(brightness).size).toBeGreaterThan(3);
  });
});

test('sweep over two parameters: a line where the bow changes its sign, and none beside a pair without a score', () => {
  const [x, y] = [[0, 1, 2].map((at) => [at, at + 1] as const), [0, 1].map((at) => [at, at + 1] as const)];
  const values = [
    [-1, 0, 2],
    [3, NaN, 1],
  ];
  // By hand: 0 | 2 in the lower row, and 3 above -1.
  expect(signChanges(x, y, (column, row) => values[row]![column]!)).toEqual([
    { x0: 0, x1: 1, y0: 1, y1: 1 },
    { x0: 2, x1: 2, y0: 0, y1: 1 },
  ]);
});

test('an axis says where lower is better, as scores beside it are turned so that higher is', () => {
  const titles = (name: string) => figures[name]!.panels.map(({ y, ramp }) => ramp?.title ?? y.title);
  expect(titles('compare')).toEqual(['share', 'share', 'share']);
  expect(titles('compare-errors').slice(0, 2)).toEqual(['squared error per pixel (lower is better)', 'share']);
  expect(titles('theory-model')).toEqual([
    'nats (lower is better, log scale)',
    'share right',
    'tokens (lower is better)',
  ]);
  expect(titles('forecast-score')[0]).toBe('cross-entropy (nats, lower is better)');
  expect(titles('sweep')[0]).toBe('share');
});

const usual = ['power-law', 'average', 'pass-rate', 'per-example'];

test('forecasts show the method of the best skill, whichever it is, instead of the worst of the usual ones', () => {
  const shown = (figure: Figure) => figure.panels.map(({ notes }) => notes[0]);
  const [score] = scored as [MetricScore];
  const methods = ['power-law', 'average', 'pass-rate', 'per-example', 'linear'].map((method, i) => {
    return { ...score.methods[0]!, method, skill: [0.9, 1.3, 0.5, NaN, 0.4][i]! };
  });
  const drawn = scoreFigure({ name: 'a', run: 'run a', sealed: '2026-01-02' }, [{ ...score, methods }]);
  expect(shown(drawn)).toEqual(['power-law', 'pass-rate', 'per-example', 'linear']);
  expect(drawn.notes.at(-1)).toBe('Only in the table: average.');
  const [study] = studied as [MetricStudy];
  const drawnOf = (own: MetricStudy['methods']) =>
    studyFigure('a', [{ ...study, methods: own }]).panels[0]!.curves!.series.map(({ label }) => label);
  for (const best of study.methods) {
    const ranked = study.methods.map((each) => ({ ...each, cells: 10, skill: each === best ? 0.1 : 1 }));
    expect(drawnOf(ranked)).toContain(best.method);
    // Unless that is a skill over few cases.
    const few = ranked.map((each) => (each.method === best.method ? { ...each, cells: 4 } : each));
    expect(drawnOf(few).includes(best.method)).toBe(usual.includes(best.method));
  }
});

test('a fan that leaves the panel has an open triangle there, one that stays inside has none', async () => {
  const fan = (upper: number) =>
    curvePanel({
      ...{ title: '', subtitle: [], xTitle: 'x', yTitle: 'y', yDomain: [0, 1], xDomain: [1, 10] },
      series: [
        {
          ...{ label: 'fan', points: [], style: 2 },
          line: [1, 4].map((x) => ({ x, y: 0.5 })),
          bands: [[1, 4].map((x) => ({ x, y: 0.5, lower: 0.4, upper: x === 4 ? upper : 0.6 }))],
        },
      ],
    });
  const marks = async (upper: number) =>
    points((await read({ title: '', notes: [], panels: [fan(upper)] }))[0]!, 'white');
  expectPlaces(await marks(1.2), [[4, 1]]);
  expect(await marks(0.9)).toEqual([]);
});

test('a swapped axis is noticed', async () => {
  const [panel] = figures['train']!.panels;
  const swapped = {
    ...panel!,
    layers: (frame: Parameters<NonNullable<typeof panel>['layers']>[0]) =>
      panel!.layers({ ...frame, x: frame.y, y: frame.x }),
  };
  const right = await read(figures['train']!);
  const wrong = await read({ ...figures['train']!, panels: [swapped] }).catch(() => undefined);
  expect(wrong?.[0]?.points).not.toEqual(right[0]!.points);
});
