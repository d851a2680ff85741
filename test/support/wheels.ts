/** Tiny wheels: zip archives with a RECORD, made by fflate. */
import { createHash } from 'node:crypto';
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { strToU8, zipSync, type Zippable } from 'fflate';

export interface WheelOptions {
  /** `false` stores the files uncompressed. */
  readonly packed?: boolean;
  /** Instead of the right one; `null` leaves it out. */
  readonly record?: string | null;
  /** Unix permissions of some files. */
  readonly modes?: Readonly<Record<string, number>>;
}

export const recordName = 'demo-1.0.dist-info/RECORD';

/** One line of RECORD, as the wheel specification defines it. */
export function recordLine(name: string, text: string): string {
  const bytes = strToU8(text);
  return `${name},sha256=${createHash('sha256').update(bytes).digest('base64url')},${bytes.length}`;
}

/** Writes a wheel with these files into `folder` and returns its path. */
export async function writeWheel(
  folder: string,
  files: Readonly<Record<string, string>>,
  { packed = true, record, modes = {} }: WheelOptions = {},
): Promise<string> {
  const lines = Object.entries(files).map(([name, text]) => recordLine(name, text));
  const recorded = record === undefined ? [...lines, `${recordName},,`, ''].join('\n') : record;
  const all = recorded === null ? files : { ...files, [recordName]: recorded };
  const zip: Zippable = {};
  for (const [name, text] of Object.entries(all))
    zip[name] = [strToU8(text), { level: packed ? 6 : 0, os: 3, attrs: (0o100000 | (modes[name] ?? 0o644)) << 16 }];
  const file = path.join(folder, 'demo-1.0-py3-none-any.whl');
  await fs.writeFile(file, zipSync(zip));
  return file;
}
