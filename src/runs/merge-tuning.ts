/** Joins the trials of two runs: a copied member brings the trials that chose its value. */
import * as path from 'node:path';
import { bestTrial } from '../experiment/tuning.js';
import { sha256File } from '../machine/inputs.js';
import { namesIn } from '../machine/listing.js';
import { UsageError } from '../terminal/errors.js';
import type { CopyPlan } from './merge-sealed.js';
import { readTuning, tuningFolder } from './tuning.js';

/**
 * Trial files of `from` that `into` is missing, and those of copied members.
 *
 * @param taken ids of members that are copied
 * @throws UsageError if members of one width would have values that two different runs of trials chose; RunError if a file is
 * damaged
 */
export async function planTuning(
  { into, from, perWidth }: { readonly into: string; readonly from: string; readonly perWidth: boolean },
  taken: readonly string[],
): Promise<CopyPlan> {
  const files: CopyPlan['files'][number][] = [];
  for (const name of (await namesIn(tuningFolder(from))).sort()) {
    if (!name.endsWith('.json') || name.startsWith('.')) continue;
    const [file, own] = [path.join(tuningFolder(from), name), path.join(tuningFolder(into), name)];
    const [theirs, ours] = [await readTuning(file), await readTuning(own)];
    if (theirs === undefined) continue;
    const [other, one] = [bestTrial(theirs.trials), ours === undefined ? undefined : bestTrial(ours.trials)];
    if (perWidth && ours !== undefined && one !== other)
      throw new UsageError(
        `its trials chose ${theirs.factor} ${String(other)}, and those of ${own} chose ${String(one)}`,
        file,
        'merge runs whose members of one width were tuned alike',
      );
    if (ours !== undefined && !(taken.includes(theirs.id) && !perWidth)) continue;
    files.push({ name: `tuning/${name}`, from: file, sha256: await sha256File(file) });
  }
  return { files };
}
