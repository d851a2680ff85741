/**
 * Draws with characters. A terminal cell holds several dots: eight in a braille character, two in ASCII, one above the other. Dots are
 * counted from the upper left corner; a cell has the style of whatever was drawn into it last.
 */

export type CharacterSet = 'braille' | 'ascii';

export interface Dot {
  readonly x: number;
  readonly y: number;
}

/** Dots in a cell. */
export const cellSize = { braille: { wide: 2, high: 4 }, ascii: { wide: 1, high: 2 } } as const;

/** Bits of U+2800 + bits, `[row][column]`: braille numbers its dots 1 to 3 down the left, 4 to 6 down the right, then 7 and 8 below. */
const brailleBits = [
  [0x01, 0x08],
  [0x02, 0x10],
  [0x04, 0x20],
  [0x40, 0x80],
] as const;
/** Indexed by the bits of the upper (1) and the lower dot (2). */
const asciiCharacters = [' ', "'", '.', ':'] as const;

export interface Stroke {
  /** Style index, interpreted by the renderer. */
  readonly style: number;
  /** Alternating numbers of dots drawn and left out; default: solid. */
  readonly dash?: readonly [on: number, off: number] | undefined;
}

interface CanvasCell {
  bits: number;
  /** Shown instead of the dots. */
  character?: string;
  style?: number;
}

export class Canvas {
  readonly columns: number;
  readonly rows: number;
  readonly #set: CharacterSet;
  readonly #cells: CanvasCell[];

  constructor(columns: number, rows: number, set: CharacterSet) {
    this.columns = columns;
    this.rows = rows;
    this.#set = set;
    this.#cells = Array.from({ length: columns * rows }, () => ({ bits: 0 }));
  }

  /** Size of the canvas in dots. */
  get size(): { readonly wide: number; readonly high: number } {
    const { wide, high } = cellSize[this.#set];
    return { wide: this.columns * wide, high: this.rows * high };
  }

  /** Dots outside the canvas are ignored. */
  dot({ x, y }: Dot, style: number): void {
    const { wide, high } = cellSize[this.#set];
    const cell = this.#cellAt(Math.floor(x / wide), Math.floor(y / high));
    if (cell === undefined) return;
    cell.bits |= this.#set === 'braille' ? brailleBits[y % high]![x % wide]! : 1 << (y % high);
    cell.style = style;
  }

  /** A straight line between two dots, both included. */
  line(from: Dot, to: Dot, { style, dash }: Stroke): void {
    const [on, off] = dash ?? [1, 0];
    lineDots(from, to).forEach((dot, i) => {
      if (i % (on + off) < on) this.dot(dot, style);
    });
  }

  /** Puts a character in the cell that holds the dot. */
  mark({ x, y }: Dot, character: string, style: number): void {
    const { wide, high } = cellSize[this.#set];
    const cell = this.#cellAt(Math.floor(x / wide), Math.floor(y / high));
    if (cell !== undefined) Object.assign(cell, { character, style });
  }

  /** One line of text per row, as wide as the canvas. `paint` colours whatever has a style. */
  lines(paint: (text: string, style: number) => string = (text) => text): string[] {
    return Array.from({ length: this.rows }, (_, row) =>
      this.#cells
        .slice(row * this.columns, (row + 1) * this.columns)
        .map((cell) => (cell.style === undefined ? this.#text(cell) : paint(this.#text(cell), cell.style)))
        .join(''),
    );
  }

  #text({ bits, character }: CanvasCell): string {
    if (character !== undefined) return character;
    // An empty cell is a space: in most fonts U+2800 has a different width.
    if (bits === 0) return ' ';
    return this.#set === 'braille' ? String.fromCharCode(0x2800 + bits) : asciiCharacters[bits]!;
  }

  #cellAt(column: number, row: number): CanvasCell | undefined {
    const isInside = column >= 0 && column < this.columns && row >= 0 && row < this.rows;
    return isInside ? this.#cells[row * this.columns + column] : undefined;
  }
}

/** One dot for each step along the longer side, the one nearest to the line; halves round down or to the right. Whole numbers. */
export function lineDots(from: Dot, to: Dot): Dot[] {
  const [dx, dy] = [to.x - from.x, to.y - from.y];
  const steps = Math.max(Math.abs(dx), Math.abs(dy));
  if (steps === 0) return [{ x: from.x, y: from.y }];
  // In whole numbers, so that halves are exact.
  const along = (start: number, difference: number, k: number) =>
    start + Math.floor((2 * k * difference + steps) / (2 * steps));
  return Array.from({ length: steps + 1 }, (_, k) => ({ x: along(from.x, dx, k), y: along(from.y, dy, k) }));
}
