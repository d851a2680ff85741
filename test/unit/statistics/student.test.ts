import { expect, test } from 'vitest';
import { studentQuantile } from '../../../src/statistics/student.js';

/** scipy.stats.t.ppf(p, degrees), SciPy 1.17.1; the last is beyond the start of the expansion. */
test.each([
  [0.975, 1, 12.706204736174694],
  [0.975, 2, 4.302652729749462],
  [0.975, 11, 2.200985160091639],
  [0.975, 100, 1.9839715185235518],
  [0.975, 1000, 1.9623390808264083],
  [0.51, 3, 0.027211467049117997],
  [0.9, 30, 1.3104150253913955],
  [0.995, 5, 4.032142983555228],
  [0.995, 10, 3.16927267261695],
])('Student, %f with %i degrees of freedom: SciPy gives %f', (p, degrees, expected) => {
  expect(studentQuantile(p, degrees)).toBeAllClose(expected, { rtol: 1e-12 });
});

test.each([
  [0.975, 1001, 1.9623367052808798],
  [0.995, 5000, 2.5768129665562802],
])('many degrees of freedom, by the expansion: %f with %i', (p, degrees, expected) => {
  expect(studentQuantile(p, degrees)).toBeAllClose(expected, { rtol: 1e-8 });
});

test('the middle is 0', () => {
  expect([1, 2, 7, 2000].map((degrees) => studentQuantile(0.5, degrees))).toEqual([0, 0, 0, 0]);
});
