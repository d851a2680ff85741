/** A figure of every kind, from small families made in code, for tests and for looking at. */
import { compareCurves, type Comparison } from '../../src/analysis/compare.js';
import { compareTwins, type TunedComparison } from '../../src/analysis/compare-tuned.js';
import { widthSlopes } from '../../src/analysis/coord-check.js';
import { compareRuns, type FamilyDifference, type NamedRun } from '../../src/analysis/diff/difference.js';
import { scalesOf } from '../../src/analysis/scales.js';
import { forecastMetric } from '../../src/analysis/forecast/forecast.js';
import { scoreMetric, type MetricScore } from '../../src/analysis/forecast/scoring.js';
import { studyMetric, type MetricStudy } from '../../src/analysis/forecast/study.js';
import { analyseTurns, type Quanta } from '../../src/analysis/quanta.js';
import { seedDistribution, type SeedDistribution } from '../../src/analysis/seeds.js';
import { sampleScores, sweepGrid, type Sweep } from '../../src/analysis/sweep.js';
import { sweepScales, sweepTestSizes, type ResampledCurve } from '../../src/analysis/subsampling.js';
import { collapseOverLoss, type Collapse } from '../../src/analysis/collapse/collapse.js';
import { scalingLaw, type ScalingLaw } from '../../src/analysis/scaling/scaling.js';
import { fitFamily, type TheoryFit } from '../../src/analysis/theory-fit.js';
import { nth } from '../../src/machine/present.js';
import { curve } from '../../src/metrics/curve.js';
import { accuracy, crossEntropy, subsetAccuracy } from '../../src/metrics/classification.js';
import { metrics } from '../../src/metrics/index.js';
import { mse } from '../../src/metrics/reconstruction.js';
import { comparisonFigure } from '../../src/report/figures/compare.js';
import { tunedFigure } from '../../src/report/figures/compare-tuned.js';
import { coordCheckFigure } from '../../src/report/figures/coord-check.js';
import { diffFigure } from '../../src/report/figures/diff.js';
import { scoreFigure, studyFigure } from '../../src/report/figures/forecast.js';
import type { Figure } from '../../src/report/figures/layout.js';
import { quantaFigure } from '../../src/report/figures/quanta.js';
import { collapseFigure } from '../../src/report/figures/collapse.js';
import { scalingFigure } from '../../src/report/figures/scaling.js';
import { seedsFigure } from '../../src/report/figures/seeds.js';
import { causesFigure, sweepFigure } from '../../src/report/figures/sweep.js';
import { fitFigure, modelFigure } from '../../src/report/figures/theory.js';
import { together } from '../../src/report/figures/together.js';
import { curvesFigure, type CurvesFigure } from '../../src/report/figures/train.js';
import { Random } from '../../src/statistics/random.js';
import { trainedWords } from '../../src/runs/words.js';
import { membersOf, type Kind } from './families.js';
import { gridOf, publishedLaws, ratios, simulatedMembers } from './scaling.js';
import { simulatedCollapse } from './collapse.js';

const widths = [1, 2, 4, 8, 16];

export function familyOf(arch: Kind, seeds: readonly number[] = [0, 1, 2], all: readonly number[] = widths) {
  return membersOf({ arch, widths: all, seeds, count: 120, name: 'figures' });
}

const images = familyOf('cnn');
const errors = familyOf('autoencoder');
const subsets = subsetAccuracy.with({ k: 5 });

const about = { testSet: '120 test images', drawOf: 'test images', missing: 0, words: trainedWords };

function trained(changes: Partial<CurvesFigure> & Pick<CurvesFigure, 'curves'>): Figure {
  const shares = { vertical: 'share', axis: 'share right' } as const;
  return curvesFigure({ run: 'cnn-shapes', arch: 'cnn', dataset: 'shapes', ...about, ...shares, ...changes });
}

function curvesOf(seeds: readonly number[], all = widths) {
  return [accuracy.with({}), subsets].map((metric) => curve(metric, familyOf('cnn', seeds, all)));
}

/** A published curve of four models. */
const published = {
  ...({ name: 'opt-2digit-addition', unit: 'probability', better: 'higher' } as const),
  points: [1.25e8, 1.3e9, 6.6e9, 1e10, 6.6e10].map((params, i) => {
    return { params, value: [0.01, 0.02, 0.05, 0.1, 0.6][i]!, standardError: 0.01 };
  }),
};

export const comparison: Comparison = compareCurves({
  ...{ run: 'cnn-shapes', about: 'cnn family on shapes, 5 widths, 3 seeds each, 120 test images.', members: images },
  ...{ standard: { metric: accuracy.with({}) }, induced: { metric: subsets }, natural: [published], draws: 100 },
});

/** Whose prediction has a name longer than its panel is wide. */
const comparedErrors: Comparison = compareCurves({
  ...{ run: 'autoencoder-shapes', about: 'autoencoder family on shapes.', members: errors, natural: [], draws: 100 },
  ...{ standard: { metric: mse.with({}) }, induced: { metric: metrics.reconstruction.with({ c: 0.01 }) } },
});

/** A family compared with one whose members are those of twice the width. */
function differenceBetween(seeds: readonly number[], otherSeeds: readonly number[]): FamilyDifference<NamedRun> {
  const one = familyOf('cnn', seeds);
  const other = familyOf('cnn', otherSeeds, [1, 2, 4, 12, 32]).map(({ record, outcomes }) => {
    const width = record.width === 12 ? 8 : record.width === 32 ? 16 : record.width;
    return { record: { ...record, width, parameters: 100 * width }, outcomes };
  });
  const scales = scalesOf(one).map((scale, i) => ({ one: scale, other: scalesOf(other)[i]! }));
  const metric = accuracy.with({});
  return {
    ...compareRuns({ metric, one, other, scales, draws: 200 }),
    ...{ metric, one: { label: 'plain', words: trainedWords }, other: { label: 'wide', words: trainedWords } },
    ...{ examples: { common: 120, only: [0, 0], isChecked: true }, unmatched: [[], []] },
  };
}

export const differences = {
  seeds: differenceBetween([0, 1, 2], [3, 4, 5]),
  members: differenceBetween([0], [1]),
};

export const sweptCutoffs: Sweep = sampleScores(
  sweepGrid({
    ...{ metric: metrics.reconstruction, parameters: {}, members: errors },
    axes: [{ key: 'c', values: [1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 0.1, 0.3, 1] }],
  }),
  errors,
  0.1,
  { draws: 100 },
);

export const sweptTwice: Sweep = sweepGrid({
  ...{ metric: metrics['subset-below'], parameters: { column: 'mse' }, members: errors },
  axes: [
    { key: 'c', values: [3e-3, 1e-2, 3e-2, 0.1, 0.3] },
    { key: 'k', values: [1, 2, 5] },
  ],
});

const resampled = { metric: subsets, members: images, draws: 50 };
export const causes: Record<'testSizes' | 'keptScales', ResampledCurve[]> = {
  testSizes: sweepTestSizes({ ...resampled, sizes: [10, 30, 100] }),
  keptScales: sweepScales({ ...resampled, sizes: [2, 3, 5] }),
};

export const seedsOfWidths: SeedDistribution = seedDistribution(
  accuracy.with({}),
  familyOf('cnn', [0, 1, 2, 3, 4, 5]),
  { draws: 19 },
);

export const turned: Quanta = analyseTurns(
  images.map(({ record: { width, seed, parameters }, outcomes: { correct } }) => {
    return { width, seed, parameters, solved: Uint8Array.from(correct!) };
  }),
);

export const fitted: TheoryFit = fitFamily('cnn-shapes', images, { lengths: [1, 5] });

const coordinates = gridOf(ratios(1e8, 1e10, 4), ratios(5e9, 5e11, 4));
const grid = { law: publishedLaws.besiroglu, seeds: 2, deviation: 0.01 };

export const scaled: Readonly<Record<'one' | 'two', ScalingLaw>> = {
  one: scalingLaw({
    factors: ['parameters'],
    members: simulatedMembers(
      {
        ...{ seeds: 3, deviation: 0.04, law: { floor: 0.03, terms: [{ amplitude: 40, exponent: 0.7 }] } },
        coordinates: ratios(500, 1e5, 6).map((n) => [n]),
      },
      ['parameters'],
      Random.named(0, 'one factor'),
    ),
  }),
  two: scalingLaw({
    factors: ['parameters', 'examples'],
    members: simulatedMembers({ ...grid, coordinates }, ['parameters', 'examples'], Random.named(0, 'two factors')),
  }),
};

export const collapsed: Collapse = collapseOverLoss(
  simulatedCollapse(
    { widths: [4, 8, 16, 32], steps: [16, 32, 64, 128], seeds: 2, shape: (loss) => 0.1 + 0.9 * Math.exp(-2 * loss) },
    Random.named(0, 'collapse'),
  ),
);

export const law = { exponent: -0.28, scale: 1e7 };

export const scored: MetricScore[] = [crossEntropy.with({}), subsets].map((metric) => {
  const known = images.filter(({ record: { width } }) => width < 16);
  const sealed = forecastMetric(metric, known, { targets: [1600], draws: 100 });
  const truths = curve(metric, images)
    .members.filter(({ width }) => width === 16)
    .map(({ value }) => value);
  return scoreMetric(
    metric,
    { ...sealed, metric: metric.id } as unknown as Parameters<typeof scoreMetric>[1],
    [{ width: 16, parameters: 1600 }],
    [truths],
  );
});

export const studied: MetricStudy[] = [accuracy.with({}), subsets].map((metric) =>
  studyMetric(metric, images, { draws: 100 }),
);

/** Outputs of eight layers, some of which grow with the width: more than the first colours of the palette. */
export const layers = widthSlopes(
  (['standard', 'mup'] as const).flatMap((parametrization) =>
    [
      'tokens',
      'block0.scores',
      'block0.attended',
      'block0',
      'block1.scores',
      'block1.attended',
      'block1',
      'head',
    ].flatMap((layer, i) =>
      [8, 32, 128, 512].map((width) => {
        const size = (0.4 + 0.1 * i) * (width / 8) ** (parametrization === 'mup' ? -0.05 * i : 0.08 * i);
        return { parametrization, layer, width, seed: 0, step: 10, size, change: size / 3 };
      }),
    ),
  ),
);

export const twins: TunedComparison<NamedRun> = {
  ...compareTwins({
    ...{ standard: { metric: accuracy.with({}) }, induced: { metric: subsets }, draws: 100 },
    ...{ untuned: images, tuned: familyOf('cnn', [3, 4, 5]) },
  }),
  ...{ one: { label: 'plain', words: trainedWords }, other: { label: 'tuned', words: trainedWords } },
  ...{ common: 120, factor: 'learningRate', chosen: [] },
};

/** Moments at even distances, of which the first is step 1. */
const alongSteps: Comparison = (() => {
  const members = images.map((member, i) => {
    const step = nth([1, 500, 1000, 1500, 2000], Math.floor(i / 3));
    return { ...member, record: { ...member.record, width: step, parameters: step } };
  });
  return compareCurves({
    ...{ run: 'cnn-shapes', about: 'cnn family on shapes.', members, natural: [], draws: 100 },
    ...{ standard: { metric: accuracy.with({}) }, induced: { metric: subsets } },
  });
})();

/** By the name of their file among the snapshots. */
export const figures: Readonly<Record<string, Figure>> = {
  train: trained({ curves: curvesOf([0, 1, 2]) }),
  'train-one-seed': trained({ curves: curvesOf([0]), missing: 2 }),
  'train-two-seeds': trained({ curves: curvesOf([0, 1]) }),
  'train-one-width': trained({ curves: curvesOf([0, 1, 2], [4]) }),
  'train-error': trained({
    ...{ arch: 'autoencoder', run: 'autoencoder-shapes', vertical: 'log', axis: 'squared error per pixel' },
    curves: [curve(mse.with({}), errors)],
  }),
  compare: comparisonFigure(comparison),
  'compare-errors': comparisonFigure(comparedErrors),
  'compare-steps': comparisonFigure(alongSteps, { ...trainedWords, axis: 'training steps', isCoordinate: true }),
  'compare-tuned': tunedFigure(twins),
  'train-per-depth': together(
    'cnn-shapes',
    Array.from({ length: 8 }, (_, i) => ({
      figure: trained({ curves: curvesOf([3 * i, 3 * i + 1, 3 * i + 2]) }),
      curve: { factor: 'depth', name: `depth ${i + 1}` },
    })),
  ),
  coordinates: coordCheckFigure('transformer on omniglot-small, adam at 0.003, base width 8', layers),
  diff: diffFigure(differences.seeds),
  'diff-members': diffFigure(differences.members),
  sweep: sweepFigure({ run: 'autoencoder-shapes', sweep: sweptCutoffs, leastRange: 0.1 }),
  'sweep-two': sweepFigure({ run: 'autoencoder-shapes', sweep: sweptTwice, leastRange: 0.1 }),
  causes: causesFigure({ run: 'cnn-shapes', metric: subsets.title, ...causes }),
  seeds: seedsFigure('cnn-shapes', seedsOfWidths),
  quanta: quantaFigure({
    ...{ run: 'cnn-shapes', arch: 'cnn', dataset: 'shapes', solved: 'right', testSet: '120 test images' },
    quanta: turned,
  }),
  'theory-model': modelFigure(law, [1, 5, 10, 20]),
  theory: fitFigure(fitted),
  collapse: collapseFigure({ run: 'grid', found: collapsed, metric: accuracy.with({}), loss: crossEntropy.with({}) }),
  'scaling-one': scalingFigure('lenet-mnist', scaled.one, crossEntropy.with({})),
  'scaling-two': scalingFigure('grid', scaled.two, crossEntropy.with({})),
  'forecast-score': scoreFigure({ name: 'cnn-shapes-1', run: 'run cnn-shapes', sealed: '2026-01-02' }, scored),
  'forecast-study': studyFigure('cnn-shapes', studied),
};
