/** A report's text as data, from which report.md, report.html and the table files are made. */
import type { FigureFormat } from '../figures/figure-options.js';

export interface Section {
  /** Letters, digits and dashes; unique in the report. */
  readonly id: string;
  readonly title: string;
  /** 2 or 3. */
  readonly level: 2 | 3;
  readonly blocks: readonly Block[];
}

export type Block =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'list'; readonly items: readonly string[] }
  /** Commands, one per line. */
  | { readonly kind: 'code'; readonly lines: readonly string[] }
  | { readonly kind: 'table'; readonly table: Table }
  | { readonly kind: 'figure'; readonly figure: ReportFigure };

export interface Table {
  /** File names without ending. */
  readonly name: string;
  readonly caption: string;
  readonly columns: readonly { readonly title: string; readonly align: 'left' | 'right' }[];
  /** Rows as displayed. */
  readonly rows: readonly (readonly string[])[];
  /** Full precision, and more columns than fit a page; left out for tables of text. */
  readonly raw?: {
    readonly heading: readonly string[];
    readonly lines: readonly (readonly (string | number | null | undefined)[])[];
  };
}

export interface ReportFigure {
  /** File name without ending. */
  readonly name: string;
  readonly alt: string;
  readonly caption: string;
  /** The command that draws it again. */
  readonly command: string;
  /** Endings of its files; report.md shows the PNG, or else the first. */
  readonly formats: readonly (FigureFormat | 'vl.json')[];
}

export interface Report {
  readonly title: string;
  readonly subtitle: string;
  /** The essentials, in a paragraph or two. */
  readonly summary: readonly string[];
  readonly sections: readonly Section[];
}

/** Columns of texts, on the left, and of numbers. */
export function columnsOf(texts: readonly string[], numbers: readonly string[]): Table['columns'] {
  const aligned = (titles: readonly string[], align: 'left' | 'right') => titles.map((title) => ({ title, align }));
  return [...aligned(texts, 'left'), ...aligned(numbers, 'right')];
}

export function tablesOf({ sections }: Pick<Report, 'sections'>): Table[] {
  return sections.flatMap(({ blocks }) => blocks.flatMap((block) => (block.kind === 'table' ? block.table : [])));
}
