/**
 * Our JSON files, read back with every field checked. The last line of records, forecasts and claims is a digest: the SHA-256
 * of the file with that line's value left empty, so that anyone can detect a change of any byte:
 *
 *     sed 's/^  "digest": "[0-9a-f]*"$/  "digest": ""/' FILE | sha256sum
 */
import type * as z from 'zod';
import { sha256Of } from '../machine/inputs.js';
import { RunError, messageOf } from '../terminal/errors.js';
import { whatIsWrong } from '../terminal/schema-errors.js';

/** Parses the text. Throws RunError, one line, at the first problem; `where` names the file. */
export function parseJson<T>(schema: z.ZodType<T>, text: string, where: string, remedy?: string): T {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new RunError(`is damaged: not JSON (${messageOf(error).replaceAll(/\s+/g, ' ')})`, where, remedy, {
      cause: error,
    });
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const format = (value as { format?: unknown } | null)?.format;
  if (issue?.code === 'invalid_value' && issue.path.join('.') === 'format' && typeof format === 'number')
    throw new RunError(
      `has format ${format}, which this version does not support`,
      where,
      'read it with the version that wrote it',
    );
  throw new RunError(`is damaged: ${whatIsWrong(parsed.error, value)}`, where, remedy);
}

/** Formatted for people too. */
export function formatJson(value: unknown): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}

/**
 * Parses a record, which has a digest since format 2. Throws as `parseJson`, and if the text does not match its digest.
 */
export function parseRecord<T extends { readonly format: number; readonly digest?: string | undefined }>(
  schema: z.ZodType<T>,
  text: string,
  where: string,
  remedy?: string,
): Omit<T, 'digest'> {
  const { digest, ...record } = parseJson(schema, text, where, remedy);
  if (record.format >= 2 ? isUnchanged(text) : digest === undefined) return record;
  throw new RunError('is damaged: it does not match the SHA-256 in its last line', where, remedy);
}

const digestLine = /"digest": "([0-9a-f]*)"\n\}\n$/;

/** The text of a file whose last line is its digest, and the digest. */
export function jsonWithDigest(content: object): { readonly text: string; readonly digest: string } {
  const blank = formatJson({ ...content, digest: '' });
  const digest = sha256Of(blank);
  return { digest, text: blank.replace(digestLine, `"digest": "${digest}"\n}\n`) };
}

/** Whether a file's text matches the digest in its last line; false if it has none. */
export function isUnchanged(text: string): boolean {
  const [, digest] = digestLine.exec(text) ?? [];
  if (digest === undefined) return false;
  const blank = text.replace(digestLine, '"digest": ""\n}\n');
  return sha256Of(blank) === digest;
}
