import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { oneAnswer, evaluateMetric } from '../../../src/analysis/evaluate.js';
import { balancedAccuracy, classAccuracy, classAccuracyOf } from '../../../src/metrics/classes.js';
import { metrics, parseMetric, withNames } from '../../../src/metrics/index.js';
import { Random } from '../../../src/statistics/random.js';
import { memberOf } from '../../support/members.js';

function outcomesOf(label: readonly number[], predicted: readonly number[]) {
  return {
    label: Int32Array.from(label),
    predicted: Int32Array.from(predicted),
    correct: Uint8Array.from(label, (each, i) => Number(each === predicted[i])),
  };
}

/** Six images of class 0, three of 1, one of 2. */
const few = outcomesOf([0, 0, 0, 0, 0, 0, 1, 1, 1, 2], [0, 0, 0, 0, 1, 2, 1, 1, 0, 2]);
const balanced = balancedAccuracy.with({});

describe('balanced accuracy', () => {
  test("matches scikit-learn's, with and without weights", () => {
    // balanced_accuracy_score of scikit-learn 1.9.1 for these ten images, and with sample_weight.
    expect(balanced.measure(few).value).toBeAllClose(0.7777777777777777, { rtol: 1e-14 });
    const weights = [1, 2, 3, 1, 0, 1, 2, 0, 1, 3];
    expect(balanced.weighted(few).evaluate(weights)).toBeAllClose(0.8472222222222222, { rtol: 1e-14 });
  });

  test('is the mean accuracy over the classes present, and equals accuracy if they have equally many images', () => {
    const image = fc.record({ label: fc.integer({ min: 0, max: 4 }), right: fc.boolean() });
    fc.assert(
      fc.property(fc.array(image, { minLength: 1, maxLength: 30 }), (images) => {
        const outcomes = outcomesOf(
          images.map(({ label }) => label),
          images.map(({ label, right }) => (right ? label : label + 1)),
        );
        const labels = [...new Set(outcomes.label)];
        const shares = labels.map((label) => {
          const own = images.filter((each) => each.label === label);
          return own.filter(({ right }) => right).length / own.length;
        });
        const mean = shares.reduce((sum, share) => sum + share, 0) / shares.length;
        expect(balanced.measure(outcomes).value).toBeAllClose(mean, { rtol: 1e-12, atol: 1e-15 });
        labels.forEach((label, i) => {
          expect(classAccuracy.with({ class: label }).measure(outcomes).value).toBeAllClose(shares[i]!, {
            rtol: 1e-12,
            atol: 0,
          });
        });
      }),
    );
    const even = outcomesOf([0, 1, 2, 0, 1, 2], [0, 1, 1, 0, 0, 0]);
    expect(balanced.measure(even).value).toBeAllClose(metrics.accuracy.with({}).measure(even).value, { rtol: 1e-14 });
  });

  test('for a constant answer is 1 / C, however many images that class has', () => {
    const label = [...Array<number>(97).fill(0), 1, 2, 2];
    expect(balanced.measure(outcomesOf(label, Array<number>(100).fill(0))).value).toBeAllClose(1 / 3, { rtol: 1e-14 });
  });

  test('has the interval that Zou et al. 2009 make from Wilson limits, and the standard error of a mean of shares', () => {
    // Computed in Python from the formulas: shares 4/6, 2/3, 1/1.
    const { lower, upper, standardError, resolution, count } = balanced.measure(few);
    expect([lower, upper, standardError]).toBeAllClose([0.44868798527767323, 0.8978977565078442, 0.11111111111111112], {
      rtol: 1e-9,
    });
    expect([resolution, count]).toEqual([1 / 18, 10]);
  });

  /** 4000 draws: a coverage of 0.95 is known to 0.0035; five of these are allowed, plus the effect of small classes. */
  test.each([
    ['for many and few images', [200, 50, 10], [0.95, 0.8, 0.6]],
    ['if a class is almost always right', [100, 20, 5], [0.99, 0.97, 0.9]],
  ])('its interval has its nominal coverage, %s', (_, sizes, rates) => {
    const random = Random.named(0, 'balanced', ...sizes);
    const truth = rates.reduce((sum, rate) => sum + rate, 0) / rates.length;
    const label = sizes.flatMap((size, c) => Array<number>(size).fill(c));
    let covered = 0;
    for (let i = 0; i < 4000; i++) {
      const predicted = label.map((each) => (random.uniform() < rates[each]! ? each : 9));
      const { lower, upper } = balanced.measure(outcomesOf(label, predicted));
      if (lower <= truth && truth <= upper) covered++;
    }
    expect(covered / 4000).toBeGreaterThan(0.93);
    expect(covered / 4000).toBeLessThan(0.99);
  });

  test('in draws without a class covers the others', () => {
    const weights = [1, 1, 1, 1, 1, 1, 1, 1, 1, 0];
    expect(balanced.weighted(few).evaluate(weights)).toBeAllClose(2 / 3, { rtol: 1e-14 });
  });

  test('of images in groups is drawn by groups', () => {
    const label = Array.from({ length: 120 }, (_, i) => i % 3);
    const group = Int32Array.from(label, (_, i) => Math.floor(i / 3));
    const grouped = {
      ...outcomesOf(
        label,
        label.map((each, i) => (i % 5 === 0 ? 9 : each)),
      ),
      group,
    };
    const { method, members } = evaluateMetric(balanced, [memberOf(8, 0, grouped)], { draws: 200 });
    expect(method).toBe('bootstrap, 200 draws');
    expect(members[0]!.value).toBeAllClose(0.8, { rtol: 1e-12 });
    expect(members[0]!.upper - members[0]!.lower).toBeGreaterThan(0);
  });

  test('is evaluated by its own interval, not by a bootstrap', () => {
    const { method, members } = evaluateMetric(balanced, [memberOf(8, 0, few)], { draws: 10 });
    expect(method).toBe("Wilson's for each class, combined");
    expect(members[0]!.upper).toBe(balanced.measure(few).upper);
  });
});

describe('accuracy on a class', () => {
  test('has the interval of the images of that class', () => {
    const { value, lower, upper, standardError, resolution } = classAccuracy.with({ class: 0 }).measure(few);
    const six = metrics.accuracy.with({}).measure({ correct: few.correct.subarray(0, 6) });
    expect([value, lower, upper, standardError, resolution]).toBeAllClose(
      [six.value, six.lower, six.upper, six.standardError, six.resolution!],
      { rtol: 1e-12 },
    );
  });

  test('of a class without a test image is refused', () => {
    expect(() => classAccuracy.with({ class: 3 }).measure(few)).toThrow(
      'class-accuracy:class=3: no test image belongs to class 3',
    );
  });

  test('may be selected by name; its id has the label', () => {
    const registry = withNames(metrics, { classNames: ['cat', 'dog', 'café'] });
    const metric = parseMetric('class-accuracy:class=café', '--metric', registry);
    expect([metric.id, metric.title]).toEqual(['class-accuracy:class=2', 'accuracy on café']);
    expect(parseMetric(metric.id, '--metric', registry).id).toBe(metric.id);
    expect(withNames(metrics, {})).toEqual(metrics);
  });

  test.each([
    ['dgo', ['cat', 'dog'], 'class is dgo; did you mean dog? Known: cat, dog'],
    ['12', ['1', '10', '12'], 'class is 12; a number is a label, 0 to 2; that of the class 12 is 2'],
    ['7', ['cat', 'dog'], 'class is 7; known: cat, dog'],
    ['cat', [], 'class is cat; give a label from 0; this run does not know the names of its classes'],
  ])('%s', (text, names, line) => {
    const registry = { 'class-accuracy': classAccuracyOf(names) };
    expect(() => parseMetric(`class-accuracy:class=${text}`, '--metric', registry)).toThrow(
      `--metric "class-accuracy:class=${text}": ${line}`,
    );
  });
});

test('members that give a constant answer are named', () => {
  const one = memberOf(1, 0, outcomesOf([0, 1, 1], [1, 1, 1]));
  const members = [one, memberOf(2, 0, few), memberOf(3, 0, outcomesOf([1, 1], [1, 1]))];
  expect(oneAnswer(members, { classNames: ['cat', 'dog'] })).toEqual([
    `predicts the same class for every test image: ${one.record.id} (dog)`,
  ]);
  expect(oneAnswer([one], {})).toEqual([`predicts the same class for every test image: ${one.record.id} (class 1)`]);
  expect(oneAnswer([memberOf(2, 0, few)], {})).toEqual([]);
});
