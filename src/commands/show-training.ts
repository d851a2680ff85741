/** What commands that train have in common: a display of the members, and stopping on a signal. */
import type { TrainListener } from '../training/train-family.js';

/** BSD's EX_TEMPFAIL, try again later: another process has the member. */
export const busyExitCode = 75;

/** `stopped`: exit code for the signal that was received. The result is undefined if it came before there was one. */
export type ShownTraining<T> =
  { readonly stopped: undefined; readonly result: T } | { readonly stopped: number; readonly result: T | undefined };

/**
 * Shows members while they train, and stops training on a signal.
 *
 * @param isOfStop which errors only report, after a signal, that an installation was stopped
 */
export async function showTraining<T>(
  json: boolean,
  train: (asked: { readonly signal: AbortSignal; readonly listener: TrainListener }) => Promise<T>,
  isOfStop: (error: unknown) => boolean = () => true,
): Promise<ShownTraining<T>> {
  const { displayMode, openDisplay } = await import('../training/display.js');
  const { stopOnSignals } = await import('../terminal/signals.js');
  const stop = stopOnSignals();
  const mode = displayMode({ json });
  let display = openDisplay(mode, []);
  const listener: TrainListener = {
    note: (line) => {
      display.note(line);
    },
    planned: (members) => {
      display.close();
      display = openDisplay(mode, members);
    },
    event: (event) => {
      display.event(event);
    },
  };
  try {
    const result = await train({ signal: stop.signal, listener });
    return { result, stopped: stop.signal.aborted ? stop.exitCode() : undefined };
  } catch (error) {
    if (!stop.signal.aborted || !isOfStop(error)) throw error;
    return { result: undefined, stopped: stop.exitCode() };
  } finally {
    display.close();
    stop.release();
  }
}

/** Tells the user what a signal has stopped. */
export function sayStopped(folder?: string): void {
  console.error(`stopped; run the same command again to resume${folder === undefined ? '' : `: ${folder}`}`);
}
