/**
 * Names and texts that are not ours, as they may stand in the files of a report. Each function is for one kind of place; LaTeX has its
 * own file, the terminal is `terminal/printable.ts`.
 */

/** XML has no control characters, not even escaped, and a browser drops them. */
const unwritable = /[^\P{Cc}\t\n]|\p{Cs}|[\ufffe\uffff]/gu;

/** In HTML and SVG, as text and between quotes. */
export function markupText(text: string): string {
  return writable(text).replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** Without what no SVG can hold. */
export function writable(text: string): string {
  return text.replace(unwritable, '\ufffd');
}

/** A path with slashes, as the address of a link in HTML and Markdown. */
export function linkPath(path: string): string {
  return path
    .split('/')
    .map(encodeURIComponent)
    .join('/')
    .replace(/[!'()*]/g, percentEncoded);
}

function percentEncoded(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
}

/**
 * In Markdown, as text on one line: no HTML, no link, no emphasis, no heading. A number's interval stays as it is, `[0.1, 0.2]`: without
 * a parenthesis or a colon behind it, that is no link.
 */
export function markdownText(text: string): string {
  return writable(text)
    .replaceAll(/\s+/g, ' ')
    .replaceAll(/[\\`*<&~$|]|(?<!\w)_|_(?!\w)|\](?=[([:])|^\[|!(?=\[)/g, '\\$&')
    .replace(/^ ?(#|>|=|[+-](?= |$|--))/, '\\$1')
    .replace(/^(\d+)([.)])(?= )/, '$1\\$2');
}

/** In a script of type application/json, where "<" is all that could end it. */
export function scriptJson(value: unknown): string {
  return JSON.stringify(value).replaceAll('<', '\\u003c');
}
