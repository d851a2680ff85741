/** What the readers of all formats share: their result, and how they check what tools have written. */
import type * as z from 'zod';
import { UsageError } from '../terminal/errors.js';
import type { Row } from './batch.js';
import type { Collector } from './collector.js';
import { isBlank, Misread } from './values.js';

/** The result of a reader of some format. */
export interface ImportedOutcomes {
  readonly collector: Collector;
  /** Every file that was read. */
  readonly files: readonly string[];
  readonly testSet: string;
  readonly version?: string | null;
  /** Number of classes or choices of every example, if the source says. */
  readonly classes?: number | null;
  /** Which part of a tool's files was read: task, metrics, ... */
  readonly reading?: Readonly<Record<string, string>>;
  /** Notes for the user. */
  readonly notes?: readonly string[];
}

/** A value that has the form in which the tool writes it. Throws UsageError. */
export function checked<T>(schema: z.ZodType<T>, value: unknown, { tool, where }: Record<'tool' | 'where', string>): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new UsageError(`is not what ${tool} writes: ${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}`, where);
}

/** The value of a key. Throws UsageError if it is missing or cannot be read. */
export function read<T>(row: Row, key: string, where: string, reader: (value: unknown) => T | Misread): T {
  const value = isBlank(row[key]) ? new Misread('is missing') : reader(row[key]);
  if (value instanceof Misread) throw new UsageError(`${key} ${value.what}`, where);
  return value;
}
