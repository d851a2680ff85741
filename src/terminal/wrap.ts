/** Breaks long lines of text between words, as a terminal would break them in the middle of one. */

/** What a user may copy has to stay on one line. */
const command = /\bnpm (run|ci)\b|\bemergence [a-z]/;

/**
 * Lines longer than `room` are continued below the text of the line: behind its indentation, and behind a label that two spaces or more
 * set apart. Lines with a command or with colours stay as they are.
 */
export function wrapped(text: string, room: number): string {
  return text
    .split('\n')
    .map((line) => (line.length <= room || line.includes('\u001b') || command.test(line) ? line : broken(line, room)))
    .join('\n');
}

function broken(line: string, room: number): string {
  const [start = ''] = /^ *(?:\S+(?: \S+){0,3} {2,})?/.exec(line) ?? [];
  const hanging = start.length <= room / 2 ? start.length : 0;
  const lines: string[] = [];
  let current = line.slice(0, hanging);
  let isEmpty = true;
  for (const word of line.slice(hanging).split(' ')) {
    if (!isEmpty && current.length + 1 + word.length > room) {
      lines.push(current);
      current = ' '.repeat(hanging);
      isEmpty = true;
    }
    current += isEmpty ? word : ` ${word}`;
    isEmpty = false;
  }
  return [...lines, current].join('\n');
}
