/** Ctrl-C and a polite kill, for commands that can stop on the way and go on later. */

export interface Stop {
  readonly signal: AbortSignal;
  /** Gives both back to Node, which ends the process. */
  readonly release: () => void;
}

/** The first one asks to stop; the second one ends the program at once. */
export function stopOnSignals(): Stop {
  const controller = new AbortController();
  const onSignal = () => {
    if (controller.signal.aborted) process.exit(130);
    controller.abort();
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  // A terminal that is closed.
  process.on('SIGHUP', onSignal);
  return {
    signal: controller.signal,
    release: () => {
      process.off('SIGINT', onSignal);
      process.off('SIGTERM', onSignal);
      process.off('SIGHUP', onSignal);
    },
  };
}
