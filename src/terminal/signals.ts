/** Ctrl-C and a polite kill, for commands that can stop on the way and go on later. */

import * as os from 'node:os';

export interface Stop {
  readonly signal: AbortSignal;
  /** What a shell reports for a program that the signal ended: 130 after Ctrl-C, 143 after SIGTERM, and after a scheduler's warning. */
  readonly exitCode: () => number;
  /** Gives all back to Node, which ends the process. */
  readonly release: () => void;
}

/** A scheduler's warning that time is nearly up; the polite kill comes later. */
const warning = 'SIGUSR1';
/** Ctrl-C, a polite kill, a terminal that is closed. */
export const stopSignals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
const signals = [...stopSignals, warning] as const;

const exitCodeOf = (name: NodeJS.Signals) => 128 + os.constants.signals[name === warning ? 'SIGTERM' : name];

/** The first one asks to stop; the second one, but for that after a warning, ends the program at once. */
export function stopOnSignals(): Stop {
  const controller = new AbortController();
  let first: NodeJS.Signals = 'SIGINT';
  const onSignal = (name: NodeJS.Signals) => {
    if (controller.signal.aborted && first !== warning) process.exit(exitCodeOf(name));
    first = name;
    controller.abort();
  };
  for (const name of signals) process.on(name, onSignal);
  return {
    signal: controller.signal,
    exitCode: () => exitCodeOf(first),
    release: () => {
      for (const name of signals) process.off(name, onSignal);
    },
  };
}
