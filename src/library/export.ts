/** All outcomes of a run as one table, for other programs. */
import * as path from 'node:path';
import { assertOutput, refuseExisting, writeOutput } from '../machine/files.js';
import type { LoadedRun, OpenRun } from '../runs/opened.js';
import { UsageError } from '../terminal/errors.js';
import { namesMember } from '../runs/member.js';
import { openRun, readRun, type RunLike, type RunOptions } from './run-and-metrics.js';

export interface ExportOptions extends RunOptions {
  /** Default: parquet. */
  readonly to?: 'parquet' | 'csv' | undefined;
  /** Where to write; default: RUN.parquet, RUN.csv or RUN-PROBE.csv in the current folder. */
  readonly output?: string | undefined;
  /** Include outcomes of every moment of training, with a column `step`; only the columns that moments keep. */
  readonly moments?: boolean | undefined;
  /** Overwrite an existing file. */
  readonly force?: boolean | undefined;
}

/**
 * A tidy table: a row for each member and example.
 *
 * @example
 *     const { file } = await exportOutcomes('lenet-mnist', { to: 'csv' });
 *     file;
 *
 * @throws UsageError if the file already exists
 */
export async function exportOutcomes(
  run: RunLike,
  options: ExportOptions = {},
): Promise<{ file: string; run: LoadedRun }> {
  const { tidyCsv, tidyParquet } = await import('../report/tables/export.js');
  const { to = 'parquet', force = false, moments = false } = options;
  if (typeof run === 'string' && namesMember(run)) throw ofMember(run, to);
  const open = await openRun(run, { ...options, all: moments ? true : 'ends' });
  if (moments) refuseWithoutMoments(open);
  const file =
    options.output ?? `${[open.record.name, ...(options.probe === undefined ? [] : [options.probe])].join('-')}.${to}`;
  if (!force) await refuseExisting([file]);
  await assertOutput(file, '--output');
  const loaded = await readRun(open, open.columns, options);
  await writeOutput(file, to === 'csv' ? await tidyCsv(loaded, moments) : await tidyParquet(loaded, moments));
  return { file, run: loaded };
}

function refuseWithoutMoments({ record, complete }: OpenRun): void {
  if (complete.some(({ moment }) => moment !== undefined)) return;
  throw new UsageError(
    `${record.name} has only the final outcomes of its members`,
    '--moments',
    'leave it out, or train a run with --moments',
  );
}

function ofMember(member: string, to: string): UsageError {
  const above = path.dirname(member);
  const run = path.basename(above) === 'members' ? path.dirname(above) : above;
  return new UsageError(
    `${to} is a table of a whole run, and ${member} is a member`,
    '--to',
    `give ${run}, or a format for a member, such as --to onnx`,
  );
}
