/** A table for a terminal: columns set to the right, a rule below the heading and nothing else. */
import Table from 'cli-table3';

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
    head: [...heading],
    colAligns: heading.map((name) => (left.includes(name) ? 'left' : 'right')),
    chars: { ...Object.fromEntries(none.map((name) => [name, ''])), middle: '  ' },
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
  });
  table.push(...lines.map((line) => [...line]));
  return table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n');
}

/** Comma-separated values as RFC 4180 has them, with a line break at the end. Empty for what is undefined or null. */
export function csv(
  heading: readonly string[],
  lines: readonly (readonly (string | number | null | undefined)[])[],
): string {
  const cell = (value: string | number | null | undefined): string => {
    const text = String(value ?? '');
    return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return [heading, ...lines].map((line) => `${line.map(cell).join(',')}\n`).join('');
}
