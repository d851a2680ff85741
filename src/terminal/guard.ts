/**
 * The one way to the terminal. All that the program writes to stdout and stderr goes through here, whoever wrote the text: escapes other
 * than the program's own colours, controls and marks that turn the direction of writing are shown and not obeyed. A call that forgets
 * that a name is a stranger's can therefore not steer the terminal; and what is said on stderr by `console.error` is one line.
 * Escapes are JSON's, so that JSON on stdout has the same values. What draws with a cursor of its own takes `drawn`.
 */
import { printable, printableText } from './printable.js';

type Write = typeof process.stdout.write;

const drawing = new WeakMap<object, Write>();

/** Guards stdout, stderr and `console.error`; once, before anything is written. */
export function guardTerminal(): void {
  for (const stream of [process.stdout, process.stderr]) {
    const write: Write = stream.write.bind(stream);
    drawing.set(stream, write);
    // Both forms of write: the callback is the second argument or the third.
    stream.write = (chunk: Uint8Array | string, second?: unknown, third?: unknown) =>
      write(
        typeof chunk === 'string' ? printableText(chunk) : chunk,
        ...([second, third].filter((each) => each !== undefined) as []),
      );
  }
  console.error = (line: unknown) => {
    process.stderr.write(`${printable(String(line))}\n`);
  };
}

/** The stream for who moves its cursor, and sees to it that all names in what is drawn are printable. */
export function drawn<T extends NodeJS.WritableStream>(stream: T): T {
  const write = drawing.get(stream);
  return write === undefined ? stream : (Object.create(stream, { write: { value: write } }) as T);
}
