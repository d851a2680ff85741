/**
 * BIG-bench's records as natural curves: what its evaluate_task.py writes for a model and a task, `scores_FAMILY_MODEL.json` in the
 * task's folder `results`. The fields are those of ResultsFileData in bigbench/api/results.py (Srivastava et al. 2022, arXiv 2206.04615;
 * github.com/google/BIG-bench, Apache-2.0). None is shipped.
 */
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import * as z from 'zod';
import { readInput } from '../machine/inputs.js';
import { filesBelow } from '../machine/listing.js';
import { UsageError } from '../terminal/errors.js';
import { isNameable } from '../terminal/printable.js';

export interface BigBenchRow {
  readonly family: string;
  readonly model: string;
  /** Including embeddings. */
  readonly params: number;
  /** `arithmetic:1_digit_addition` of a subtask. */
  readonly task: string;
  readonly metric: string;
  readonly shots: string;
  readonly value: number;
  /** File of the record. */
  readonly source: string;
  /** Index of the record in its file. */
  readonly line: number;
}

const name = z.string().refine(isNameable, 'has control characters');

const recordSchema = z.looseObject({
  task: z.looseObject({ task_name: name }),
  model: z.looseObject({
    model_family: name,
    model_name: name,
    total_params: z.number().positive(),
  }),
  scores: z.array(
    z.looseObject({
      // Python's NaN is read as null or as text: a missing score.
      score_dict: z.record(name, z.union([z.number(), z.null(), z.string()])),
      number_of_shots: z.int(),
      subtask_description: name.nullish(),
    }),
  ),
});
type BigBenchRecord = z.output<typeof recordSchema>;

const mostBytes = 100e6;

/** Whether a file should be read as records. */
export function isRecordFile(file: string): boolean {
  return ['.json', '.jsonl'].includes(path.extname(file).toLowerCase());
}

/**
 * Rows of a file of records (one, a list, or one per line), or of all `scores_*.json` in a folder, such as a task's
 * `results`.
 *
 * @throws UsageError, one line, if it is not a record
 */
export async function bigBenchRows(location: string, where: string): Promise<BigBenchRow[]> {
  const rows: BigBenchRow[] = [];
  for (const file of await recordFiles(location)) {
    const bytes = await readInput(file, where, { mostBytes, remedy: "give BIG-bench's scores_*.json" });
    for (const [i, value] of valuesOf(bytes.toString('utf8'), file).entries()) {
      const result = recordSchema.safeParse(value);
      if (!result.success) {
        const [issue] = result.error.issues;
        const at = issue?.path.join('.') ?? '';
        throw new UsageError(
          `is not a record of BIG-bench: ${at === '' ? '' : `${at}: `}${issue?.message ?? ''}`,
          file,
          'it needs task, model and scores, as evaluate_task.py writes them',
        );
      }
      rows.push(...rowsOf(result.data, { source: path.basename(file), line: i + 1 }));
    }
  }
  return rows;
}

async function recordFiles(location: string): Promise<string[]> {
  const stats = await fs.stat(location).catch(() => undefined);
  // If it does not exist, reading it reports that.
  if (stats?.isDirectory() !== true) return [location];
  const files = (await filesBelow(location)).filter((file) => /^scores_.*\.json$/.test(path.basename(file)));
  if (files.length === 0) throw new UsageError('has no scores_*.json of BIG-bench in it', location);
  return files.sort();
}

function valuesOf(text: string, file: string): unknown[] {
  const parse = (part: string): unknown =>
    JSON.parse(part.replaceAll(/(:\s*)(NaN|-?Infinity)(?=\s*[,}\]])/g, '$1null'));
  try {
    if (!file.toLowerCase().endsWith('.jsonl')) return [parse(text)].flat();
    return text
      .split('\n')
      .filter((line) => line.trim() !== '')
      .map(parse);
  } catch {
    throw new UsageError('is not JSON', file, 'the file may be damaged or cut off');
  }
}

function rowsOf(
  { task: { task_name: task }, model, scores }: BigBenchRecord,
  at: Pick<BigBenchRow, 'source' | 'line'>,
): BigBenchRow[] {
  return scores.flatMap(({ score_dict: values, number_of_shots: shots, subtask_description: subtask }) =>
    Object.entries(values).flatMap(([metric, value]): BigBenchRow[] => {
      if (typeof value !== 'number' || !Number.isFinite(value)) return [];
      return [
        {
          ...at,
          family: model.model_family,
          model: model.model_name,
          params: model.total_params,
          task: taskOf(task, subtask ?? ''),
          metric,
          // -1 if examples in the prompt are not applicable.
          shots: shots < 0 ? '' : String(shots),
          value,
        },
      ];
    }),
  );
}

/** The mean over a task's subtasks has the task's name. */
function taskOf(task: string, subtask: string): string {
  if (subtask === '' || subtask === task) return task;
  return subtask.startsWith(task) ? subtask : `${task}:${subtask}`;
}
