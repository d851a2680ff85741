/** Names of files as systems store them: bytes, mostly of UTF-8. */
import { isUtf8 } from 'node:buffer';

/**
 * Bytes of a name as text: as UTF-8 where they are that, else as Latin-1, in which every byte is a letter, so that different
 * names stay different.
 */
export function decodeName(bytes: Buffer): string {
  return bytes.toString(isUtf8(bytes) ? 'utf8' : 'latin1');
}

/**
 * A name as it is compared and shown: in Unicode's normal form C, an accent within its letter. macOS stores it behind the letter
 * (form D), which looks the same and is another string.
 */
export function sameName(name: string): string {
  return name.normalize('NFC');
}

const clutter = new Set([
  ...['thumbs.db', 'ehthumbs.db', 'desktop.ini', '__macosx', 'icon\r'],
  ...['@eadir', '#recycle', '$recycle.bin', 'lost+found', 'system volume information'],
]);

/** Whether it is what file managers, archivers and disk stations add on their own, thumbnails among it. Hidden files are. */
export function isClutter(relative: string): boolean {
  return relative.split('/').some((name) => name.startsWith('.') || clutter.has(name.toLowerCase()));
}
