/**
 * Metrics of classes that are combinations of attributes: all attributes right, each one separately, and the product,
 * which would equal the first if they were independent. They use the images at one distance from training: those of
 * trained combinations are at 0, and an ability to compose shows at 1 and beyond.
 */
import * as z from 'zod';
import type { Attribute } from '../datasets/dataset.js';
import type { OutcomeTable } from '../runs/outcomes.js';
import { counted } from '../terminal/format.js';
import { suggestion } from '../terminal/nearest.js';
import { UsageError } from '../terminal/errors.js';
import { meanOfShares } from './classes.js';
import { defineMetric } from './define-metric.js';
import type { Weighted } from './metric.js';

const source = 'Okawa, Lubana, Dick, Tanaka 2023 (arXiv 2310.09336)';
const distance = z.int().min(0);
const away = (at: number) => (at === 0 ? 'trained combinations' : `${counted(at, 'attribute')} from training`);

/** Rows at a distance. Throws UsageError if there are none. */
function rowsAt({ distance: distances }: Pick<OutcomeTable, 'distance'>, at: number, id: string): Int32Array {
  const rows = Int32Array.from(distances.keys()).filter((row) => distances[row] === at);
  if (rows.length > 0) return rows;
  const known = [...new Set(distances)].sort((a, b) => a - b);
  throw new UsageError(`no test image is ${at} from training`, id, `there are ${known.join(', ')}`);
}

const shared = { kind: 'thresholded', better: 'higher', unit: 'probability', units: 'images' } as const;

/** A share of the images at a distance. */
function shareAt<Chosen extends { readonly distance: number }>(
  idOf: (chosen: Chosen) => string,
  isRight: (wrong: number, chosen: Chosen) => boolean,
) {
  const rightAt = (outcomes: Pick<OutcomeTable, 'distance' | 'attributes_wrong'>, chosen: Chosen) => {
    const rows = rowsAt(outcomes, chosen.distance, idOf(chosen));
    return { rows, right: rows.map((row) => Number(isRight(outcomes.attributes_wrong[row]!, chosen))) };
  };
  return {
    ...shared,
    needs: ['distance', 'attributes_wrong'],
    interval: 'Wilson',
    weighted(outcomes: Pick<OutcomeTable, 'distance' | 'attributes_wrong'>, chosen: Chosen): Weighted {
      const { rows, right } = rightAt(outcomes, chosen);
      return {
        count: outcomes.distance.length,
        evaluate(weights) {
          let [hit, all] = [0, 0];
          rows.forEach((row, i) => {
            const weight = weights === undefined ? 1 : weights[row]!;
            all += weight;
            hit += weight * right[i]!;
          });
          return hit / all;
        },
      };
    },
    closed(outcomes: Pick<OutcomeTable, 'distance' | 'attributes_wrong'>, chosen: Chosen) {
      const { right } = rightAt(outcomes, chosen);
      return meanOfShares([{ right: right.reduce((sum, hit) => sum + hit, 0), images: right.length }]);
    },
  } as const;
}

export const combinationAccuracy = defineMetric({
  name: 'combination-accuracy',
  title: ({ distance: at }) => `all attributes right, ${away(at)}`,
  formula: 'share of the images at a given distance from training whose attributes are all right',
  source,
  parameters: z.strictObject({ distance }),
  ...shareAt(
    ({ distance: at }: { distance: number }) => `combination-accuracy:distance=${at}`,
    (wrong) => wrong === 0,
  ),
});

/** @param attributes of a run's classes, whose names can then be used; none if they are not known */
export function attributeAccuracyOf(attributes: readonly Attribute[] = []) {
  const nameOf = (place: number) => attributes[place]?.name ?? `attribute ${place}`;
  return defineMetric({
    name: 'attribute-accuracy',
    title: ({ attribute, distance: at }) => `${nameOf(attribute)} right, ${away(at)}`,
    formula:
      'share of the images at a given distance from training with one attribute right; attribute=0 is the first, attribute=NAME the one with that name',
    source,
    parameters: z.strictObject({ attribute: placeSchema(attributes), distance }),
    ...shareAt(
      ({ attribute, distance: at }: { attribute: number; distance: number }) =>
        `attribute-accuracy:attribute=${attribute},distance=${at}`,
      (wrong, { attribute }) => (wrong & (1 << attribute)) === 0,
    ),
  });
}

export const attributeAccuracy = attributeAccuracyOf();

/** An attribute's place, or a name that becomes one. */
function placeSchema(attributes: readonly Attribute[]) {
  const names = attributes.map(({ name }) => name);
  return z.union([z.int().min(0).max(29), z.string()]).transform((value, context) => {
    const place = typeof value === 'number' ? value : names.indexOf(value);
    if (place >= 0 && (names.length === 0 || place < names.length)) return place;
    const message =
      names.length === 0
        ? 'give a place from 0; only runs on a dataset of combinations know names of attributes'
        : suggestion(String(value), names);
    context.addIssue({ code: 'custom', message });
    return z.NEVER;
  });
}

/**
 * Independence is assessed within a combination: across combinations, attributes already go together in the labels, and
 * a model that always gives one answer would seem to know each attribute often and all of them seldom.
 */
export const attributeProduct = defineMetric({
  ...shared,
  name: 'attribute-product',
  title: ({ distance: at }) => `product over the attributes, ${away(at)}`,
  formula:
    'for each image at a given distance from training, the share of the images of its combination with an attribute right, multiplied over the attributes; the mean over the images',
  source: `${source}: what all attributes right would be if they were independent`,
  parameters: z.strictObject({ distance }),
  needs: ['distance', 'label', 'attributes_wrong'],
  weighted(outcomes, { distance: at }) {
    const { label, attributes_wrong: wrong } = outcomes;
    const rows = rowsAt(outcomes, at, `attribute-product:distance=${at}`);
    // An attribute that is never wrong is a factor of 1.
    const places = bitsOf(rows.reduce((bits, row) => bits | wrong[row]!, 0));
    const combinations = byLabel(rows, label);
    return {
      count: label.length,
      evaluate(weights) {
        let [sum, total] = [0, 0];
        const right = new Float64Array(places.length);
        // Hot: once per draw and member.
        for (const own of combinations) {
          let all = 0;
          right.fill(0);
          for (const row of own) {
            const weight = weights === undefined ? 1 : weights[row]!;
            all += weight;
            for (let i = 0; i < places.length; i++) if ((wrong[row]! & (1 << places[i]!)) === 0) right[i]! += weight;
          }
          if (all === 0) continue;
          sum += all * right.reduce((product, hits) => product * (hits / all), 1);
          total += all;
        }
        return sum / total;
      },
    };
  },
});

function byLabel(rows: Int32Array, label: Int32Array): number[][] {
  const groups = new Map<number, number[]>();
  for (const row of rows) {
    const own = groups.get(label[row]!);
    if (own === undefined) groups.set(label[row]!, [row]);
    else own.push(row);
  }
  return [...groups.values()];
}

function bitsOf(bits: number): number[] {
  return Array.from({ length: 30 }, (_, i) => i).filter((i) => (bits & (1 << i)) !== 0);
}
