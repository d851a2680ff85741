/** Rows as the readers of tables give them. */

/** A row by the names of its columns. */
export type Row = Readonly<Record<string, unknown>>;

/** Rows that follow each other. */
export interface RowBatch {
  readonly rows: readonly Row[];
  /** Line of each row in its file, from 1; of a Parquet file its row. */
  readonly lines: readonly number[];
}
