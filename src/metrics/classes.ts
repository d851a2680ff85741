/** Metrics that look at classes separately, for test sets in which some have many images and others few. */
import * as z from 'zod';
import { UsageError } from '../terminal/errors.js';
import { suggestion } from '../terminal/nearest.js';
import { wilsonInterval } from '../statistics/intervals.js';
import { defineMetric } from './define-metric.js';
import type { Closed } from './metric.js';

interface Answers {
  /** `[images]` */
  readonly label: Int32Array;
  readonly correct: Uint8Array;
}

interface ClassCount {
  readonly right: number;
  readonly images: number;
}

/** For the classes that have test images, by label. */
function countsOf({ label, correct }: Answers): Map<number, ClassCount> {
  const counts = new Map<number, { right: number; images: number }>();
  label.forEach((each, i) => {
    const count = counts.get(each) ?? { right: 0, images: 0 };
    count.right += correct[i]!;
    count.images++;
    counts.set(each, count);
  });
  return counts;
}

/**
 * A mean of independent shares. Each has Wilson's interval; the distances to their limits add up as variances do (the
 * method of variance estimates recovery: Zou, Huang and Zhang 2009, Comput. Stat. Data Anal. 53(4), 1080-1085). The
 * number of images in each class is taken as given: shares of different classes are then independent.
 */
export function meanOfShares(shares: readonly ClassCount[]): Closed {
  const count = shares.length;
  let [sum, variance, below, above] = [0, 0, 0, 0];
  for (const { right, images } of shares) {
    const share = right / images;
    const { lower, upper } = wilsonInterval(right, images);
    sum += share;
    variance += (share * (1 - share)) / images;
    below += (share - lower) ** 2;
    above += (upper - share) ** 2;
  }
  const value = sum / count;
  return {
    standardError: Math.sqrt(variance) / count,
    lower: Math.max(0, value - Math.sqrt(below) / count),
    upper: Math.min(1, value + Math.sqrt(above) / count),
    // One more image, in the class that has the most.
    resolution: 1 / (count * Math.max(...shares.map(({ images }) => images))),
  };
}

export const balancedAccuracy = defineMetric({
  name: 'balanced-accuracy',
  title: () => 'balanced accuracy',
  kind: 'thresholded',
  better: 'higher',
  unit: 'probability',
  formula: 'share of the images of each class that are right, averaged over the classes that have test images',
  source: 'Brodersen, Ong, Stephan, Buhmann 2010, ICPR, 3121-3124; always answering one of C classes gives 1 / C',
  parameters: z.strictObject({}),
  needs: ['label', 'correct'],
  units: 'images',
  interval: "Wilson's for each class, combined",
  closed: (outcomes) => meanOfShares([...countsOf(outcomes).values()]),
  weighted(outcomes) {
    const { label, correct } = outcomes;
    const classes = label.reduce((most, each) => Math.max(most, each), 0) + 1;
    const [right, all] = [new Float64Array(classes), new Float64Array(classes)];
    return {
      count: label.length,
      // A class without an image in a draw is left out of that draw.
      evaluate(weights) {
        right.fill(0);
        all.fill(0);
        // Hot: once per draw and member.
        for (let i = 0; i < label.length; i++) {
          const weight = weights === undefined ? 1 : weights[i]!;
          all[label[i]!]! += weight;
          right[label[i]!]! += weight * correct[i]!;
        }
        let [sum, count] = [0, 0];
        for (let c = 0; c < classes; c++) {
          if (all[c] === 0) continue;
          sum += right[c]! / all[c]!;
          count++;
        }
        return sum / count;
      },
    };
  },
});

/**
 * The accuracy on the images of one class, given by its label or its name.
 *
 * @param names of a run's classes, by label; none if they are not known
 */
export function classAccuracyOf(names: readonly string[] = []) {
  const nameOf = (label: number) => names[label] ?? `class ${label}`;
  return defineMetric({
    name: 'class-accuracy',
    title: ({ class: label }) => `accuracy on ${nameOf(label)}`,
    kind: 'thresholded',
    better: 'higher',
    unit: 'probability',
    formula: 'm / n with m of the n images of a class right; class=3 is label 3, class=NAME is the class of that name',
    source: "the class's recall, or true positive rate",
    parameters: z.strictObject({ class: labelSchema(names) }),
    needs: ['label', 'correct'],
    units: 'images',
    interval: 'Wilson',
    closed: (outcomes, { class: label }) => {
      const count = countsOf(outcomes).get(label);
      return meanOfShares(count === undefined ? [] : [count]);
    },
    weighted({ label, correct }, { class: wanted }) {
      const places = Array.from(label.keys()).filter((i) => label[i] === wanted);
      if (places.length === 0)
        throw new UsageError(`no test image belongs to ${nameOf(wanted)}`, `class-accuracy:class=${wanted}`);
      return {
        count: label.length,
        evaluate(weights) {
          let [right, all] = [0, 0];
          for (const i of places) {
            const weight = weights === undefined ? 1 : weights[i]!;
            all += weight;
            right += weight * correct[i]!;
          }
          return right / all;
        },
      };
    },
  });
}

export const classAccuracy = classAccuracyOf();

/** A label, or a name that becomes one. A number is always a label, even if classes are named by other numbers. */
function labelSchema(names: readonly string[]) {
  return z.union([z.int().min(0), z.string()]).transform((value, context) => {
    const label = typeof value === 'number' ? value : names.indexOf(value);
    if (label >= 0 && (names.length === 0 || label < names.length)) return label;
    const named = names.indexOf(String(value));
    const message =
      names.length === 0
        ? 'give a label from 0; this run does not know the names of its classes'
        : named >= 0
          ? `a number is a label, 0 to ${names.length - 1}; that of the class ${value} is ${named}`
          : suggestion(String(value), names.slice(0, 20));
    context.addIssue({ code: 'custom', message });
    return z.NEVER;
  });
}
