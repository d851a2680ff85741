/** All metrics by name, and how they are parsed from a flag. */
import * as z from 'zod';
import type { OutcomeName } from '../runs/outcomes.js';
import { UsageError } from '../terminal/errors.js';
import { suggestion } from '../terminal/nearest.js';
import {
  accuracy,
  auroc,
  brier,
  crossEntropy,
  imageAccuracy,
  imageAuroc,
  imageBrier,
  imageCrossEntropy,
  imageMargin,
  margin,
  score,
  sequenceAccuracy,
  subsetAccuracy,
  subsetTrials,
  topK,
  trueProbability,
} from './classification.js';
import type { Attribute } from '../datasets/dataset.js';
import { balancedAccuracy, classAccuracy, classAccuracyOf } from './classes.js';
import {
  above,
  below,
  imageAbove,
  imageBelow,
  sequenceAbove,
  sequenceBelow,
  subsetAbove,
  subsetBelow,
} from './column.js';
import { attributeAccuracy, attributeAccuracyOf, attributeProduct, combinationAccuracy } from './composition.js';
import type { Metric, MetricKind, Unit } from './metric.js';
import { maxError, mse, psnr, reconstruction, ssim } from './reconstruction.js';
import { editDistance } from './sequence.js';

export const metrics = {
  accuracy,
  'balanced-accuracy': balancedAccuracy,
  'class-accuracy': classAccuracy,
  'top-k': topK,
  'cross-entropy': crossEntropy,
  brier,
  probability: trueProbability,
  margin,
  score,
  auroc,
  'subset-accuracy': subsetAccuracy,
  'subset-trials': subsetTrials,
  'combination-accuracy': combinationAccuracy,
  'attribute-accuracy': attributeAccuracy,
  'attribute-product': attributeProduct,
  mse,
  psnr,
  ssim,
  'max-error': maxError,
  reconstruction,
  'image-accuracy': imageAccuracy,
  'image-cross-entropy': imageCrossEntropy,
  'image-brier': imageBrier,
  'image-margin': imageMargin,
  'image-auroc': imageAuroc,
  'sequence-accuracy': sequenceAccuracy,
  'edit-distance': editDistance,
  below,
  above,
  'subset-below': subsetBelow,
  'subset-above': subsetAbove,
  'image-below': imageBelow,
  'image-above': imageAbove,
  'sequence-below': sequenceBelow,
  'sequence-above': sequenceAbove,
} as const;

/** The interface that the registry's metrics and a user's own have in common. */
export interface RegisteredMetric {
  readonly name: string;
  readonly kind: MetricKind;
  readonly better: 'higher' | 'lower';
  readonly unit: string;
  readonly units: Unit;
  readonly formula: string;
  readonly source: string;
  readonly parameters: z.ZodObject;
  readonly needs: readonly OutcomeName[] | ((parameters: never) => readonly OutcomeName[]);
  /** Throws ZodError on parameters out of range. */
  from(parameters: unknown): Metric;
}

/** Metrics by name: the lab's, and possibly a user's own. */
export type Registry = Readonly<Record<string, RegisteredMetric>>;

/** A run's class names, and the attributes that its classes combine. */
interface Named {
  readonly classNames?: readonly string[] | undefined;
  readonly composition?: { readonly attributes: readonly Attribute[] } | undefined;
}

/** The same for a run whose classes or attributes have names, which its metrics then accept. */
export function withNames(registry: Registry, { classNames, composition }: Named): Registry {
  return {
    ...registry,
    ...(classNames === undefined ? {} : { 'class-accuracy': classAccuracyOf(classNames) }),
    ...(composition === undefined ? {} : { 'attribute-accuracy': attributeAccuracyOf(composition.attributes) }),
  };
}

/** A value of each parameter for messages and documentation. */
const examples: Readonly<Record<string, string>> = {
  k: '5',
  l: '8',
  c: '0.01',
  column: 'margin',
  class: '0',
  attribute: '0',
  distance: '1',
};

/** `subset-accuracy:k=5`: the metric as a user could write it; only its name if it takes no parameter. */
export function exampleOf({ name, parameters }: Pick<RegisteredMetric, 'name' | 'parameters'>): string {
  const keys = Object.keys(parameters.shape);
  return keys.length === 0 ? name : `${name}:${keys.map((key) => `${key}=${examples[key] ?? '1'}`).join(',')}`;
}

/**
 * `accuracy`, `subset-accuracy:k=5`, parameters separated by commas.
 *
 * @param where the flag or key that held the text
 * @throws UsageError on an unknown name or parameter, or a value out of range
 */
export function parseMetric(text: string, where = '--metric', registry: Registry = metrics): Metric {
  const { metric, parameters } = splitMetric(text, where, registry);
  const missing = Object.keys(metric.parameters.shape).find((key) => !(key in parameters));
  if (missing !== undefined)
    throw new UsageError(`"${text}" is missing ${missing}`, where, `for example ${exampleOf(metric)}`);
  return choose(metric, parameters, `${where} "${text}"`);
}

/**
 * A metric that may be missing some of its parameters: these are swept.
 *
 * @throws UsageError on an unknown name or parameter, or if a value should be a number and is not
 */
export function splitMetric(
  text: string,
  where = '--metric',
  registry: Registry = metrics,
): { readonly metric: RegisteredMetric; readonly parameters: Readonly<Record<string, number | string>> } {
  const colon = text.indexOf(':');
  const name = colon < 0 ? text : text.slice(0, colon);
  const metric = Object.hasOwn(registry, name) ? registry[name] : undefined;
  if (metric === undefined)
    throw new UsageError(`"${name}" is not a metric`, where, suggestion(name, Object.keys(registry)));
  return { metric, parameters: colon < 0 ? {} : parseParameters(text.slice(colon + 1), metric, where) };
}

function parseParameters(text: string, metric: RegisteredMetric, where: string): Record<string, number | string> {
  const { name } = metric;
  const shape = metric.parameters.shape as Readonly<Record<string, z.core.$ZodType>>;
  const known = Object.keys(shape);
  const parameters: Record<string, number | string> = {};
  let last = '';
  for (const part of text.split(',')) {
    const equals = part.indexOf('=');
    const [key, value] = equals < 0 ? [part] : [part.slice(0, equals), part.slice(equals + 1)];
    if (value === undefined && shape[last] instanceof z.ZodPipe && !known.includes(part)) {
      parameters[last] = `${parameters[last]!},${part}`; // a name with a comma in it
      continue;
    }
    last = key;
    if (!known.includes(key)) {
      const remedy = known.length === 0 ? 'it has no parameters' : suggestion(key, known);
      throw new UsageError(`"${key}" is not a parameter of ${name}`, where, remedy);
    }
    if (key in parameters) throw new UsageError(`${key} is given twice`, where, 'give it once');
    if (value === undefined) throw new UsageError(`${key} has no value`, where, `for example ${exampleOf(metric)}`);
    parameters[key] = parseValue(value, shape[key]!, { where, example: exampleOf(metric) });
  }
  return parameters;
}

function parseValue(
  text: string,
  schema: z.core.$ZodType,
  { where, example }: { readonly where: string; readonly example: string },
): number | string {
  if (schema instanceof z.ZodEnum) {
    const choices = schema.options.map(String);
    if (choices.includes(text)) return text;
    throw new UsageError(`"${text}" is unknown`, where, suggestion(text, choices));
  }
  const isNumber = text.trim() !== '' && Number.isFinite(Number(text));
  // Text that is not a number may be a name: the schema decides.
  if (schema instanceof z.ZodPipe && !isNumber && text.trim() !== '') return text;
  if (!isNumber) throw new UsageError(`"${text}" is not a number`, where, `for example ${example}`);
  return Number(text);
}

/** The metric with all parameters given. Throws UsageError on one out of range. */
export function choose(metric: RegisteredMetric, parameters: unknown, where: string): Metric {
  try {
    return metric.from(parameters);
  } catch (error) {
    if (!(error instanceof z.ZodError)) throw error;
    const [issue] = error.issues;
    const key = issue?.path.join('.') ?? '';
    const value = (parameters as Readonly<Record<string, unknown>> | undefined)?.[key];
    throw new UsageError(`${key} is ${String(value)}`, where, rangeText(issue) ?? issue?.message);
  }
}

/** The values that are allowed. */
function rangeText(issue: z.ZodError['issues'][number] | undefined): string | undefined {
  if (issue?.code === 'invalid_type' && issue.expected === 'int') return 'give a whole number';
  if (issue?.code === 'too_small')
    return `give ${issue.inclusive === true ? 'at least' : 'more than'} ${issue.minimum}`;
  if (issue?.code === 'too_big') return `give at most ${issue.maximum}`;
  return undefined;
}
