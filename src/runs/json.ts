/** JSON files of ours, read back with every field checked. */
import type * as z from 'zod';
import { RunError, messageOf } from '../terminal/errors.js';
import { whatIsWrong } from '../terminal/wrong.js';

/** What the text says. Throws RunError, one line, at the first thing that is wrong; `where` names the file. */
export function parseJson<T>(schema: z.ZodType<T>, text: string, where: string, remedy?: string): T {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new RunError(`is damaged: no JSON (${messageOf(error).replaceAll(/\s+/g, ' ')})`, where, remedy, {
      cause: error,
    });
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const format = (value as { format?: unknown } | null)?.format;
  if (issue?.path.join('.') === 'format' && typeof format === 'number')
    throw new RunError(
      `has format ${format}, which this version does not know`,
      where,
      'read it with the version that wrote it',
    );
  throw new RunError(`is damaged: ${whatIsWrong(parsed.error, value)}`, where, remedy);
}

/** As people read it too. */
export function formatJson(value: unknown): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}
