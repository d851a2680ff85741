/** Ctrl-C and SIGTERM, for commands that can stop midway and resume later. */

import * as os from 'node:os';

export interface Stop {
  readonly signal: AbortSignal;
  /** The exit code a shell reports for the signal: 130 after Ctrl-C, 143 after SIGTERM or a scheduler's warning. */
  readonly exitCode: () => number;
  /** Restores Node's own handling, which ends the process. */
  readonly release: () => void;
}

/** A scheduler's warning that time is nearly up; SIGTERM follows later. */
const warning = 'SIGUSR1';
/** Ctrl-C, SIGTERM, a closed terminal. */
export const stopSignals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
const signals = [...stopSignals, warning] as const;

const exitCodeOf = (name: NodeJS.Signals) => 128 + os.constants.signals[name === warning ? 'SIGTERM' : name];

/** The first signal asks to stop; a second one, unless the first was a warning, ends the program at once. */
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
