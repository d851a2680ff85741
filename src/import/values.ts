/** Values as they stand in tables of other tools, read one way: each function gives the value, or what is wrong with it. */

/** What is wrong with a value: a sentence about it, without the place. */
export class Misread {
  constructor(readonly what: string) {}
}

/** At most 60 characters of it, on one line. */
export function shownValue(value: unknown): string {
  const text = typeof value === 'string' ? value : ((JSON.stringify(value) as string | undefined) ?? '');
  return JSON.stringify(text.length <= 60 ? text : `${text.slice(0, 57)}...`);
}

/** Nothing: an empty cell, null, or a key that is not there. */
export function isBlank(value: unknown): boolean {
  return value === undefined || value === null || (typeof value === 'string' && value.trim() === '');
}

/** As CSV has numbers, and JSON; `inf` and `-inf` of Python too. */
export function readNumber(value: unknown): number | Misread {
  if (typeof value === 'number') return Number.isNaN(value) ? new Misread('is not a number') : value;
  if (typeof value === 'bigint') return Number(value);
  if (typeof value === 'boolean') return Number(value);
  if (typeof value !== 'string') return new Misread(`${shownValue(value)} is not a number`);
  const text = value.trim();
  const infinite = /^([+-]?)inf(inity)?$/i.exec(text);
  if (infinite !== null) return infinite[1] === '-' ? -Infinity : Infinity;
  // An empty text would be 0, and 0x10 is 16 to JavaScript alone.
  const number = /^[+-]?(\d|\.\d)[\d.eE+-]*$/.test(text) ? Number(text) : NaN;
  return Number.isNaN(number) ? new Misread(`${shownValue(value)} is not a number`) : number;
}

/** A number that is the size of something: JSON has no infinite ones, and no scale ends there. */
export function readFinite(value: unknown): number | Misread {
  const number = readNumber(value);
  return number instanceof Misread || Number.isFinite(number)
    ? number
    : new Misread(`${shownValue(value)} is not a finite number`);
}

/** 1 or 0 of what is true or false, right or wrong by a number, or by a word of some tool. */
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

/** An id or a name: texts as they are, whole numbers as they are written, 17 and 17.0 alike. */
export function readName(value: unknown): string | Misread {
  if (typeof value === 'string') return value;
  if (typeof value === 'bigint' || typeof value === 'boolean') return String(value);
  if (typeof value === 'number') return Number.isFinite(value) ? String(value) : new Misread('is not a number');
  if (value instanceof Date) return value.toISOString();
  return new Misread(`${shownValue(value)} is not a name`);
}
