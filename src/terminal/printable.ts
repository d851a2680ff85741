/**
 * Text of strangers (names of files and classes, records, messages of other programs) as it may stand on a terminal: nothing in it
 * moves the cursor, begins a line, hides or turns what follows. What is escaped is shown as JSON would write it, so that JSON stays
 * the same value.
 */

/** Line ends, escapes and every other control character, and halves of a character. */
const control = '\\p{Cc}\\p{Zl}\\p{Zp}\\p{Cs}';
/** What sets the direction of writing. */
const direction = '\\u061c\\u200e\\u200f\\u202a-\\u202e\\u2066-\\u2069';
/** What takes no room, so that two names look alike; joiners stay, which scripts and emoji need. */
const invisible = '\\u00ad\\u180e\\u200b\\u2060-\\u2064\\u206a-\\u206f\\ufeff\\ufff9-\\ufffb\\u{e0000}-\\u{e007f}';

const hostile = new RegExp(`[${control}${direction}${invisible}]`, 'gu');
const unnameable = new RegExp(`[${control}\\ufffe\\uffff]`, 'u');
/** As `hostile` but for line breaks and tabs, and for the colours that `colour.ts` makes. */
const hostileInText = new RegExp(`\\u001b\\[(?:1|22|3[1-69])m|(?![\\n\\t])[${control}${direction}${invisible}]`, 'gu');

/** On one line, with everything escaped that a terminal would not show as it is. */
export function printable(text: string): string {
  return text.replace(hostile, escaped);
}

/** The same for lines that the program has composed: line breaks, tabs and the program's own colours stay. */
export function printableText(text: string): string {
  return text.replace(hostileInText, (found) => (found.length > 2 ? found : escaped(found)));
}

/** Whether a name can be written into any file: no control characters, no line breaks, nothing that is no character. */
export function isNameable(text: string): boolean {
  return !unnameable.test(text);
}

function escaped(character: string): string {
  return character
    .split('')
    .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .join('');
}
