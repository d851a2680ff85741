/** Parses values found in other tools' tables: each function returns the value, or what is wrong with it. */

/** What is wrong with a value: a sentence, without the place. */
export class Misread {
  constructor(readonly what: string) {}
}

/** At most 60 characters of the value, on one line. */
function shownValue(value: unknown): string {
  const text = typeof value === 'string' ? value : ((JSON.stringify(value) as string | undefined) ?? '');
  return JSON.stringify(text.length <= 60 ? text : `${text.slice(0, 57)}...`);
}

/** An empty cell, null, or a missing key. */
export function isBlank(value: unknown): boolean {
  return value === undefined || value === null || (typeof value === 'string' && value.trim() === '');
}

/** Numbers as written in CSV and JSON, and Python's `inf` and `-inf`. */
export function readNumber(value: unknown): number | Misread {
  if (typeof value === 'number') return Number.isNaN(value) ? new Misread('is not a number') : value;
  if (typeof value === 'bigint') return Number(value);
  if (typeof value === 'boolean') return Number(value);
  if (typeof value !== 'string') return new Misread(`${shownValue(value)} is not a number`);
  const text = value.trim();
  const infinite = /^([+-]?)inf(inity)?$/i.exec(text);
  if (infinite !== null) return infinite[1] === '-' ? -Infinity : Infinity;
  // Number('') would be 0, and only JavaScript reads 0x10 as 16.
  const number = /^[+-]?(\d|\.\d)[\d.eE+-]*$/.test(text) ? Number(text) : NaN;
  return Number.isNaN(number) ? new Misread(`${shownValue(value)} is not a number`) : number;
}

/** A finite number, for sizes: JSON has no infinity, and no axis could show it. */
export function readFinite(value: unknown): number | Misread {
  const number = readNumber(value);
  return number instanceof Misread || Number.isFinite(number)
    ? number
    : new Misread(`${shownValue(value)} is not a finite number`);
}

/** 1 or 0 for right or wrong, given as a boolean, a number, or one of the tools' words. */
export function readRight(value: unknown): 0 | 1 | Misread {
  if (value === true || value === 1 || value === 1n) return 1;
  if (value === false || value === 0 || value === 0n) return 0;
  if (typeof value === 'string') {
    const text = value.trim().toLowerCase();
    if (['1', '1.0', 'true', 't', 'yes'].includes(text)) return 1;
    if (['0', '0.0', 'false', 'f', 'no'].includes(text)) return 0;
  }
  return new Misread(`${shownValue(value)} is not 0 or 1, true or false`);
}

/** An id or a name: text unchanged, whole numbers without decimals, so that 17 and 17.0 are the same. */
export function readName(value: unknown): string | Misread {
  if (typeof value === 'string') return value;
  if (typeof value === 'bigint' || typeof value === 'boolean') return String(value);
  if (typeof value === 'number') return Number.isFinite(value) ? String(value) : new Misread('is not a number');
  if (value instanceof Date) return value.toISOString();
  return new Misread(`${shownValue(value)} is not a name`);
}
