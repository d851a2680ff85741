/** Names of files as systems store them: bytes, usually in UTF-8. */
import { isUtf8 } from 'node:buffer';

/** Bytes of a name as text: UTF-8 if valid, otherwise Latin-1, in which every byte is a letter, so that different names stay different. */
export function decodeName(bytes: Buffer): string {
  return bytes.toString(isUtf8(bytes) ? 'utf8' : 'latin1');
}

/**
 * A name as it is compared and shown: in Unicode's normal form C, with an accent inside its letter. macOS stores the accent after the
 * letter (form D), which looks the same but is another string.
 */
export function sameName(name: string): string {
  return name.normalize('NFC');
}

const clutter = new Set([
  ...['thumbs.db', 'ehthumbs.db', 'desktop.ini', '__macosx', 'icon\r'],
  ...['@eadir', '#recycle', '$recycle.bin', 'lost+found', 'system volume information'],
]);

/** Whether file managers, archivers and storage devices add such files by themselves, including thumbnails. Hidden files count. */
export function isClutter(relative: string): boolean {
  return relative.split('/').some((name) => name.startsWith('.') || clutter.has(name.toLowerCase()));
}
