/**
 * A user's own metric: one file, JavaScript or TypeScript, whose default export is a plain object. It does not have to
 * import anything from the lab. It is the mean of one number per image or sequence: a metric of several images at once, such as
 * subset-accuracy, cannot be written this way.
 */
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { pathToFileURL } from 'node:url';
import * as z from 'zod';
import { guide, isCheckout } from '../machine/installation.js';
import { outcomeColumns, type OutcomeName, type OutcomeTable } from '../runs/outcomes.js';
import { codeOf, isReported, messageOf, UsageError } from '../terminal/errors.js';
import { whatIsWrong } from '../terminal/schema-errors.js';
import { metrics, type Registry } from './index.js';
import { defineMetric } from './define-metric.js';

const columnNames = Object.keys(outcomeColumns) as OutcomeName[];

type Values = (
  outcomes: Pick<OutcomeTable, OutcomeName>,
  parameters: Readonly<Record<string, number>>,
) => ArrayLike<number>;

const isFunction = z.custom<Values>((value) => typeof value === 'function', 'is not a function');

const ownMetricSchema = z.strictObject({
  name: z.string().regex(/^[a-z][a-z0-9-]*$/, 'is not a name of lower-case letters, digits and dashes'),
  kind: z.enum(['continuous', 'thresholded']),
  better: z.enum(['higher', 'lower']),
  /** `probability`, `nats`, ...; '' for none. */
  unit: z.string().default(''),
  formula: z.string(),
  source: z.string(),
  /** What the test set is a sample of. */
  units: z.enum(['images', 'sequences']).default('images'),
  /** Names of its numeric parameters: `my-metric:c=0.1`. */
  parameters: z.array(z.string().regex(/^[a-z]+$/, 'is not a name of lower-case letters')).default([]),
  /** Columns of the outcomes that `values` reads. */
  needs: z.array(z.enum(columnNames as [OutcomeName, ...OutcomeName[]])).min(1),
  /** Whether every value is 0 or 1. */
  share: z.boolean().default(false),
  /** One number per unit; the metric is their mean. */
  values: isFunction,
});

/**
 * The lab's metrics and the one from a file.
 *
 * @throws UsageError if the file is missing, fails to load or does not export a metric
 */
export async function withOwnMetric(file: string | undefined): Promise<Registry> {
  if (file === undefined) return metrics;
  const own = await readOwn(file);
  if (Object.hasOwn(metrics, own.name))
    throw new UsageError(`"${own.name}" is the name of a built-in metric`, file, 'give it another name');
  const metric = defineMetric({
    name: own.name,
    kind: own.kind,
    better: own.better,
    unit: own.unit,
    formula: own.formula,
    source: own.source,
    units: own.units,
    needs: own.needs,
    share: own.share,
    parameters: z.strictObject(Object.fromEntries(own.parameters.map((name) => [name, z.number()]))),
    title: (chosen) =>
      [own.name, ...Object.entries(chosen).map(([key, value]) => `${key} = ${String(value)}`)].join(', '),
    values: (outcomes, chosen) => checked(called(own, outcomes, chosen as Record<string, number>, file), own, file),
  });
  return { ...metrics, [own.name]: metric };
}

/** What the user's function returns; if it throws, that is reported as the user's error. */
function called(
  own: z.output<typeof ownMetricSchema>,
  outcomes: Parameters<typeof own.values>[0],
  chosen: Record<string, number>,
  file: string,
): unknown {
  try {
    return own.values(outcomes, chosen);
  } catch (error) {
    throw new UsageError(`its values() threw: ${messageOf(error)}`, file);
  }
}

/**
 * In a checkout, tsx translates the file, through tsImport, because Node takes .ts files outside packages like ours for
 * CommonJS. The published package has no translator: Node itself strips types from 22.18 on.
 */
async function load(file: string): Promise<unknown> {
  const url = pathToFileURL(path.resolve(file)).href;
  if (!file.endsWith('.ts')) return import(url);
  if (isCheckout) return (await import('tsx/esm/api')).tsImport(url, import.meta.url);
  const { typescript = false } = process.features as { typescript?: string | false };
  if (typescript !== false) return import(url);
  throw new UsageError(
    `is TypeScript, which Node ${process.version} doesn't run`,
    file,
    'give a .js file, or use Node 22.18 or newer',
  );
}

function defaultOf(module: unknown): unknown {
  return (module as { default?: unknown } | undefined)?.default;
}

async function readOwn(file: string): Promise<z.output<typeof ownMetricSchema>> {
  let exported: unknown;
  const stats = await fs.stat(file).catch(() => undefined);
  if (stats?.isFile() === false) throw new UsageError('is not a file', file, 'give a JavaScript or TypeScript file');
  try {
    exported = defaultOf(await load(file));
    // In a folder without "type": "module" a .ts file is CommonJS, whose default export is the `default` of the
    // module's default.
    if (file.endsWith('.ts')) exported = defaultOf(exported) ?? exported;
  } catch (error) {
    if (isReported(error)) throw error;
    const missing = codeOf(error) === 'ERR_MODULE_NOT_FOUND' || codeOf(error) === 'ENOENT';
    throw new UsageError(
      missing ? 'is missing, or imports a missing file' : `fails to load: ${messageOf(error)}`,
      file,
    );
  }
  if (exported === undefined)
    throw new UsageError('has no default export', file, `see ${guide('metrics.md')} for an example`);
  const result = ownMetricSchema.safeParse(exported);
  if (result.success) return result.data;
  throw new UsageError(whatIsWrong(result.error, exported), file, `see ${guide('metrics.md')} for an example`);
}

/** Throws UsageError if the file's function returns something without a mean. */
function checked(values: unknown, own: z.output<typeof ownMetricSchema>, file: string): Float64Array {
  const isList = Array.isArray(values) || ArrayBuffer.isView(values);
  if (!isList || (values as ArrayLike<number>).length === 0)
    throw new UsageError(`values of ${own.name} did not return a list of numbers`, file);
  const list = Float64Array.from(values as ArrayLike<number>);
  const wrong = list.findIndex((value) => Number.isNaN(value) || (own.share && value !== 0 && value !== 1));
  if (wrong < 0) return list;
  const expected = own.share ? '0 or 1, because share is set' : 'a number';
  throw new UsageError(
    `values of ${own.name} returned ${String(list[wrong])} for unit ${wrong}`,
    file,
    `return ${expected}`,
  );
}
