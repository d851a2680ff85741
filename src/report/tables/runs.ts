/** The list of runs as a table, followed by what is missing from incomplete ones. */
import { group } from 'd3-array';
import type { RunStatus, RunSummary } from '../../runs/inventory.js';
import { condensed, formatBytes } from '../../terminal/format.js';
import { printable } from '../../terminal/printable.js';
import { textTable } from './text-table.js';

const statusWords: Readonly<Record<RunStatus, string>> = {
  complete: 'complete',
  training: 'training now',
  queued: 'queued',
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

function notesOf({ name, missing, problem, notes }: RunSummary): string[] {
  if (problem !== null) return [printable(`${name}: ${problem}`)];
  const absences = [...group(missing, ({ why }) => why)].map(
    ([why, members]) => `${name} is missing ${condensed(members.map(({ id }) => id))}: ${why}`,
  );
  return [...absences, ...notes].map(printable);
}
