import { expect, test } from 'vitest';
import { classAccuracyOf } from '../../../src/metrics/classes.js';
import { exampleOf, metrics, parseMetric } from '../../../src/metrics/index.js';

const known = Object.keys(metrics).join(', ');

test.each(['accuracy', 'cross-entropy', 'subset-accuracy:k=5'])('%s is its own id', (text) => {
  expect(parseMetric(text).id).toBe(text);
});

test('the example of every metric is valid', () => {
  for (const metric of Object.values(metrics)) expect(parseMetric(exampleOf(metric)).id).toBe(exampleOf(metric));
});

test('every metric is registered under its name', () => {
  expect(Object.values(metrics).map(({ name }) => name)).toEqual(Object.keys(metrics));
});

test.each([
  ['acuracy', `--metric: "acuracy" is not a metric; did you mean accuracy? Known: ${known}`],
  ['toString', `--metric: "toString" is not a metric; known: ${known}`],
  ['subset-accuracy', '--metric: "subset-accuracy" is missing k; for example subset-accuracy:k=5'],
  ['subset-accuracy:K=5', '--metric: "K" is not a parameter of subset-accuracy; did you mean k? Known: k'],
  ['subset-accuracy:k=', '--metric: "" is not a number; for example subset-accuracy:k=5'],
  ['subset-accuracy:k=five', '--metric: "five" is not a number; for example subset-accuracy:k=5'],
  ['subset-accuracy:k=5=7', '--metric: "5=7" is not a number; for example subset-accuracy:k=5'],
  ['subset-accuracy:k=1,k=2', '--metric: k is given twice; give it once'],
  ['subset-accuracy:k=2.5', '--metric "subset-accuracy:k=2.5": k is 2.5; give a whole number'],
  ['subset-accuracy:k=0', '--metric "subset-accuracy:k=0": k is 0; give at least 1'],
  ['reconstruction:c=0', '--metric "reconstruction:c=0": c is 0; give more than 0'],
  ['top-k:k=1e300', '--metric "top-k:k=1e300": k is 1e+300; give at most 9007199254740991'],
  [
    'below:column=mze,c=1',
    '--metric: "mze" is unknown; did you mean mse? Known: log_probability, brier, confidence, margin, rank, mse, psnr, ssim, max_error, score',
  ],
  ['accuracy:k=5', '--metric: "k" is not a parameter of accuracy; it has no parameters'],
])('%s', (text, line) => {
  expect(() => parseMetric(text)).toThrow(expect.objectContaining({ exitCode: 2, message: line }));
});

test.each(['a=b', 'cat,dog', 'cat, dog and other animals'])('a class named %j is that class and no other', (name) => {
  const registry = { ...metrics, 'class-accuracy': classAccuracyOf(['a', 'cat', name]) };
  expect(parseMetric(`class-accuracy:class=${name}`, '--metric', registry).id).toBe('class-accuracy:class=2');
});
