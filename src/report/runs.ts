/** The list of runs as a table, and under it what the incomplete ones lack. */
import type { MissingMember, RunStatus, RunSummary } from '../runs/inventory.js';
import { formatBytes } from '../terminal/format.js';
import { textTable } from './text-table.js';

const statusWords: Readonly<Record<RunStatus, string>> = {
  complete: 'complete',
  training: 'training now',
  stopped: 'stopped',
  damaged: 'damaged',
};

/** Without a line break at the end; at least one run. */
export function runsTable(runs: readonly RunSummary[]): string {
  const heading = ['run', 'architecture', 'dataset', 'members', 'status', 'on disk', 'created (UTC)'];
  const lines = runs.map(({ name, arch, dataset, members, status, sizeBytes, created }) => [
    name,
    arch ?? '-',
    dataset ?? '-',
    members === null ? '-' : `${members.complete} of ${members.total}`,
    statusWords[status],
    formatBytes(sizeBytes),
    created?.slice(0, 16).replace('T', ' ') ?? '-',
  ]);
  const table = textTable(heading, lines, ['run', 'architecture', 'dataset', 'status', 'created (UTC)']);
  const notes = runs.flatMap(notesOf);
  return [table, ...(notes.length === 0 ? [] : ['', ...notes])].join('\n');
}

function notesOf({ name, missing, problem }: RunSummary): string[] {
  if (problem !== null) return [`${name}: ${problem}`];
  return groupedByReason(missing).map(([why, ids]) => `${name} lacks ${condensed(ids)}: ${why}`);
}

function groupedByReason(missing: readonly MissingMember[]): [string, string[]][] {
  const groups = new Map<string, string[]>();
  for (const { id, why } of missing) groups.set(why, [...(groups.get(why) ?? []), id]);
  return [...groups];
}

/** Names that stand there whole; of more, the first and the last few say which. */
const namedInFull = 4;

/** `a, b and c`, or `a, b, c and 21 more, the last z`. */
export function condensed(ids: readonly string[]): string {
  const last = ids.at(-1) ?? '';
  if (ids.length === 1) return last;
  if (ids.length <= namedInFull) return `${ids.slice(0, -1).join(', ')} and ${last}`;
  const first = ids.slice(0, namedInFull - 1);
  return `${first.join(', ')} and ${ids.length - first.length} more, the last ${last}`;
}
