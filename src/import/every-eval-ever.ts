/** `import every-eval-ever`: instance-level results of the Every Eval Ever schema (0.2, 0.3), `*_samples.jsonl`. */
import { firstOf, zip } from '../machine/present.js';
import { UsageError } from '../terminal/errors.js';
import type { Row } from './batch.js';
import { chooseOne } from './choose.js';
import { Collector } from './collector.js';
import { filesIn } from './files.js';
import { read, type ImportedOutcomes } from './reader.js';
import { placeIn, readRows } from './rows.js';
import { isBlank, readName, readNumber, readRight } from './values.js';

export interface EveryEvalOptions {
  /** Name of the evaluation; default: the only one. */
  readonly evaluation?: string | undefined;
}

/** Throws UsageError, one line, for the first problem. */
export async function readEveryEval(
  paths: readonly string[],
  { evaluation }: EveryEvalOptions,
): Promise<ImportedOutcomes> {
  const files = await filesIn(paths, (name) => name.endsWith('.jsonl'), 'of instance-level results: .jsonl');
  const collector = new Collector();
  const names = new Set<string>();
  for (const file of files) {
    for await (const { rows, lines } of readRows(file)) {
      for (const [row, line] of zip(rows, lines)) {
        const where = placeIn(file, line);
        const name = read(row, 'evaluation_name', where, readName);
        if (evaluation !== undefined && name !== evaluation) continue;
        names.add(name);
        if (names.size > 1)
          chooseOne([...names], { what: 'evaluation', flag: '--evaluation', asked: undefined, where });
        addRow(row, { collector, where });
      }
    }
  }
  if (collector.rows === 0) throw new UsageError(`there is no evaluation ${evaluation ?? ''}`, '--evaluation');
  const name = firstOf([...names]);
  return { collector, files, testSet: name.slice(0, 100), reading: { evaluation: name } };
}

function addRow(row: Row, { collector, where }: { readonly collector: Collector; readonly where: string }): void {
  const { evaluation } = row;
  if (typeof evaluation !== 'object' || evaluation === null) throw new UsageError('has no evaluation', where);
  const scored = evaluation as Row;
  const correct = read(scored, 'is_correct', where, readRight);
  const numbers = isBlank(scored['score']) ? {} : { score: read(scored, 'score', where, readNumber) };
  const about = {
    model: read(row, 'model_id', where, readName),
    seed: null,
    example: read(row, 'sample_id', where, readName),
  };
  const content = typeof row['sample_hash'] === 'string' ? row['sample_hash'] : undefined;
  collector.add({ ...about, content, correct, numbers }, () => where);
}
