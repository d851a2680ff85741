/**
 * A metric is a function of stored outcomes. Its definition is data: the registry, the parser of `subset-accuracy:k=5`,
 * tables, captions and documentation all read the same object.
 */
import type * as z from 'zod';
import { hasColumns, type OutcomeName, type OutcomeTable } from '../runs/outcomes.js';
import { UsageError } from '../terminal/errors.js';
import type { Interval } from '../statistics/intervals.js';

export type MetricKind = 'continuous' | 'thresholded';

interface About {
  readonly name: string;
  readonly kind: MetricKind;
  readonly better: 'higher' | 'lower';
  readonly unit: string;
  readonly formula: string;
  readonly source: string;
}

/** Standard error, and 95 % interval over the draw of the test examples. */
export interface Uncertainty extends Interval {
  readonly standardError: number;
}

export interface MetricDefinition<Parameters extends z.ZodType, Needs extends OutcomeName> extends About {
  readonly parameters: Parameters;
  /** As a figure's label and a table's heading have it. */
  title(parameters: z.output<Parameters>): string;
  /** Columns of the outcomes. */
  readonly needs: readonly Needs[];
  /** What the interval is, for captions: `Wilson`. */
  readonly interval: string;
  evaluate(outcomes: Pick<OutcomeTable, Needs>, parameters: z.output<Parameters>): number;
  uncertainty(outcomes: Pick<OutcomeTable, Needs>, parameters: z.output<Parameters>): Uncertainty;
  /** Smallest value above 0 that `count` test examples can show; null where any value can come. */
  resolution(count: number, parameters: z.output<Parameters>): number | null;
  /** Why so many examples are too few for the parameters; undefined where they are enough. */
  refuses?(count: number, parameters: z.output<Parameters>): string | undefined;
}

/** A metric whose parameters are chosen. */
export interface Metric extends About {
  /** `accuracy`, `subset-accuracy:k=5`: what `parseMetric` takes. */
  readonly id: string;
  readonly title: string;
  readonly needs: readonly OutcomeName[];
  readonly interval: string;
  /** Why so many examples are too few; undefined where they are enough. */
  refuses(count: number): string | undefined;
  /** Throws UsageError where the test set is too small; Error where columns are missing, which is no user's mistake. */
  measure(outcomes: Partial<OutcomeTable>): Measurement;
}

/** One member under one metric. */
export interface Measurement extends Uncertainty {
  readonly value: number;
  readonly resolution: number | null;
  /** Test examples. */
  readonly count: number;
}

/** A definition with the way to choose its parameters. */
export type MetricFamily<Parameters extends z.ZodType, Needs extends OutcomeName> = MetricDefinition<
  Parameters,
  Needs
> & {
  /** Throws ZodError on parameters out of range. */
  with(parameters: z.input<Parameters>): Metric;
  /** `with` for parameters that someone typed. */
  from(parameters: unknown): Metric;
};

export function defineMetric<Parameters extends z.ZodType, Needs extends OutcomeName>(
  definition: MetricDefinition<Parameters, Needs>,
): MetricFamily<Parameters, Needs> {
  const from = (parameters: unknown) => choose(definition, definition.parameters.parse(parameters));
  return { ...definition, with: from, from };
}

function choose<Parameters extends z.ZodType, Needs extends OutcomeName>(
  definition: MetricDefinition<Parameters, Needs>,
  parameters: z.output<Parameters>,
): Metric {
  const { name, kind, better, unit, formula, source, needs, interval } = definition;
  const chosen = Object.entries(parameters ?? {}).map(([key, value]) => `${key}=${String(value)}`);
  const id = [name, ...(chosen.length > 0 ? [chosen.join(',')] : [])].join(':');
  return {
    ...{ id, name, title: definition.title(parameters), kind, better, unit, formula, source, needs, interval },
    refuses: (count) => definition.refuses?.(count, parameters),
    measure(outcomes) {
      if (!hasColumns(outcomes, needs)) throw new Error(`${id} needs the columns ${needs.join(', ')}`);
      const count = outcomes[needs[0]!].length;
      const refusal = definition.refuses?.(count, parameters);
      if (refusal !== undefined) throw new UsageError(refusal, id);
      return {
        value: definition.evaluate(outcomes, parameters),
        ...definition.uncertainty(outcomes, parameters),
        resolution: definition.resolution(count, parameters),
        count,
      };
    },
  };
}
