/** The size of a terminal in cells. */
import type { WriteStream } from 'node:tty';

export type MaybeTerminal = NodeJS.WritableStream & Partial<Pick<WriteStream, 'isTTY' | 'columns' | 'rows'>>;

/** 80 by 24 without a terminal, or if its size is unknown: some pseudo-terminals report 0 columns. */
export function sizeOf({ columns = 0, rows = 0 }: Partial<Pick<MaybeTerminal, 'columns' | 'rows'>>): {
  readonly columns: number;
  readonly rows: number;
} {
  return { columns: columns > 0 ? columns : 80, rows: rows > 0 ? rows : 24 };
}

/** Cells in a line: a terminal's width; otherwise unlimited. */
export function lineRoom({ isTTY, columns }: Partial<Pick<MaybeTerminal, 'isTTY' | 'columns'>>): number {
  return isTTY === true ? sizeOf({ columns: columns ?? 0 }).columns : Infinity;
}
