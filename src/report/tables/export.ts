/** All outcomes of a run as one tidy table, a row for each member and example: for pandas, R, DuckDB. */
import { ByteWriter, ParquetWriter } from 'hyparquet-writer';
import type { SchemaElement } from 'hyparquet';
import { furtherFactors } from '../../experiment/factors.js';
import { optionOf } from '../../experiment/schema.js';
import { tunedKeys } from '../../experiment/tuning.js';
import { firstOf, nth, present } from '../../machine/present.js';
import { isImported, makeOf, readExamples } from '../../runs/imported.js';
import type { LoadedMember, LoadedRun } from '../../runs/opened.js';
import { outcomeColumns, type OutcomeName } from '../../runs/outcomes.js';
import { csvText } from './text-table.js';

type TidyCell = string | number | null;

interface TidyColumn {
  readonly name: string;
  readonly type: 'STRING' | 'DOUBLE' | 'INT32' | 'FLOAT' | 'BOOLEAN';
  /** For one member: a value for all of its rows, or one for each. */
  readonly of: (member: LoadedMember) => TidyCell | ArrayLike<TidyCell>;
}

/** The step of a moment; for the end of training the last step. */
function stepOf({ record }: LoadedMember): number {
  return record.moment ?? present(record.trained).steps;
}

/** Columns that identify members and examples, then the outcomes. `ids` are those of imported examples. */
function columnsOf(run: LoadedRun, ids: readonly string[] | undefined, moments: boolean): TidyColumn[] {
  const { record, members } = run;
  const about: TidyColumn[] = [
    { name: 'run', type: 'STRING', of: () => record.name },
    { name: 'member', type: 'STRING', of: ({ record: { id, trained } }) => trained?.id ?? id },
  ];
  if (isImported(record)) {
    const names = new Set(members.flatMap((member) => Object.keys(member.record.imported?.coordinates ?? {})));
    about.push(
      { name: 'model', type: 'STRING', of: (member) => present(member.record.imported).name },
      { name: 'seed', type: 'INT32', of: (member) => present(member.record.imported).seed },
      ...[...names].map((name): TidyColumn => {
        return { name, type: 'DOUBLE', of: (member) => present(member.record.imported).coordinates[name] ?? null };
      }),
    );
  } else {
    about.push(
      { name: 'architecture', type: 'STRING', of: () => makeOf(record) },
      { name: 'width', type: 'INT32', of: (member) => member.record.width },
      ...[...furtherFactors(record.experiment), ...tunedKeys(record.experiment)].map((key): TidyColumn => {
        const name = optionOf(key).replaceAll('-', '_');
        return { name, type: 'DOUBLE', of: (member) => member.record.coordinates[key] ?? null };
      }),
      { name: 'seed', type: 'INT32', of: (member) => member.record.seed },
      ...(moments ? [{ name: 'step', type: 'INT32', of: stepOf } as const] : []),
      { name: 'parameters', type: 'DOUBLE', of: (member) => member.record.parameters },
      { name: 'training_flops', type: 'DOUBLE', of: (member) => member.record.trainingFlops },
    );
  }
  if (ids !== undefined) about.push({ name: 'example_id', type: 'STRING', of: () => ids });
  return [...about, ...Object.keys(firstOf(members).outcomes).map((name) => outcomeColumn(name as OutcomeName))];
}

const types = { int32: 'INT32', float32: 'FLOAT', float64: 'DOUBLE', boolean: 'BOOLEAN' } as const;

function outcomeColumn(name: OutcomeName): TidyColumn {
  return { name, type: types[outcomeColumns[name].type], of: ({ outcomes }) => present(outcomes[name]) };
}

/** The bytes of a Parquet file with a row group for each member. Throws like `tidyCsv`. */
export async function tidyParquet(run: LoadedRun, moments = false): Promise<Uint8Array> {
  const columns = columnsOf(run, await readExamples(run), moments);
  const schema: SchemaElement[] = [
    { name: 'outcomes', num_children: columns.length },
    ...columns.map(({ name, type }): SchemaElement =>
      type === 'STRING'
        ? { name, type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: 'OPTIONAL' }
        : { name, type, repetition_type: 'OPTIONAL' },
    ),
  ];
  const writer = new ByteWriter();
  const file = new ParquetWriter({ writer, schema, createdBy: 'vision-emergence-lab' });
  for (const member of run.members) {
    const rows = rowsOf(member);
    const columnData = columns.map(({ name, type, of }) => {
      const values = of(member);
      const data = isList(values) ? Array.from(values) : new Array<TidyCell>(rows).fill(values);
      return { name, data: type === 'BOOLEAN' ? data.map((value) => value !== 0) : data };
    });
    await file.write({ columnData, rowGroupSize: Math.max(1, rows) });
  }
  await file.finish();
  return writer.getBytes();
}

/** As CSV text, with a header. Throws RunError if examples.jsonl of imported members is damaged. */
export async function tidyCsv(run: LoadedRun, moments = false): Promise<string> {
  const columns = columnsOf(run, await readExamples(run), moments);
  const heading = columns.map(({ name }) => name);
  const parts = run.members.map((member) => {
    const cells = columns.map(({ of }) => of(member));
    const lines = Array.from({ length: rowsOf(member) }, (_, i) =>
      cells.map((values) => (isList(values) ? nth(values, i) : values)),
    );
    return csvText([], lines).slice(1);
  });
  return csvText(heading, []) + parts.join('');
}

function rowsOf({ outcomes }: LoadedMember): number {
  return Object.values(outcomes)[0]?.length ?? 0;
}

function isList(values: TidyCell | ArrayLike<TidyCell>): values is ArrayLike<TidyCell> {
  return typeof values === 'object' && values !== null;
}
