/** Whether TensorFlow's files in the cache are still those of the wheel that they came in. */
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

/** How much is looked at: sizes of the libraries (a millisecond), or SHA-256 of every file (1 GB is read). */
export type InstallScrutiny = 'libraries' | 'everything';

interface Recorded {
  readonly root: string;
  readonly files: readonly (readonly [name: string, recorded: RecordedFile])[];
}

/** Files unpacked from wheels, as the RECORD of each wheel has them; none for a TensorFlow that is not ours. */
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

/** A RECORD has some 20 000 lines, and this is done at each start. */
function libraryLines(record: string): string {
  return (record.match(/^tensorflow\/libtensorflow_.*$/gm) ?? []).join('\n');
}

/** The first file that is missing or is not what its wheel had, with what sets it right; undefined if all is well. */
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
