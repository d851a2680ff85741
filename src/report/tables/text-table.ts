/** A table for a terminal: columns set to the right, a rule below the heading and nothing else. */
import Table from 'cli-table3';
import { printable } from '../../terminal/printable.js';

/** As text, without a line break at the end. `left` names the columns that are set to the left. */
export function textTable(
  heading: readonly string[],
  lines: readonly (readonly string[])[],
  left: readonly string[] = [],
): string {
  const none = [
    ...['top', 'top-mid', 'top-left', 'top-right', 'bottom', 'bottom-mid', 'bottom-left', 'bottom-right'],
    ...['left', 'left-mid', 'mid', 'mid-mid', 'right', 'right-mid'],
  ];
  const table = new Table({
    head: heading.map(printable),
    colAligns: heading.map((name) => (left.includes(name) ? 'left' : 'right')),
    chars: { ...Object.fromEntries(none.map((name) => [name, ''])), middle: '  ' },
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
  });
  // A cell is one line: a name with a line break would begin a row of its own.
  table.push(...lines.map((line) => line.map(printable)));
  return table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n');
}

/** What a spreadsheet takes for a formula, and runs; texts that are numbers are none. */
function isFormula(text: string): boolean {
  return /^[\s\0]*[=+\-@\uff1d\uff0b\uff0d\uff20]./s.test(text) && Number.isNaN(Number(text)) && text !== '-inf';
}

/**
 * Comma-separated values as RFC 4180 has them, with a line break at the end. Empty for what is undefined, null or NaN; a text that a
 * spreadsheet would take for a formula has an apostrophe before it.
 */
export function csv(
  heading: readonly string[],
  lines: readonly (readonly (string | number | null | undefined)[])[],
): string {
  const cell = (value: string | number | null | undefined): string => {
    if (Number.isNaN(value)) return '';
    const text = typeof value === 'string' && isFormula(value) ? `'${value}` : String(value ?? '');
    return /[",;\t\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return [heading, ...lines].map((line) => `${line.map(cell).join(',')}\n`).join('');
}
