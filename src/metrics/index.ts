/** All metrics by name, and how one is read from a flag. */
import * as z from 'zod';
import { UsageError } from '../terminal/errors.js';
import { suggestion } from '../terminal/nearest.js';
import { accuracy, crossEntropy, subsetAccuracy } from './classification.js';
import type { Metric } from './metric.js';
import { mse, psnr, reconstruction, ssim } from './reconstruction.js';
import { imageAccuracy, imageCrossEntropy, sequenceAccuracy } from './sequence.js';

export const metrics = {
  accuracy,
  'cross-entropy': crossEntropy,
  'subset-accuracy': subsetAccuracy,
  mse,
  psnr,
  ssim,
  reconstruction,
  'image-accuracy': imageAccuracy,
  'image-cross-entropy': imageCrossEntropy,
  'sequence-accuracy': sequenceAccuracy,
} as const;
export type MetricName = keyof typeof metrics;

/**
 * `accuracy`, `subset-accuracy:k=5`, parameters separated by commas.
 *
 * @param where the flag or key that held the text
 * @throws UsageError on an unknown name or parameter, or a value out of range
 */
export function parseMetric(text: string, where = '--metric'): Metric {
  const colon = text.indexOf(':');
  const name = colon < 0 ? text : text.slice(0, colon);
  if (!isMetricName(name))
    throw new UsageError(`"${name}" is not a metric`, where, suggestion(name, Object.keys(metrics)));
  const known = Object.keys(metrics[name].parameters.shape);
  const parameters = colon < 0 ? {} : parseParameters(text.slice(colon + 1), { name, known, where });
  const missing = known.find((key) => !(key in parameters));
  if (missing !== undefined)
    throw new UsageError(`"${text}" lacks ${missing}`, where, `write ${name}:${missing}=5, say`);
  return choose(name, parameters, `${where} "${text}"`);
}

function isMetricName(name: string): name is MetricName {
  return Object.hasOwn(metrics, name);
}

interface Known {
  readonly name: string;
  readonly known: readonly string[];
  readonly where: string;
}

function parseParameters(text: string, { name, known, where }: Known): Record<string, number> {
  const parameters: Record<string, number> = {};
  for (const part of text.split(',')) {
    const [key = '', value = ''] = part.split('=');
    if (!known.includes(key)) {
      const remedy = known.length === 0 ? 'it takes none' : suggestion(key, known);
      throw new UsageError(`"${key}" is not a parameter of ${name}`, where, remedy);
    }
    if (key in parameters) throw new UsageError(`${key} is given twice`, where, 'give it once');
    if (value.trim() === '' || !Number.isFinite(Number(value))) {
      throw new UsageError(`"${value}" is not a number`, where, `write ${name}:${key}=5, say`);
    }
    parameters[key] = Number(value);
  }
  return parameters;
}

function choose(name: MetricName, parameters: Record<string, number>, where: string): Metric {
  try {
    return metrics[name].from(parameters);
  } catch (error) {
    if (!(error instanceof z.ZodError)) throw error;
    const [issue] = error.issues;
    throw new UsageError(`${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`, where);
  }
}
