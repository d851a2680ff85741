/**
 * Shows the progress of a long computation: on a terminal a bar with the time left, elsewhere an occasional line, and nothing for short
 * ones. A computation that never yields starves timers, so this draws only when a step is reported. It does not change the cursor or
 * line wrapping: Ctrl-C ends the program at once, without a chance to restore them.
 */
import { formatDuration } from './format.js';
import { drawn } from './guard.js';
import { printable } from './printable.js';
import { sizeOf, type MaybeTerminal } from './size.js';

/** Reports that `done` of `of` steps are done; 0 marks their start if other work came first. Steps should take about equally long. */
export type OnStep = (done: number, of: number) => void;

/** Maps steps of one of several equal parts to steps of the whole. */
export function stepsOfPart(onStep: OnStep | undefined, part: number, parts: number): OnStep {
  return (done, of) => onStep?.(part * of + done, parts * of);
}

/** Where progress is shown, and a clock in milliseconds. */
export interface StepsOutput {
  readonly stderr: MaybeTerminal;
  readonly now: () => number;
}

/** Milliseconds before anything is shown, and between updates. */
const times = { terminal: { first: 1000, next: 200 }, lines: { first: 10_000, next: 30_000 } };
const barLength = 24;
const clearLine = '\r\u001b[K';

/** `none` suppresses the lines without a terminal, for programs and tests that treat any stderr output as an error. */
const variable = 'EMERGENCE_PROGRESS';

/** Runs a computation and shows its progress under the name `what`. On a terminal the bar is removed at the end. */
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

/** @param share part of `length` that is filled, 0 to 1 */
export function bar(share: number, length: number): string {
  const full = Math.round(length * share);
  return '█'.repeat(full) + '░'.repeat(length - full);
}
