/**
 * The only way to the terminal. Everything the program writes to stdout and stderr goes through here, wherever the text comes from:
 * escapes other than the program's own colours, control characters and marks that change the direction of writing are shown, not
 * obeyed. So a call that forgets to escape an untrusted name cannot control the terminal; and `console.error` writes a single line.
 * Escapes are JSON's, so that JSON on stdout keeps its values. Code that moves the cursor itself uses `drawn`.
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

/** The stream for callers that move the cursor themselves and make sure that all names they draw are printable. */
export function drawn<T extends NodeJS.WritableStream>(stream: T): T {
  const write = drawing.get(stream);
  return write === undefined ? stream : (Object.create(stream, { write: { value: write } }) as T);
}
