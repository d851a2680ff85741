/**
 * Makes untrusted text (names of files and classes, records, messages of other programs) safe for a terminal: nothing in it moves the
 * cursor, starts a line, or hides or reverses what follows. Characters are escaped as in JSON, so that JSON keeps its value.
 */

/** Line ends, escapes and all other control characters, and lone surrogates. */
const control = '\\p{Cc}\\p{Zl}\\p{Zp}\\p{Cs}';
/** Characters that set the direction of writing. */
const direction = '\\u061c\\u200e\\u200f\\u202a-\\u202e\\u2066-\\u2069';
/** Characters without width, which make different names look the same; joiners are kept, as scripts and emoji need them. */
const invisible = '\\u00ad\\u180e\\u200b\\u2060-\\u2064\\u206a-\\u206f\\ufeff\\ufff9-\\ufffb\\u{e0000}-\\u{e007f}';

const hostile = new RegExp(`[${control}${direction}${invisible}]`, 'gu');
const unnameable = new RegExp(`[${control}\\ufffe\\uffff]`, 'u');
/** Like `hostile`, except for line breaks, tabs and the colours of `colour.ts`. */
const hostileInText = new RegExp(`\\u001b\\[(?:1|22|3[1-69])m|(?![\\n\\t])[${control}${direction}${invisible}]`, 'gu');

/** The text on one line, with everything escaped that a terminal would not show literally. */
export function printable(text: string): string {
  return text.replace(hostile, escaped);
}

/** The same for text composed by the program: line breaks, tabs and the program's own colours are kept. */
export function printableText(text: string): string {
  return text.replace(hostileInText, (found) => (found.length > 2 ? found : escaped(found)));
}

/** Whether a name can be written to any file: no control characters, line breaks or invalid characters. */
export function isNameable(text: string): boolean {
  return !unnameable.test(text);
}

/** Whether a text can be written to a table that a terminal shows: no control characters but line breaks and tabs. */
export function isShowable(text: string): boolean {
  return !/(?![\n\r\t])\p{Cc}/u.test(text);
}

function escaped(character: string): string {
  return character
    .split('')
    .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .join('');
}
