/** What a schema rejects, in one line that names the place and the value. */
import type * as z from 'zod';

/** `needs[0]: "colour" is unknown; known: label, predicted`: the first problem with `value`. */
export function whatIsWrong(error: z.ZodError, value: unknown): string {
  const [issue] = error.issues;
  if (issue === undefined) return 'unknown';
  const place = pathText(issue.path);
  return place === '' ? sentence(issue, value) : `${place}: ${sentence(issue, valueAt(value, issue.path))}`;
}

function sentence(issue: z.ZodError['issues'][number], value: unknown): string {
  switch (issue.code) {
    case 'invalid_type':
      return value === undefined ? 'is missing' : `${shown(value)} is not ${named(issue.expected)}`;
    case 'invalid_value':
      return value === undefined
        ? `is missing; known: ${issue.values.map(String).join(', ')}`
        : `${shown(value)} is unknown; known: ${issue.values.map(String).join(', ')}`;
    case 'unrecognized_keys':
      return `${issue.keys.map((key) => `"${key}"`).join(', ')} is not a known key`;
    case 'too_small':
      return `${shown(value)} is too ${lengthOf(value) === undefined ? 'small' : 'short'}; ${issue.inclusive === false ? 'above' : 'at least'} ${issue.minimum}`;
    case 'too_big':
      return `${shown(value)} is too ${lengthOf(value) === undefined ? 'large' : 'long'}; ${issue.inclusive === false ? 'below' : 'at most'} ${issue.maximum}`;
    case 'custom':
    case 'invalid_format':
      return value === undefined
        ? 'is missing'
        : `${shown(value)} ${issue.message.replace(/^Invalid .*/, 'has the wrong form')}`;
    case 'not_multiple_of':
    case 'invalid_union':
    case 'invalid_key':
    case 'invalid_element':
      return value === undefined ? 'is missing' : `${shown(value)} has the wrong form`;
  }
}

function named(expected: string): string {
  if (expected === 'array') return 'a list';
  if (expected === 'int') return 'a whole number';
  return `${/^[aeio]/.test(expected) ? 'an' : 'a'} ${expected}`;
}

function pathText(path: readonly PropertyKey[]): string {
  return path.map((key, i) => (typeof key === 'number' ? `[${key}]` : `${i > 0 ? '.' : ''}${String(key)}`)).join('');
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((inner, key) => (inner as Record<PropertyKey, unknown> | null | undefined)?.[key], value);
}

function lengthOf(value: unknown): number | undefined {
  return typeof value === 'string' || Array.isArray(value) ? value.length : undefined;
}

function shown(value: unknown): string {
  const text = jsonOf(value);
  return text.length <= 60 ? text : `${text.slice(0, 57)}...`;
}

function jsonOf(value: unknown): string {
  // JSON has no NaN.
  if (typeof value === 'number') return String(value);
  let text: string | undefined;
  try {
    text = JSON.stringify(value);
  } catch {
    // Bigints and circular values have no JSON; functions are silently omitted.
  }
  return text ?? named(typeof value);
}
