/**
 * Lines at the bottom of a terminal, redrawn as they change, with the cursor below them; messages scroll by above. The cursor's
 * visibility and line wrapping are not changed, so that the terminal is in order even if the program is killed.
 */
import { drawn } from './guard.js';
import { printable } from './printable.js';
import { sizeOf, type MaybeTerminal } from './size.js';

/** Milliseconds between two frames. */
const frame = 200;

const up = (lines: number) => (lines === 0 ? '' : `\u001b[${lines}A`);
const clearToEnd = '\u001b[K';
const clearBelow = '\u001b[J';

export class LiveLines {
  readonly #stream: MaybeTerminal;
  readonly #lines: () => readonly string[];
  #said: string[] = [];
  /** Number of lines in the last frame. */
  #height = 0;
  #next: NodeJS.Timeout | undefined;

  /** @param lines returns the current lines, called for each redraw */
  constructor(stream: MaybeTerminal, lines: () => readonly string[]) {
    this.#stream = stream;
    this.#lines = lines;
  }

  /** Schedules a redraw. */
  update(): void {
    this.#next ??= setTimeout(() => {
      this.#draw();
    }, frame).unref();
  }

  /** Prints a line above with the next redraw; at once if there are no lines to draw. */
  say(line: string): void {
    if (this.#lines().length === 0) {
      this.#stream.write(`${printable(line)}\n`);
      return;
    }
    this.#said.push(printable(line));
    this.update();
  }

  /** Stops; the last frame stays on screen. */
  close(): void {
    this.#draw();
  }

  #draw(): void {
    clearTimeout(this.#next);
    this.#next = undefined;
    const { rows, columns } = sizeOf(this.#stream);
    // The last row is kept for the cursor, and the last column free, since some terminals wrap a full line.
    const lines = this.#lines().slice(1 - rows);
    const shown = lines.map((line) => printable(line).slice(0, columns - 1));
    const text = [...this.#said, ...shown].map((line) => `${line}${clearToEnd}\n`).join('');
    if (text !== '') drawn(this.#stream).write(`${up(this.#height)}\r${text}${clearBelow}`);
    this.#said = [];
    this.#height = shown.length;
  }
}
