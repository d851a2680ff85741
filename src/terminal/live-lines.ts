/**
 * Lines at the foot of a terminal that are drawn anew as they change, the cursor waiting below them; what is said scrolls by above.
 * The cursor and the line's wrapping are left as they are: whoever ends the program on the spot has a terminal that is in order.
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
  /** Lines of the last frame. */
  #height = 0;
  #next: NodeJS.Timeout | undefined;

  /** @param lines as they are now, whenever they are to be drawn */
  constructor(stream: MaybeTerminal, lines: () => readonly string[]) {
    this.#stream = stream;
    this.#lines = lines;
  }

  /** Draws what has changed, soon. */
  update(): void {
    this.#next ??= setTimeout(() => {
      this.#draw();
    }, frame).unref();
  }

  /** A line above, soon; at once where there are no lines to draw. */
  say(line: string): void {
    if (this.#lines().length === 0) {
      this.#stream.write(`${printable(line)}\n`);
      return;
    }
    this.#said.push(printable(line));
    this.update();
  }

  /** What was drawn last stays. */
  close(): void {
    this.#draw();
  }

  #draw(): void {
    clearTimeout(this.#next);
    this.#next = undefined;
    const { rows, columns } = sizeOf(this.#stream);
    // The last row is the cursor's; the last column too, as a full one makes some terminals go on below.
    const lines = this.#lines().slice(1 - rows);
    const shown = lines.map((line) => printable(line).slice(0, columns - 1));
    const text = [...this.#said, ...shown].map((line) => `${line}${clearToEnd}\n`).join('');
    if (text !== '') drawn(this.#stream).write(`${up(this.#height)}\r${text}${clearBelow}`);
    this.#said = [];
    this.#height = shown.length;
  }
}
