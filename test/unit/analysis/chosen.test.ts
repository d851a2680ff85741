/** A choice made on the outcomes is repeated in each draw: the effect on a score's interval. */
import { expect, test } from 'vitest';
import { sampleChosen } from '../../../src/analysis/chosen.js';
import { compareCurves } from '../../../src/analysis/compare.js';
import { sampleCurve, scoreCurve } from '../../../src/analysis/curves.js';
import { cutoffFor, defaultInduced } from '../../../src/analysis/defaults.js';
import { evaluateMetric } from '../../../src/analysis/evaluate.js';
import { resolveExperiment } from '../../../src/experiment/schema.js';
import { accuracy, subsetAccuracy } from '../../../src/metrics/classification.js';
import { reconstruction } from '../../../src/metrics/reconstruction.js';
import { Random } from '../../../src/statistics/random.js';
import { family, memberOf } from '../../support/members.js';
import { runRecord } from '../../support/runs.js';
import { chooseByScore } from '../../support/choose-by-score.js';

const widths = [1, 2, 4, 8, 16];
const record = runRecord({ experiment: resolveExperiment({ arch: 'autoencoder', dataset: 'mnist', widths }) });

/** Errors of the largest member, of which `share` are below 0.002; the rest, and all errors of the others, are above. */
function autoencoders(share: number, count = 500) {
  const random = Random.named(0, 'errors', share);
  return widths.map((width) => {
    const mse = Float32Array.from({ length: count }, () =>
      random.uniform() < share && width === 16 ? 0.0015 : 0.003 + 0.02 / width,
    );
    return memberOf(width, 0, { mse });
  });
}

test('each draw takes the cutoff that its own largest member reaches', () => {
  const members = autoencoders(0.9);
  const chosen = defaultInduced(record, members);
  const candidates = chosen.choice!.candidates.map(({ id }) => id);
  expect(candidates).toEqual(['reconstruction:c=0.002', 'reconstruction:c=0.005']);
  const { draws } = sampleChosen(chosen, members, { draws: 400 }).curve;
  // Under c = 0.002 the largest member has 9 in 10 in about half of the draws; in the others under c = 0.005, where all are below.
  const [at, instead] = [0.002, 0.005].map(
    (c) => sampleCurve(reconstruction.with({ c }), members, { draws: 400 }).draws,
  );
  const taken = draws.map((draw, b) => {
    const wanted = at![b]![4]! >= 0.9 - 1e-12 ? at![b]! : instead![b]!;
    expect([...draw]).toEqual([...wanted]);
    return wanted === at![b];
  });
  const share = taken.filter(Boolean).length / taken.length;
  expect(share).toBeGreaterThan(0.2);
  expect(share).toBeLessThan(0.8);
});

test('where no draw could choose differently, the draws are those of the metric alone', () => {
  const members = autoencoders(0.99);
  const chosen = defaultInduced(record, members);
  expect(chosen.choice!.candidates.map(({ id }) => id)).toEqual([chosen.metric.id]);
  expect(chosen.metric.id).toBe(`reconstruction:c=${cutoffFor([members.at(-1)!.outcomes.mse!])}`);
  expect(sampleChosen(chosen, members, { draws: 20 }).curve.draws).toEqual(
    sampleCurve(chosen.metric, members, { draws: 20 }).draws,
  );
});

test('the best of many is chosen again in each draw', () => {
  const members = family({
    widths,
    seeds: 2,
    count: 80,
    p: (w) => 0.5 + 0.1 * Math.log2(w),
    deviation: 0.03,
    name: 'best',
  });
  const candidates = [1, 2, 3, 5, 10, 20].map((k) => subsetAccuracy.with({ k }));
  const chosen = chooseByScore(candidates, members, { by: 'jump' });
  const jumps = candidates.map((metric) => scoreCurve(sampleCurve(metric, members, { draws: 200 })).jump);
  const best = Math.max(...jumps.map(({ value }) => value));
  const drawn = scoreCurve(sampleChosen(chosen, members, { draws: 200 }).curve).jump;
  expect(drawn.value).toBe(best);
  // The best in a draw is at least the chosen metric's score in it.
  const fixed = jumps[candidates.indexOf(chosen.metric)]!;
  expect(drawn.interval.upper).toBeGreaterThanOrEqual(fixed.interval.upper);
});

test('each draw takes the K that its own largest member still gets right', () => {
  const count = 1000;
  const [mean, classifiers] = [0.895, runRecord({ experiment: resolveExperiment({ arch: 'cnn', widths }) })];
  // C(895, 20) / C(1000, 20) = 0.1066, which reaches the required 0.1 at 0.892: a third of the share's standard error below.
  const right = (width: number) => Math.round(count * (width === 16 ? mean : 0.05 * width));
  const members = widths.map((width) =>
    memberOf(width, 0, { correct: Uint8Array.from({ length: count }, (_, i) => Number(i < right(width))) }),
  );
  const chosen = defaultInduced(classifiers, members);
  expect(chosen.metric.id).toBe('subset-accuracy:k=20');
  expect(chosen.choice!.candidates.map(({ id }) => id)).toEqual(['subset-accuracy:k=10', 'subset-accuracy:k=20']);
  const [ten, twenty] = chosen.choice!.candidates.map((metric) => sampleCurve(metric, members, { draws: 400 }).draws);
  const taken = sampleChosen(chosen, members, { draws: 400 }).curve.draws.map((draw, b) => {
    const fits = twenty![b]![4]! >= 0.1;
    expect([...draw]).toEqual([...(fits ? twenty![b]! : ten![b]!)]);
    return fits;
  });
  const share = taken.filter(Boolean).length / taken.length;
  expect(share).toBeGreaterThan(0.4);
  expect(share).toBeLessThan(0.8);
});

test('where seeds of the largest width would choose differently, so do draws of seeds', () => {
  const [count, cnn] = [1000, runRecord({ experiment: resolveExperiment({ arch: 'cnn', widths }) })];
  // All K right of 960, 700 and 700 images: at 20 0.44, 0.0008, 0.0008, a mean of 0.146, and at 50 0.042. Without the first none at 20.
  const right = (width: number, seed: number) =>
    Math.round(count * (width === 16 ? [0.96, 0.7, 0.7][seed]! : 0.03 * width));
  const members = widths.flatMap((width) =>
    [0, 1, 2].map((seed) =>
      memberOf(width, seed, { correct: Uint8Array.from({ length: count }, (_, i) => Number(i < right(width, seed))) }),
    ),
  );
  const chosen = defaultInduced(cnn, members);
  expect(chosen.metric.id).toBe('subset-accuracy:k=20');
  const { taken } = sampleChosen(chosen, members, { draws: 400 });
  // Two of three seeds are drawn: the first is missing in 4 of 9 draws, which then choose a smaller K.
  const other =
    taken.filter((place) => chosen.choice!.candidates[place]!.id !== chosen.metric.id).length / taken.length;
  expect(other).toBeGreaterThan(0.35);
});

/** The draws of a chosen K mix several K, whose probabilities are orders of magnitude apart: their spread is no interval. */
test('a point of a chosen metric has the interval of `evaluate`, widened by the test set', () => {
  const members = family({
    widths,
    seeds: 4,
    count: 2000,
    p: (w) => 0.2 + 0.1686 * Math.log2(w),
    deviation: 0.03,
    name: 'bands',
  });
  const classifiers = runRecord({ experiment: resolveExperiment({ arch: 'cnn', widths }) });
  const chosen = defaultInduced(classifiers, members);
  const { taken } = sampleChosen(chosen, members, { draws: 200 });
  expect(new Set(taken).size).toBeGreaterThan(1);
  const of = (induced: Parameters<typeof compareCurves>[0]['induced']) =>
    compareCurves({
      ...{ run: 'bands', about: '', natural: [], members, draws: 200 },
      ...{ standard: { metric: accuracy.with({}) }, induced },
    }).induced.points;
  const drawn = of(chosen);
  expect(drawn).toEqual(of({ metric: chosen.metric }));
  const { scales } = evaluateMetric(chosen.metric, members, { draws: 200 });
  drawn.forEach(({ interval }, i) => {
    const { lower, upper } = scales[i]!.overSeeds!;
    expect(interval!.lower).toBeLessThanOrEqual(lower);
    expect(interval!.upper).toBeGreaterThanOrEqual(upper);
    // The standard deviation of seeds is three times that of a test set of 2000 images or more; both on the logit scale.
    const width = (low: number, high: number) => Math.log(high / (1 - high)) - Math.log(low / (1 - low));
    expect(width(interval!.lower, interval!.upper) / width(lower, upper)).toBeLessThan(1.5);
  });
});
