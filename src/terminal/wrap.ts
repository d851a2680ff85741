/** Breaks long lines of text between words, as a terminal would break them in the middle of one. */
import { stripVTControlCharacters } from 'node:util';

/** What a user may copy has to stay on one line. */
const command = /\bnpm (run|ci)\b|\bemergence [a-z]/;

/**
 * Lines longer than `room` are continued below the text of the line: behind its indentation, and behind a label that two spaces or more
 * set apart. Lines with a command stay as they are.
 */
export function wrapped(text: string, room: number): string {
  return text
    .split('\n')
    .map((line) => (cellsOf(line) <= room || command.test(line) ? line : broken(line, room)))
    .join('\n');
}

/** Characters that are seen: colours take no room. */
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
