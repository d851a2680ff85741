/** Rows as the readers of tables give them. */

/** A row, keyed by column name. */
export type Row = Readonly<Record<string, unknown>>;

/** Consecutive rows. */
export interface RowBatch {
  readonly rows: readonly Row[];
  /** Line of each row in its file, from 1; in a Parquet file, its row number. */
  readonly lines: readonly number[];
}
