/** What a schema rejects, in one line that names the place and the value. */
import type * as z from 'zod';

/** `needs[0]: "colour" is unknown; known: label, predicted`: the first problem with `value`. */
export function whatIsWrong(error: z.ZodError, value: unknown): string {
  const [issue] = error.issues;
  if (issue === undefined) return 'unknown';
  const place = pathText(issue.path);
  return place === '' ? sentence(issue, value) : `${place}: ${sentence(issue, valueAt(value, issue.path))}`;
}

function sentence(issue: z.core.$ZodIssue, value: unknown): string {
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
      return value === undefined ? 'is missing' : `${shown(value)} ${formText(issue)}`;
    case 'invalid_key':
      return [issue.path.at(-1), issue.issues[0]]
        .map((each) => (typeof each === 'object' ? formText(each) : shown(each)))
        .join(' ');
    case 'invalid_union':
      return value === undefined ? 'is missing' : unionSentence(issue.errors, value);
    case 'not_multiple_of':
    case 'invalid_element':
      return value === undefined ? 'is missing' : `${shown(value)} has the wrong form`;
  }
}

/** The message of the schema, or what stands for one that it gives by itself. */
function formText(issue: z.core.$ZodIssue): string {
  if (issue.code === 'invalid_format' && issue.format === 'datetime')
    return 'is not a time in UTC, such as 2026-01-02T03:04:05Z';
  return issue.message.replace(/^Invalid .*/, 'has the wrong form');
}

/** What is wrong by the alternative whose type fits, or all types if none does. */
function unionSentence(alternatives: readonly (readonly z.core.$ZodIssue[])[], value: unknown): string {
  const firsts = alternatives.flatMap(([first]) => first ?? []);
  const types = firsts.flatMap((first) =>
    first.code === 'invalid_type' && first.path.length === 0 ? named(first.expected) : [],
  );
  const [nearest] = firsts.filter((first) => first.code !== 'invalid_type' || first.path.length > 0);
  if (nearest === undefined) return `${shown(value)} is not ${types.join(' or ')}`;
  const place = pathText(nearest.path);
  const said = sentence(nearest, valueAt(value, nearest.path));
  return place === '' ? said : `${place}: ${said}`;
}

function named(expected: string): string {
  if (expected === 'array') return 'a list';
  if (expected === 'int') return 'a whole number';
  if (expected === 'null') return 'null';
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
