/** What `clean` would remove, as a table. */
import type { Removal } from '../../machine/removal.js';
import { freedBytes } from '../../machine/usage.js';
import { counted, formatBytes } from '../../terminal/format.js';
import { printable } from '../../terminal/printable.js';
import { textTable } from './text-table.js';

/** @param isLong with the path of every file below the table */
export function removalsText(removals: readonly Removal[], isLong: boolean): string {
  const row = (what: string, entries: Removal['entries']) => {
    const files = entries.filter(({ isFolder }) => !isFolder).length;
    return [what, counted(files, 'file'), formatBytes(freedBytes(entries))];
  };
  const lines = removals.map(({ what, entries }) => row(what, entries));
  const all = removals.flatMap(({ entries }) => entries);
  if (removals.length > 1) lines.push(row('total', all));
  const table = textTable(['to be removed', 'files', 'frees'], lines, ['to be removed']);
  return isLong ? [table, '', ...all.map(({ path }) => printable(path))].join('\n') : table;
}
