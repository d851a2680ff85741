/** Breaks long lines between words, because a terminal would break them inside one. */
import { stripVTControlCharacters } from 'node:util';

/** Commands a user may copy must stay on one line. */
const command = /\bnpm (run|ci)\b|\bemergence [a-z]/;

/**
 * Wraps lines longer than `room`, indented to the start of the line's text: after its indentation, and after a label followed by two or
 * more spaces. Lines with a command are not wrapped.
 */
export function wrapped(text: string, room: number): string {
  return text
    .split('\n')
    .map((line) => (cellsOf(line) <= room || command.test(line) ? line : broken(line, room)))
    .join('\n');
}

/** Number of visible characters: colour codes have no width. */
function cellsOf(text: string): number {
  return stripVTControlCharacters(text).length;
}

function broken(line: string, room: number): string {
  const [start = ''] = /^ *(?:\S+(?: \S+){0,3} {2,})?/.exec(line) ?? [];
  const hanging = start.length <= room / 2 ? start.length : 0;
  const lines: string[] = [];
  let current = line.slice(0, hanging);
  let isEmpty = true;
  for (const word of line.slice(hanging).split(' ')) {
    if (!isEmpty && cellsOf(current) + 1 + cellsOf(word) > room) {
      lines.push(current);
      current = ' '.repeat(hanging);
      isEmpty = true;
    }
    current += isEmpty ? word : ` ${word}`;
    isEmpty = false;
  }
  return [...lines, current].join('\n');
}
