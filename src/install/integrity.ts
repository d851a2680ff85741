/** Checks that TensorFlow's cached files are still those of the wheel they came from. */
import { createHash } from 'node:crypto';
import { createReadStream, existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import * as path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { commandLine } from '../machine/installation.js';
import { RunError } from '../terminal/errors.js';
import { isNeeded, type Tensorflow } from './tensorflow.js';
import { parseWheelRecord, type RecordedFile } from './unpack.js';

export interface Damage {
  readonly file: string;
  readonly what: string;
  readonly remedy: string;
}

/** How thorough the check is: sizes of the libraries (a millisecond), or SHA-256 of every file (reads 1 GB). */
export type InstallScrutiny = 'libraries' | 'everything';

interface Recorded {
  readonly root: string;
  readonly files: readonly (readonly [name: string, recorded: RecordedFile])[];
}

/** Files unpacked from wheels, as listed in each wheel's RECORD; none for a TensorFlow we did not install. */
export function recordedFiles({ folder, kind }: Tensorflow, scrutiny: InstallScrutiny = 'everything'): Recorded {
  const root = path.dirname(folder);
  if (kind === 'named') return { root, files: [] };
  const records = readdirSync(root)
    .filter((name) => name.endsWith('.dist-info') && existsSync(path.join(root, name, 'RECORD')))
    .map((name) => readFileSync(path.join(root, name, 'RECORD'), 'utf8'));
  const lines = scrutiny === 'everything' ? records : records.map(libraryLines);
  const files = lines.flatMap((text) => [...parseWheelRecord(text)]).filter(([name]) => isNeeded(name));
  return { root, files };
}

/** Filters first: a RECORD has about 20 000 lines, and this runs at every start. */
function libraryLines(record: string): string {
  return (record.match(/^tensorflow\/libtensorflow_.*$/gm) ?? []).join('\n');
}

/** The first file that is missing or differs from its wheel, with the remedy; undefined if there is none. */
export async function findDamage(tensorflow: Tensorflow, scrutiny: InstallScrutiny): Promise<Damage | undefined> {
  const { root, files } = recordedFiles(tensorflow, scrutiny);
  for (const [name, recorded] of files) {
    const file = path.join(root, name);
    const what = await differenceOf(file, recorded, scrutiny);
    if (what !== undefined) return { file, what, remedy: `\`rm -r ${root}\` and \`${commandLine('setup')}\`` };
  }
  return undefined;
}

/** @throws RunError naming the damaged file */
export async function refuseDamage(tensorflow: Tensorflow, scrutiny: InstallScrutiny): Promise<void> {
  const damage = await findDamage(tensorflow, scrutiny);
  if (damage !== undefined) throw new RunError(damage.what, damage.file, damage.remedy);
}

async function differenceOf(
  file: string,
  { size, sha256 }: RecordedFile,
  scrutiny: InstallScrutiny,
): Promise<string | undefined> {
  if (!existsSync(file)) return 'is missing';
  const found = statSync(file).size;
  if (found !== size) return `is damaged (it has ${found} of ${size} bytes)`;
  if (scrutiny === 'libraries') return undefined;
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('base64url') === sha256 ? undefined : 'is damaged';
}
