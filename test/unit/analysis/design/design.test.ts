import { expect, test } from 'vitest';
import { candidateMetrics, designExperiment, type DesignRequest } from '../../../../src/analysis/design/design.js';
import { accuracy, imageAccuracy, subsetAccuracy } from '../../../../src/metrics/classification.js';
import { mse } from '../../../../src/metrics/reconstruction.js';
import { resolveExperiment } from '../../../../src/experiment/schema.js';
import { membersOf, pairs, type FamilyShape } from '../../../support/families.js';
import { runRecord } from '../../../support/runs.js';

const shape = { widths: [1, 2, 4, 8, 16], seeds: [0, 2, 3], count: 300 };

/** A pilot in memory; a member of width w takes 10 w seconds on one thread. */
function pilot(arch: FamilyShape['arch'], changes: Partial<FamilyShape> = {}): DesignRequest {
  const { widths, seeds, count } = { ...shape, ...changes };
  const own = arch === 'transformer' ? { pairs, heads: 2 } : {};
  const record = runRecord({
    name: 'pilot',
    experiment: resolveExperiment({ arch, widths: [...widths], seeds: [...seeds], ...own }),
  });
  const members = membersOf({ arch, widths, seeds, count }).map((member) => ({
    ...member,
    record: {
      ...member.record,
      trainingSeconds: 9 * member.record.width,
      evaluationSeconds: member.record.width,
      threads: 1,
    },
  }));
  return {
    record: { ...record, dataset: { ...record.dataset, testCount: count } },
    members,
    standard: { cnn: accuracy, autoencoder: mse, transformer: imageAccuracy }[arch].with({}),
    ...{ scales: 6, mostSeeds: 3, power: 0.8, ratio: 1, families: 30 },
  };
}

test.each(['cnn', 'autoencoder', 'transformer'] as const)(
  '%s: the proposal is consistent',
  (arch) => {
    const found = designExperiment(pilot(arch));
    const step = arch === 'transformer' ? 2 : 1;
    expect(found.widths.every((width) => width % step === 0 && width >= 1 && width <= 16)).toBe(true);
    expect(new Set(found.widths).size).toBe(found.widths.length);
    // The smallest integers not among the pilot's seeds.
    expect(found.seeds).toEqual([1, 4, 5]);
    const chosen = found.candidates.find(({ metric }) => metric === found.induced.id)!;
    const suffice = found.candidates.filter(({ power }) => power >= 0.8);
    if (suffice.length > 0) expect(chosen).toBe(suffice[0]);
    else expect(chosen.power).toBe(Math.max(...found.candidates.map(({ power }) => power)));
    expect(found.suffices).toBe(found.bySeeds.at(-1)!.power >= 0.8);
    // 10 w seconds are straight in log-log: exact up to rounding.
    const seconds = found.widths.reduce((sum, width) => sum + 10 * width, 0) * 3;
    expect(Math.abs(found.coreSeconds / seconds - 1)).toBeLessThan(1e-9);
  },
  30_000,
);

test('an experiment is extended only where requested', () => {
  const request = { ...pilot('cnn'), induced: subsetAccuracy.with({ k: 5 }) };
  expect([designExperiment(request).widths[0], designExperiment(request).widths.at(-1)]).toEqual([1, 16]);
  const steps: [number, number][] = [];
  const { widths, isExtrapolated } = designExperiment({
    ...request,
    to: 32,
    onStep: (...step) => void steps.push(step),
  });
  expect([widths[0], widths.at(-1), isExtrapolated]).toEqual([1, 32, true]);
  // One simulation after the other, and no more than announced.
  expect(steps.map(([done]) => done)).toEqual(steps.map((_, i) => i + 1));
  expect(steps.every(([, most]) => most === steps[0]![1] && most >= steps.length)).toBe(true);
});

test('cutoffs that the smallest member already reaches are not candidates', () => {
  const request = pilot('autoencoder');
  const cutoffs = candidateMetrics(request).map(({ parameters }) => Number(parameters['c']));
  expect(cutoffs).toEqual([...cutoffs].sort((a, b) => b - a));
  const errors = request.members[0]!.outcomes.mse!;
  expect(errors.filter((error) => error < cutoffs[0]!).length / errors.length).toBeLessThan(0.5);
});

test.each([
  [{ widths: [1, 2, 4] }, 'pilot: has 3 widths; a design needs 4; train more with --widths'],
  [{ seeds: [0] }, 'pilot: has one seed per width; a design needs 2; train more with --seeds, such as 0,1,2'],
])('%o is too small', (changes, message) => {
  expect(() => designExperiment(pilot('cnn', changes))).toThrow(message);
});

test('a test set too small for the metric is refused', () => {
  const request = { ...pilot('cnn'), induced: subsetAccuracy.with({ k: 10 }), testSize: 9 };
  expect(() => designExperiment(request)).toThrow('--test-size: the test set has 9 images; 10 are needed');
});

test('a curve that does not rise has no steps', () => {
  const request = pilot('cnn');
  const members = request.members.map(({ record }) => {
    // The best width is the smallest.
    const correct = Uint8Array.from({ length: 300 }, (_, i) => Number(i % 20 >= record.width));
    return { record, outcomes: { correct } };
  });
  expect(() => designExperiment({ ...request, members })).toThrow(
    'pilot: accuracy does not improve from width 1 to 16 by more than seeds differ; a pilot must show the rise: train other widths, or train longer',
  );
});
