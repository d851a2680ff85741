/** A table for a terminal: right-aligned columns, a rule below the heading and nothing else. */
import Table from 'cli-table3';
import { allAt, lastOf, nth, present } from '../../machine/present.js';
import { printable } from '../../terminal/printable.js';
import { lineRoom } from '../../terminal/size.js';

const gap = '  ';

/**
 * As text, without a line break at the end. `left` names the left-aligned columns. If `room` cells are too few for all columns, the
 * others follow below, each part with the first column, because lines wrapped by a terminal are unreadable.
 */
export function textTable(
  heading: readonly string[],
  lines: readonly (readonly string[])[],
  left: readonly string[] = [],
  room: number = lineRoom(process.stdout),
): string {
  // A cell is one line: a name with a line break would start a new row.
  const cells = [heading, ...lines].map((line) => line.map(printable));
  const widths = heading.map((_, i) => Math.max(...cells.map((line) => nth(line, i).length)));
  const isLeft = heading.map((name) => left.includes(name));
  const partText = (part: readonly number[]) =>
    drawn(
      cells.map((line) => allAt(line, part)),
      allAt(isLeft, part),
    );
  return partsOf(widths, room).map(partText).join('\n\n');
}

/** Columns of each part: the first, and as many others as fit, at least one. */
function partsOf([first = 0, ...others]: readonly number[], room: number): number[][] {
  const parts: number[][] = [[0]];
  let used = first;
  others.forEach((width, i) => {
    used += gap.length + width;
    if (used > room && lastOf(parts).length > 1) {
      parts.push([0]);
      used = first + gap.length + width;
    }
    lastOf(parts).push(i + 1);
  });
  return parts;
}

function drawn([head, ...lines]: readonly (readonly string[])[], isLeft: readonly boolean[]): string {
  const none = [
    ...['top', 'top-mid', 'top-left', 'top-right', 'bottom', 'bottom-mid', 'bottom-left', 'bottom-right'],
    ...['left', 'left-mid', 'mid', 'mid-mid', 'right', 'right-mid'],
  ];
  const table = new Table({
    head: [...present(head)],
    colAligns: isLeft.map((each) => (each ? 'left' : 'right')),
    chars: { ...Object.fromEntries(none.map((name) => [name, ''])), middle: gap },
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
  });
  table.push(...lines.map((line) => [...line]));
  return table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n');
}

/** Whether a spreadsheet would run the text as a formula; numbers are not formulas. */
function isFormula(text: string): boolean {
  return /^[\s\0]*[=+\-@\uff1d\uff0b\uff0d\uff20]./s.test(text) && Number.isNaN(Number(text)) && text !== '-inf';
}

/**
 * Comma-separated values (RFC 4180), with a line break at the end. Undefined, null and NaN are empty; text that a spreadsheet would take
 * for a formula is prefixed with an apostrophe.
 */
export function csvText(
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
