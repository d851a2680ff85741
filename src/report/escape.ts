/**
 * Escapes untrusted names and texts for a report's files. Each function is for one kind of place; for LaTeX see its own file, for the
 * terminal `terminal/printable.ts`.
 */

/** XML does not allow control characters, even escaped, and browsers drop them. */
const unwritable = /[^\P{Cc}\t\n]|\p{Cs}|[\ufffe\uffff]/gu;

/** For HTML and SVG, as text and in quoted attributes. */
export function markupText(text: string): string {
  return writable(text).replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** Removes characters that SVG does not allow. */
export function writable(text: string): string {
  return text.replace(unwritable, '\ufffd');
}

/** A path with slashes as a link's URL in HTML and Markdown. */
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
 * For Markdown, as text on one line: no HTML, links, emphasis or headings. A number's interval is not escaped, `[0.1, 0.2]`: unless a
 * parenthesis or a colon follows, it is not a link.
 */
export function markdownText(text: string): string {
  return writable(text)
    .replaceAll(/\s+/g, ' ')
    .replaceAll(/[\\`*<&~$|]|(?<!\w)_|_(?!\w)|\](?=[([:])|^\[|!(?=\[)/g, '\\$&')
    .replace(/^ ?(#|>|=|[+-](?= |$|--))/, '\\$1')
    .replace(/^(\d+)([.)])(?= )/, '$1\\$2');
}

/** For a script of type application/json, which only a "<" could end. */
export function scriptJson(value: unknown): string {
  return JSON.stringify(value).replaceAll('<', '\\u003c');
}
