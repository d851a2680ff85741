/** Where the known members of a sealed forecast are. */
import { expect, test } from 'vitest';
import { placeOf } from '../../../../src/analysis/forecast/seal.js';
import { scalesIn } from '../../../../src/runs/forecast-validity.js';
import type { FamilyMember } from '../../../../src/runs/opened.js';
import { experiment, memberRecord, runRecord } from '../../../support/runs.js';

/** All tuned to the same rate. */
function memberOf(trainSize: number, tuned?: { readonly value: number }): { readonly record: FamilyMember } {
  const trained = memberRecord({ arch: 'cnn', width: 8, seed: 0 });
  const choice = { factor: 'learningRate', trials: 3, atEdge: false } as const;
  return {
    record: {
      ...{
        id: `m${trainSize}`,
        width: trainSize,
        seed: 0,
        parameters: trainSize,
        trainingFlops: 1,
        files: {},
        folder: '',
      },
      coordinates: { width: 8, trainSize, learningRate: tuned?.value ?? 0.001, depth: 2 },
      trained: tuned === undefined ? trained : { ...trained, tuned: { ...choice, ...tuned } },
      imported: undefined,
    },
  };
}

test('what the known members agree in is held, but not a value that each was tuned to', () => {
  const sizes = [500, 1000, 2000];
  const plain = placeOf(
    'trainSize',
    sizes.map((size) => memberOf(size)),
  );
  expect(plain).toEqual({ axis: 'trainSize', held: { width: 8, learningRate: 0.001, depth: 2 } });
  const tuned = placeOf(
    'trainSize',
    sizes.map((size) => memberOf(size, { value: 0.01 })),
  );
  expect(tuned).toEqual({ axis: 'trainSize', held: { width: 8, depth: 2 } });
});

test('a seal of a probe with two answers finds members that started, whichever record it is compared with', () => {
  const member = memberRecord({ arch: 'cnn', width: 8, seed: 0 });
  const place = { axis: 'trainSize', held: { width: 8, classes: 2 } };
  expect(scalesIn(runRecord(), member, place)).toEqual([60_000]);
  // These have their own number of classes.
  expect(scalesIn(runRecord({ experiment: { ...experiment, classes: 5 } }), member, place)).toEqual([]);
});
