/** The experiments that come with the lab: files in experiments/, referred to by name. */
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { labFolder } from '../machine/installation.js';

const folder = path.join(labFolder, 'experiments');
const extension = '.yaml';

/** Whether a text has neither a folder nor an extension. */
export function isName(text: string): boolean {
  return path.basename(text) === text && path.extname(text) === '';
}

export async function shippedNames(): Promise<string[]> {
  const names = await fs.readdir(folder);
  return names
    .filter((name) => name.endsWith(extension))
    .map((name) => path.basename(name, extension))
    .sort();
}

/** The file of the experiment with this name; undefined if there is none. */
export async function shippedFile(name: string): Promise<string | undefined> {
  return (await shippedNames()).includes(name) ? path.join(folder, name + extension) : undefined;
}

/** What the comments at the top of a file say about it. */
export interface Header {
  readonly what: string;
  /** How long it takes, and on what. */
  readonly takes: string;
  readonly shows: string;
}

/**
 * Comments are `# KEY: text`, where the text may continue on the lines below; before the first key they say what the
 * experiment is.
 */
export function headerOf(text: string): Header {
  const parts: Record<string, string> = {};
  let key = 'What';
  for (const line of text.split('\n')) {
    if (!line.startsWith('#')) break;
    if (line.startsWith('# yaml-language-server')) continue;
    const [, named, rest = ''] = /^#\s*(?:(Fetch|Run|Takes|Shows):)?\s*(.*)$/.exec(line) ?? [];
    key = named ?? key;
    parts[key] = [...(parts[key] === undefined ? [] : [parts[key]]), rest].join(' ');
  }
  return { what: parts['What'] ?? '', takes: parts['Takes'] ?? '', shows: parts['Shows'] ?? '' };
}
