/**
 * Shows how far a long computation is: a bar with the time that is left on a terminal, a line now and then elsewhere, nothing of what is
 * over at once. A computation that never waits starves timers, so it draws only when a step is told, and leaves the cursor and the line's
 * wrapping as they are: Ctrl-C ends the program on the spot, without a chance to put them back.
 */
import { formatDuration } from './format.js';
import { drawn } from './guard.js';
import { printable } from './printable.js';
import { sizeOf, type MaybeTerminal } from './size.js';

/** So many of so many steps are done; 0 says that they begin, where other work came first. They should take about as long as each other. */
export type OnStep = (done: number, of: number) => void;

/** Steps of one of several parts that have as many each, as steps of the whole. */
export function stepsOfPart(onStep: OnStep | undefined, part: number, parts: number): OnStep {
  return (done, of) => onStep?.(part * of + done, parts * of);
}

/** Where it is shown, and a clock in milliseconds. */
export interface StepsOutput {
  readonly stderr: MaybeTerminal;
  readonly now: () => number;
}

/** Milliseconds: before these nothing is shown, and nothing again before so many more have passed. */
const times = { terminal: { first: 1000, next: 200 }, lines: { first: 10_000, next: 30_000 } };
const barLength = 24;
const clearLine = '\r\u001b[K';

/** `none` leaves the lines out where there is no terminal, for programs and tests that take whatever is on stderr for trouble. */
const variable = 'EMERGENCE_PROGRESS';

/** Computes, and shows under the name `what` how far it is. What was shown on a terminal is gone when it is over. */
export async function withSteps<T>(
  what: string,
  compute: (onStep: OnStep) => T | Promise<T>,
  { stderr, now }: StepsOutput = { stderr: process.stderr, now: () => performance.now() },
): Promise<T> {
  const isTerminal = stderr.isTTY === true && process.env['TERM'] !== 'dumb';
  const { first, next } = isTerminal ? times.terminal : times.lines;
  const name = printable(what);
  let started = now();
  const shown = { due: started + first, once: false };
  const show = (done: number, of: number): void => {
    const at = now();
    if (done === 0) started = at;
    if (at < shown.due || done === 0 || (!isTerminal && process.env[variable] === 'none')) return;
    shown.due = at + next;
    shown.once = true;
    const left = formatDuration(((at - started) / 1000 / done) * (of - done));
    if (!isTerminal) stderr.write(`${name}: ${done} of ${of}, ETA ${left}\n`);
    else
      drawn(stderr).write(
        clearLine + `${name} ${bar(done / of, barLength)} ${done}/${of}  ETA ${left}`.slice(0, sizeOf(stderr).columns),
      );
  };
  try {
    return await compute(show);
  } finally {
    if (shown.once && isTerminal) drawn(stderr).write(clearLine);
  }
}

/** @param share of `length` that is full, 0 to 1 */
export function bar(share: number, length: number): string {
  const full = Math.round(length * share);
  return '█'.repeat(full) + '░'.repeat(length - full);
}
