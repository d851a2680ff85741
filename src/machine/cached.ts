/**
 * Files in the cache folder that can be made or downloaded again, recognised by their names: anything else there is not ours.
 */
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { RunError } from '../terminal/errors.js';
import { cacheFolder } from './folders.js';
import { holderOf, lockFileOf } from './lock.js';
import { processText } from './owner.js';
import type { Removal } from './removal.js';
import { isLeftover } from './temporary.js';
import { entriesAt } from './usage.js';

interface Kind {
  readonly folder: string;
  readonly name: RegExp;
  readonly what: string;
}

const kinds: readonly Kind[] = [
  { folder: 'runtime', name: /^tensorflow-[\w.-]+$/, what: 'TensorFlow, which the next train downloads again' },
  { folder: 'downloads', name: /^tensorflow-[\w.-]+$/, what: 'interrupted downloads of TensorFlow' },
  { folder: 'binding', name: /^[0-9a-f]{12}-[0-9a-f]{12}$/, what: 'the binding, which the next train compiles again' },
  { folder: 'datasets', name: /^[0-9a-f]{32}\.bin$/, what: 'prepared datasets, which are prepared again when needed' },
];

/** Suffix of what a killed process was making. */
const aside = /\.[0-9a-f-]{36}\.tmp$/;
const lockEnding = /\.lock(-guard|-owner\.json|\.taken-[^/]+)?$/;

/**
 * One for each kind that is present.
 *
 * @throws RunError while a process makes one of them
 */
export async function cachedRemovals(cache = cacheFolder()): Promise<Removal[]> {
  const removals: Removal[] = [];
  for (const { folder, name, what } of kinds) {
    const place = path.join(cache, folder);
    const places: string[] = [];
    for (const each of await fs.readdir(place, { withFileTypes: true }).catch(() => [])) {
      // A link belongs to its maker; its target would remain anyway.
      if (each.isSymbolicLink()) continue;
      if (each.name.endsWith('.lock')) await refuseHeld(path.join(place, each.name.slice(0, -'.lock'.length)));
      const bare = each.name.replace(aside, '').replace(lockEnding, '');
      if (name.test(bare) || (await isLeftover(path.join(place, each.name)))) places.push(path.join(place, each.name));
    }
    const entries = places.sort().flatMap(entriesAt);
    if (entries.length > 0) removals.push({ what: `${what} (${place})`, entries });
  }
  return removals;
}

async function refuseHeld(target: string): Promise<void> {
  const holder = await holderOf(lockFileOf(target));
  if (holder === undefined) return;
  throw new RunError(`is being built by ${processText(holder.owner)}`, target, 'wait until it has finished');
}
